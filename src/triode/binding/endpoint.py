"""Compile a handler into an endpoint: `(Call) -> Reply`, or a coroutine of it.

Reading the signature is `signature.py`, the text of the function `generate.py`, the reply
`results.py`; this file puts them together.
"""

from __future__ import annotations

import linecache
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

from triode.binding.awaits import awaits_only_statements
from triode.binding.background import BackgroundTasks
from triode.binding.bodies import (
    close_form,
    is_json_content,
    json_object,
    read_form,
    received_body,
)
from triode.binding.calling import identity
from triode.binding.calls import is_async, never_suspends, without_manager
from triode.binding.description import Dependency
from triode.binding.embedded import each_once
from triode.binding.generate import EndpointWriter
from triode.binding.plan import Mode, Place, Plan
from triode.binding.results import (
    ResultOptions,
    add_background,
    blank_response,
    make_finisher,
    merge_response,
)
from triode.binding.signature import name_of, read_signature
from triode.binding.streams import make_opener
from triode.binding.threads import in_thread, one_hop, one_hop_and_leave
from triode.errors import BindingError, place_of
from triode.http import Call, Reply, RequestValidationError
from triode.http.exits import leave, leave_now, not_yielded
from triode.http.uploads import contents_of
from triode.schema import ValidationFailed

Run: TypeAlias = Callable[[Call], "Reply | Awaitable[Reply]"]
Overrides: TypeAlias = Mapping[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A compiled handler.

    `reads_body` says that `call.body` must be there before `run` is called. `may_step` says that
    it may be stepped without a task until it first waits, `leaves` that it may leave something to
    be cleaned up in `call.exits`. `source` is the generated text.
    """

    run: Run
    dependant: Dependency
    mode: Mode
    source: str
    reads_body: bool
    may_step: bool
    leaves: bool


def compile_endpoint(
    dependant: Dependency,
    result: ResultOptions,
    *,
    sync_to_thread: bool = True,
    overrides: Overrides | None = None,
    path_names: Sequence[str] = (),
    keeps_open: bool = True,
) -> Endpoint:
    """Compile a handler that `read_signature` has described.

    `overrides` replaces dependencies by others, as tests do. With `keeps_open`, dependencies
    that yield are left in `call.exits` for whoever sends the reply.
    """
    root = _with_overrides(dependant, overrides or {}, path_names)
    plan = Plan(root, sync_to_thread=sync_to_thread, keeps_open=keeps_open)
    writer = EndpointWriter(plan, tools=TOOLS)
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
    has_form = writer.has_form
    if plan.mode is not Mode.THREAD:
        run = namespace["endpoint"]
    elif plan.has_exits:
        run = one_hop_and_leave(namespace["solve"], has_form=has_form, keeps_open=keeps_open)
    else:
        run = one_hop(namespace["solve"], has_form=has_form)
    if has_form:
        run = _closing_form(run)
    leaves = keeps_open and (plan.has_exits or has_form)
    return Endpoint(
        run,
        dependant,
        plan.mode,
        source,
        bool(writer.json_parts),
        not has_form and _may_step(plan),
        leaves,
    )


def _answering(writer: EndpointWriter, result: ResultOptions) -> dict[str, Any]:
    """Return the function that turns the handler's result into a reply, by its name in the text."""
    if not writer.plan.is_stream:
        return {"finish": make_finisher(result, keeps_body=writer.has_response)}
    opener = make_opener(
        result.annotation,
        result.response_class,
        status_code=result.status_code or 200,
        trim=result.trim,
        where=result.where,
    )
    return {"open_stream": opener}


def _may_step(plan: Plan) -> bool:
    """Whether nothing that the endpoint calls needs a task before it waits."""
    if plan.mode is Mode.INLINE:
        return True
    return plan.mode is Mode.ASYNC and all(
        plan.place(node) is Place.ANYWHERE
        or never_suspends(plan.runner(node))
        or (is_async(plan.runner(node)) and awaits_only_statements(plan.runner(node)))
        for node in plan.nodes
    )


def _with_overrides(
    node: Dependency, overrides: Overrides, path_names: Sequence[str]
) -> Dependency:
    """Return a copy of the tree in which overridden dependencies are replaced."""
    if not overrides:
        return node
    children = []
    for child in node.dependencies:
        original = child.original or child.call
        substitute = overrides.get(identity(original))
        if substitute is not None:
            made = read_signature(
                without_manager(substitute), path_names=path_names, scopes=child.scopes
            )
            child = replace(
                made,
                name=child.name,
                use_cache=child.use_cache,
                own_scopes=child.own_scopes,
                lifetime=child.lifetime,
                max_concurrency=child.max_concurrency,
                original=original,
            )
        children.append(_with_overrides(child, overrides, path_names))
    return replace(node, dependencies=children)


def _closing_form(run: Run) -> Run:
    """Return an endpoint whose uploads are deleted once the reply is sent."""

    async def endpoint(call: Call) -> Reply:
        try:
            reply = await cast("Awaitable[Reply]", run(call))
        except BaseException:
            await close_form(call)
            raise
        if call.has_request:
            closing = _close_later(call)
            await closing.__anext__()
            call.exits = [(closing, None), *(call.exits or ())]
        return reply

    return endpoint


async def _close_later(call: Call) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await close_form(call)


def missing(place: tuple[str, ...]) -> dict[str, Any]:
    """Return the problem of a required value that was not sent."""
    return {"type": "missing", "loc": place, "msg": "Field required", "input": None}


FAILED = object()  # in place of what a dependency would have made, had its parameters been right

TOOLS: dict[str, Any] = {
    "BackgroundTasks": BackgroundTasks,
    "FAILED": FAILED,
    "RequestValidationError": RequestValidationError,
    "add_background": add_background,
    "ValidationFailed": ValidationFailed,
    "blank_response": blank_response,
    "contents_of": contents_of,
    "copy_context": copy_context,
    "deepcopy": deepcopy,
    "each_once": each_once,
    "in_thread": in_thread,
    "is_json_content": is_json_content,
    "json_object": json_object,
    "leave": leave,
    "leave_now": leave_now,
    "merge_response": merge_response,
    "missing": missing,
    "not_yielded": not_yielded,
    "read_form": read_form,
    "received_body": received_body,
}
