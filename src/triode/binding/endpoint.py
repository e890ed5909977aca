"""Compile a handler into an endpoint: `(Call) -> Reply`, or a coroutine of it.

Reading the signature is `signature.py`, the text of the function `generate.py`, the reply
`results.py`; this file puts them together.
"""

from __future__ import annotations

import contextvars
import linecache
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from triode.binding.awaits import awaits_only_statements
from triode.binding.bodies import (
    close_form,
    is_json_content,
    json_object,
    read_form,
    received_body,
)
from triode.binding.calls import is_async, never_suspends
from triode.binding.description import Dependency
from triode.binding.embedded import each_once
from triode.binding.generate import EndpointWriter, Mode, choose_mode
from triode.binding.results import (
    ResultOptions,
    add_background,
    blank_response,
    make_finisher,
    merge_response,
)
from triode.binding.signature import name_of, read_signature
from triode.binding.specials import BackgroundTasks
from triode.binding.streams import keep_open, make_opener
from triode.concurrency import contextmanager_in_threadpool, run_in_threadpool, thread_pool
from triode.errors import BindingError, TriodeError, place_of
from triode.http import Call, Reply, RequestValidationError
from triode.http.uploads import contents_of
from triode.schema import ValidationFailed

Run: TypeAlias = Callable[[Call], "Reply | Awaitable[Reply]"]
Overrides: TypeAlias = Mapping[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A compiled handler.

    `reads_body` says that `call.body` must be there before `run` is called. `may_step` says that
    its coroutine may be stepped without a task until it first waits. `source` is the generated
    text.
    """

    run: Run
    dependant: Dependency
    mode: Mode
    source: str
    reads_body: bool
    may_step: bool


def compile_endpoint(
    dependant: Dependency,
    result: ResultOptions,
    *,
    sync_to_thread: bool = True,
    overrides: Overrides | None = None,
    path_names: Sequence[str] = (),
) -> Endpoint:
    """Compile a handler that `read_signature` has described.

    `overrides` replaces dependencies by others, as tests do.
    """
    replaced = {
        original: read_signature(substitute, path_names=path_names)
        for original, substitute in (overrides or {}).items()
    }
    root = _with_overrides(dependant, replaced)
    mode = choose_mode(root, sync_to_thread=sync_to_thread)
    writer = EndpointWriter(root, mode, tools=TOOLS)
    if writer.has_form and writer.json_parts:
        raise BindingError(
            f"{name_of(dependant.call)} takes a form and the JSON body "
            f"{writer.json_parts[0].name!r}. A request has only one body: use one of them.",
            code="binding-two-bodies",
            where=place_of(dependant.call),
        )
    source = writer.write()
    namespace: dict[str, Any] = {**TOOLS, **writer.constants, **_answering(writer, result)}
    filename = f"<triode endpoint {name_of(dependant.call)} {id(writer):x}>"
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - our own text
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    if mode is Mode.THREAD:
        run = _in_thread(namespace["solve"], has_form=writer.has_form)
    elif writer.is_kept_open:
        run = keep_open(namespace["endpoint"])
    else:
        run = namespace["endpoint"]
    if writer.has_form:
        run = _closing_form(run)
    may_step = mode is Mode.ASYNC and not writer.has_form and _may_step(root)
    return Endpoint(run, dependant, mode, source, bool(writer.json_parts), may_step)


def _answering(writer: EndpointWriter, result: ResultOptions) -> dict[str, Any]:
    """Return the function that turns the handler's result into a reply, by its name in the text."""
    if not writer.is_stream:
        return {"finish": make_finisher(result)}
    opener = make_opener(
        result.annotation,
        result.response_class,
        status_code=result.status_code,
        trim=result.trim,
        where=result.where,
    )
    return {"open_stream": opener}


def _may_step(root: Dependency) -> bool:
    """Whether nothing that the endpoint calls needs a task before it waits."""
    return all(
        is_async(node.call) and (never_suspends(node.call) or awaits_only_statements(node.call))
        for node in root.walk()
    )


def _with_overrides(node: Dependency, replaced: Mapping[Any, Dependency]) -> Dependency:
    """Return a copy of the tree in which overridden dependencies are replaced."""
    if not replaced:
        return node
    children = []
    for child in node.dependencies:
        substitute = replaced.get(child.call)
        if substitute is not None:
            copy = _copy(substitute)
            copy.name, copy.use_cache, copy.scopes = child.name, child.use_cache, child.scopes
            child = copy
        children.append(_with_overrides(child, replaced))
    made = _copy(node)
    made.dependencies = children
    return made


def _copy(node: Dependency) -> Dependency:
    return Dependency(
        node.call,
        node.name,
        node.use_cache,
        node.scopes,
        node.parameters,
        node.body,
        node.specials,
        node.dependencies,
    )


def _in_thread(solve: Callable[[Call, Any], Reply], *, has_form: bool) -> Run:
    """Return an endpoint that solves a call in one hop to a thread."""
    submit = thread_pool().submit

    async def endpoint(call: Call) -> Reply:
        form = await read_form(call) if has_form else None
        context = contextvars.copy_context()
        return await submit(lambda: context.run(solve, call, form))

    return endpoint


def _closing_form(run: Run) -> Run:
    """Return an endpoint that deletes the uploads after another."""

    async def endpoint(call: Call) -> Reply:
        try:
            return await cast("Awaitable[Reply]", run(call))
        finally:
            await close_form(call)

    return endpoint


def missing(place: tuple[str, ...]) -> dict[str, Any]:
    """Return the problem of a required value that was not sent."""
    return {"type": "missing", "loc": place, "msg": "Field required", "input": None}


def swallowed() -> TriodeError:
    """Return the error of a dependency that swallowed its handler's exception."""
    return TriodeError(
        "A dependency with yield caught an exception and did not raise it again, so there is no "
        "response. Raise it, or another one, at the end of its except block.",
        code="dependency-swallowed",
    )


TOOLS: dict[str, Any] = {
    "AsyncExitStack": AsyncExitStack,
    "BackgroundTasks": BackgroundTasks,
    "RequestValidationError": RequestValidationError,
    "add_background": add_background,
    "ValidationFailed": ValidationFailed,
    "blank_response": blank_response,
    "contents_of": contents_of,
    "contextmanager_in_threadpool": contextmanager_in_threadpool,
    "deepcopy": deepcopy,
    "each_once": each_once,
    "is_json_content": is_json_content,
    "json_object": json_object,
    "merge_response": merge_response,
    "missing": missing,
    "read_form": read_form,
    "received_body": received_body,
    "run_in_threadpool": run_in_threadpool,
    "swallowed": swallowed,
}
