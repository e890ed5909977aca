"""Find the errors that a handler can answer with, so that nobody has to write them down.

Three sources: classes that say so themselves (`__responses__`, as a model does for `get` and
`save`), errors raised with a constant status, and the dependencies and functions of the same
package that the handler calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, TypeAlias

from triode.binding.description import Dependency
from triode.binding.signature import signature_of
from triode.errors import BindingError
from triode.openapi.bytecode import Local, parameter_classes, read_code
from triode.openapi.names import UNKNOWN, attribute_of, function_of
from triode.openapi.raises import raises_of

_MOST_FUNCTIONS = 100


class Failures:
    """Finds failures, and reads each function once for all the handlers that lead to it."""

    def __init__(self) -> None:
        self._steps: dict[_Place, _Step] = {}

    def of(self, dependant: Dependency) -> dict[int, str]:
        """Return status and description of the errors that a handler's code leads to.

        Several descriptions of one status are joined; the order is that of the status.
        """
        found: dict[int, list[str]] = {}
        for status, description in self._search(node.call for node in dependant.walk()):
            descriptions = found.setdefault(status, [])
            if description not in descriptions:
                descriptions.append(description)
        return {status: "; ".join(found[status]) for status in sorted(found)}

    def _search(self, calls: Iterable[Callable[..., Any]]) -> Iterator[tuple[int, str]]:
        waiting: list[_Place] = []
        for call in calls:
            if hasattr(call, "__responses__") and not inspect.isclass(call):
                yield from getattr(call, "__responses__")("__call__").items()  # noqa: B009
            function = function_of(call)
            if function is not None:
                waiting.append((function, None))
        seen: set[_Place] = set()
        while waiting and len(seen) < _MOST_FUNCTIONS:
            place = waiting.pop(0)
            if place not in seen:
                seen.add(place)
                step = self._step(place)
                yield from step.responses
                waiting.extend(step.next)

    def _step(self, place: _Place) -> _Step:
        if place not in self._steps:
            self._steps[place] = _read_step(*place)
        return self._steps[place]


# A function, and the class that its first parameter is or has as its type.
_Place: TypeAlias = tuple[FunctionType, type | None]


@dataclass(slots=True)
class _Step:
    """What one function answers by itself, and the functions it leads to."""

    responses: list[tuple[int, str]] = field(default_factory=list)
    next: list[_Place] = field(default_factory=list)


def _read_step(function: FunctionType, owner: type | None) -> _Step:
    reading = read_code(function)
    step = _Step(list(raises_of(function)) if reading.raises else [])
    package = _package_of(function)
    for value in reading.values:
        target = inspect.unwrap(value) if isinstance(value, FunctionType) else None
        if isinstance(target, FunctionType) and _package_of(target) == package:
            step.next.append((target, None))
    hints = _hints_of(function, owner)
    reached = _speaking(reading.values)
    for name in hints:
        reached.extend(_speaking(parameter_classes(hints, name)))
    for use in reading.uses:
        for kind in _asked(use.receiver, use.attribute, hints, reached):
            step.responses.extend(kind.__responses__(use.attribute).items())
            # A method that the user added to the class is read as well.
            method = attribute_of(kind, use.attribute)
            if isinstance(method, FunctionType) and _package_of(method) == package:
                step.next.append((method, kind))
    return step


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
