"""Find the errors that a handler can answer with, so that nobody has to write them down.

Three sources: classes that say so themselves (`__responses__`, as a model does for `get` and
`save`), errors raised with a constant status, and the dependencies and functions of the same
package that the handler calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any

from triode.binding.description import Dependency
from triode.binding.signature import signature_of
from triode.errors import BindingError
from triode.openapi.bytecode import Local, globals_of, parameter_classes, uses_of
from triode.openapi.names import UNKNOWN, attribute_of, function_of
from triode.openapi.raises import raises_of

_MOST_FUNCTIONS = 100


def failures_of(dependant: Dependency) -> dict[int, str]:
    """Return status and description of the errors that a handler's code leads to.

    Several descriptions of one status are joined; the order is that of the status.
    """
    found: dict[int, list[str]] = {}
    for status, description in _Search(node.call for node in dependant.walk()).run():
        descriptions = found.setdefault(status, [])
        if description not in descriptions:
            descriptions.append(description)
    return {status: "; ".join(found[status]) for status in sorted(found)}


class _Search:
    """Walks from handlers and dependencies to the functions that they call."""

    def __init__(self, calls: Iterable[Callable[..., Any]]) -> None:
        self._waiting: list[tuple[FunctionType, type | None]] = []
        self._seen: set[tuple[FunctionType, type | None]] = set()
        self._spoken: list[Any] = []
        for call in calls:
            if hasattr(call, "__responses__") and not inspect.isclass(call):
                self._spoken.append(call)
            function = function_of(call)
            if function is not None:
                self._visit(function, None)

    def run(self) -> Iterator[tuple[int, str]]:
        """Yield status and description, repeated ones too."""
        for dependency in self._spoken:
            yield from dependency.__responses__("__call__").items()
        while self._waiting:
            function, owner = self._waiting.pop(0)
            yield from raises_of(function)
            yield from self._responses_of(function, owner)
            self._follow(function)

    def _visit(self, function: FunctionType, owner: type | None) -> None:
        if (function, owner) not in self._seen and len(self._seen) < _MOST_FUNCTIONS:
            self._seen.add((function, owner))
            self._waiting.append((function, owner))

    def _follow(self, function: FunctionType) -> None:
        package = _package_of(function)
        for value in globals_of(function):
            if isinstance(value, FunctionType):
                target = inspect.unwrap(value)
                if isinstance(target, FunctionType) and _package_of(target) == package:
                    self._visit(target, None)

    def _responses_of(
        self, function: FunctionType, owner: type | None
    ) -> Iterator[tuple[int, str]]:
        hints = _hints_of(function, owner)
        reached = _speaking(globals_of(function))
        for name in hints:
            reached.extend(_speaking(parameter_classes(hints, name)))
        for use in uses_of(function):
            for kind in _asked(use.receiver, use.attribute, hints, reached):
                yield from kind.__responses__(use.attribute).items()
                self._visit_method(kind, use.attribute, _package_of(function))

    def _visit_method(self, kind: type, name: str, package: str) -> None:
        """Look into a method that the user added to a class of theirs."""
        method = attribute_of(kind, name)
        if isinstance(method, FunctionType) and _package_of(method) == package:
            self._visit(method, kind)


def _asked(
    receiver: Any, attribute: str, hints: dict[str, Any], reached: list[Any]
) -> Iterator[Any]:
    """Yield the classes whose attribute this may be."""
    if isinstance(receiver, Local) and receiver.name in hints:
        yield from _speaking(parameter_classes(hints, receiver.name))
    elif receiver is UNKNOWN or isinstance(receiver, Local):
        yield from (kind for kind in reached if not _is_of_class(kind, attribute))
    else:
        yield from _speaking([receiver])


def _is_of_class(kind: type, name: str) -> bool:
    """Whether a method is called on the class: an unknown `x.get(…)` is then not that method."""
    found = inspect.getattr_static(kind, name, None)
    return isinstance(found, classmethod | staticmethod) or hasattr(type(kind), name)


def _speaking(values: Iterable[Any]) -> list[Any]:
    """Return the classes that describe their errors, each once."""
    found: list[Any] = []
    for value in values:
        if inspect.isclass(value) and hasattr(value, "__responses__") and value not in found:
            found.append(value)
    return found


def _hints_of(function: FunctionType, owner: type | None) -> dict[str, Any]:
    """Return the annotations of the parameters; `self` and `cls` are of the class."""
    try:
        parameters = list(signature_of(function).parameters.values())
    except BindingError:
        # A function that only the handler calls may be annotated as it likes.
        parameters = list(inspect.signature(function).parameters.values())
    hints = {
        parameter.name: parameter.annotation
        for parameter in parameters
        if parameter.annotation is not parameter.empty
    }
    if owner is not None and parameters:
        hints[parameters[0].name] = owner
    return hints


def _package_of(function: FunctionType) -> str:
    """Return the top package of a function; its globals tell, also where code was executed."""
    name: str = function.__globals__.get("__name__", "")
    return name.partition(".")[0]
