"""Mistakes in a handler's signature that would otherwise show with the first request, or never.

What cannot be read at all is refused where it is read (`signature.py`).
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Sequence
from functools import partial
from types import BuiltinFunctionType, FunctionType
from typing import Any

from triode.binding.description import Dependency
from triode.binding.markers import BodyInfo, DependsInfo, ParameterInfo, PathInfo
from triode.errors import BindingError, place_of
from triode.schema import MISSING, FieldInfo


def check_takes_names(
    parameters: Collection[inspect.Parameter], call: Callable[..., Any], said: str
) -> None:
    """Refuse what takes `*args` and `**kwargs` alone: no request can say what they should be.

    Raises:
        BindingError: `said` names the callable.
    """
    stars = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    if parameters and all(parameter.kind in stars for parameter in parameters):
        shown = ", ".join(
            str(parameter.replace(annotation=parameter.empty)) for parameter in parameters
        )
        raise BindingError(
            f"{said} takes {shown}, which no request can fill. Name the parameters; a decorator "
            "keeps those of its function with @functools.wraps(function).",
            code="binding-no-names",
            where=place_of(call),
        )


def problem_of(parameter: inspect.Parameter, markers: Sequence[Any]) -> tuple[str, str] | None:
    """Return what is wrong with one parameter as it is written, and the mend; None: nothing."""
    for marker in markers:
        if isinstance(marker, FunctionType | BuiltinFunctionType):
            name = marker.__name__
            return (
                f"has the function {name} in its annotation, which does nothing there",
                f"Write Depends({name}).",
            )
        if marker in (DependsInfo, FieldInfo) or _is_marker_class(marker):
            return f"has {_said(marker)} without its brackets", f"Write {_said(marker)}()."
    if parameter.default is not parameter.empty and _is_marker_class(parameter.default):
        said = _said(parameter.default)
        return f"has {said} without its brackets", f"Write {said}()."
    return _problem_of_sources(parameter.default, markers) or _problem_of_default(
        parameter, markers
    )


def _problem_of_sources(default: Any, markers: Sequence[Any]) -> tuple[str, str] | None:
    """Return what is wrong where two places say where a value comes from."""
    sources = [each for each in markers if isinstance(each, ParameterInfo | BodyInfo | DependsInfo)]
    depends = isinstance(default, DependsInfo)
    is_marker = depends or isinstance(default, ParameterInfo | BodyInfo)
    if is_marker and any(depends or isinstance(each, DependsInfo) for each in sources):
        both = f"{_kind_of(sources[0])} in its annotation and {_kind_of(default)} as its default"
        return f"has {both}", "Keep the one in the annotation."
    return None


def _kind_of(marker: Any) -> str:
    return _said(type(marker))


def _problem_of_default(
    parameter: inspect.Parameter, markers: Sequence[Any]
) -> tuple[str, str] | None:
    infos = [marker for marker in markers if isinstance(marker, FieldInfo)]
    has_default = parameter.default is not parameter.empty
    own = parameter.default
    for info in (*infos, *([own] if isinstance(own, PathInfo) else ())):
        if isinstance(info, PathInfo) and info.has_default:
            return (
                f"is a path parameter with the default {info.default!r}, which is never used",
                "Leave the default out.",
            )
    for info in infos:
        is_written_twice = has_default and parameter.default is not info and info.has_default
        if isinstance(info, PathInfo) and has_default and parameter.default is not info:
            return (
                f"is a path parameter with the default {parameter.default!r}, which is never used",
                "Leave the default out.",
            )
        if is_written_twice and info.default is not MISSING:
            return (
                f"has two defaults, {info.default!r} and {parameter.default!r}",
                "Keep the one behind the equals sign.",
            )
    return None


def _is_marker_class(value: Any) -> bool:
    is_ours = isinstance(value, type) and issubclass(value, FieldInfo | DependsInfo)
    return is_ours or (isinstance(value, FunctionType) and _is_factory(value))


def _is_factory(function: Callable[..., Any]) -> bool:
    """Return whether a function is one that makes markers: `Depends`, `Query` and their like."""
    return function.__module__ == "triode.binding.markers" and function.__name__[:1].isupper()


def _said(marker: Any) -> str:
    return str(getattr(marker, "__name__", marker)).removesuffix("Info")


def check_path_names(root: Dependency, names: Sequence[str], path: str, handler: str) -> None:
    """Refuse a path's parameter that nobody takes, where a query parameter is called much like it.

    Raises:
        BindingError: the two names should be one.
    """
    parameters = [parameter for node in root.walk() for parameter in node.parameters]
    in_path = [parameter for parameter in parameters if parameter.source == "path"]
    taken = {
        name
        for parameter in in_path
        for name in (parameter.name, parameter.alias, *getattr(parameter.schema, "by_name", ()))
    }
    queried = [parameter.name for parameter in parameters if parameter.source == "query"]
    for name in names:
        near = None if name in taken else next(filter(partial(_is_like, name), queried), None)
        if near is not None:
            raise BindingError(
                f'The path "{path}" names {{{name}}}, which {handler} does not take, while its '
                f"{near} comes from the query. Give both one name.",
                code="binding-path-unused",
                where=place_of(inspect.unwrap(root.call)),
            )


def _is_like(name: str, other: str) -> bool:
    """Return whether two names may be meant for one: `user_id` and `id`, `item_id` and `itemid`."""
    one, two = name.lower().replace("_", ""), other.lower().replace("_", "")
    ratio = difflib.SequenceMatcher(None, one, two).ratio()
    return ratio > 0.75 or other in name.split("_") or name in other.split("_")


def check_takes_socket(root: Dependency, handler: str) -> None:
    """Refuse a WebSocket handler without the connection: it could neither accept nor answer.

    Raises:
        BindingError: neither the handler nor a dependency takes it.
    """
    if not any({"websocket", "call"} & {*node.specials.values()} for node in root.walk()):
        raise BindingError(
            f"{handler} serves a WebSocket and takes none. "
            "Add a parameter for it: websocket: WebSocket.",
            code="binding-no-websocket",
            where=place_of(inspect.unwrap(root.call)),
        )


def check_override(key: Any, value: Any) -> None:
    """Refuse a dependency override that can never be called.

    Raises:
        BindingError: one of the two cannot be called.
    """
    for role, given in (("dependency", key), ("override", value)):
        if not callable(given):
            raise BindingError(
                f"dependency_overrides has the {role} {given!r}, which cannot be called. "
                "Write app.dependency_overrides[dependency] = function.",
                code="binding-override",
            )
