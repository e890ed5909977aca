"""Find the errors that a handler can answer with, so that nobody has to write them down.

Three sources: classes that say so themselves (`__responses__`, as a model does for `get` and
`save`), errors raised with a constant status, and the dependencies and functions of the same
package that the handler calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, TypeAlias

from triode.binding.description import Dependency
from triode.binding.signature import signature_of
from triode.errors import BindingError
from triode.openapi.answers import answers_of
from triode.openapi.bytecode import Local, parameter_classes, read_code
from triode.openapi.chains import Chain, uses_of
from triode.openapi.names import UNKNOWN, attribute_of, function_of
from triode.openapi.raises import raises_of
from triode.openapi.source import source_of

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
        for step in self._search(dependant):
            for status, description in step.responses:
                descriptions = found.setdefault(status, [])
                if description not in descriptions:
                    descriptions.append(description)
        return {status: "; ".join(found[status]) for status in sorted(found)}

    def with_objects(self, dependant: Dependency) -> set[int]:
        """Return the statuses of errors whose detail may be something else than text."""
        return {status for step in self._search(dependant) for status in step.objects}

    def may_refuse_values(self, dependant: Dependency) -> bool:
        """Whether the code leads to a class that speaks of its errors, as models do.

        Such a class may refuse a value that the signature takes: a text that cannot be stored.
        """
        return any(step.speaks for step in self._search(dependant))

    def answers(self, dependant: Dependency) -> list[tuple[int, str | None]]:
        """Return status and media type of the responses that a handler makes itself."""
        function = function_of(dependant.call)
        source = source_of(function) if function is not None else None
        return list(dict.fromkeys(answers_of(source))) if source else []

    def _search(self, dependant: Dependency) -> Iterator[_Step]:
        waiting: list[_Place] = []
        for node in dependant.walk():
            call = node.call
            if hasattr(call, "__responses__") and not inspect.isclass(call):
                yield _Step(list(getattr(call, "__responses__")("__call__").items()))  # noqa: B009
            function = function_of(call)
            if function is not None:
                waiting.append((function, None))
        seen: set[_Place] = set()
        while waiting and len(seen) < _MOST_FUNCTIONS:
            place = waiting.pop(0)
            if place not in seen:
                seen.add(place)
                step = self._step(place)
                yield step
                waiting.extend(step.next)

    def _step(self, place: _Place) -> _Step:
        if place not in self._steps:
            self._steps[place] = _read_step(*place)
        return self._steps[place]


# A function, and the class that its first parameter is or has as its type.
_Place: TypeAlias = tuple[FunctionType, type | None]


@dataclass(slots=True)
class _Step:
    """What one function answers by itself, and the functions it leads to.

    `objects` are the statuses of those answers whose detail may be no text; `speaks` says that it
    uses a class which describes its errors.
    """

    responses: list[tuple[int, str]] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    next: list[_Place] = field(default_factory=list)
    speaks: bool = False


def _read_step(function: FunctionType, owner: type | None) -> _Step:
    reading, source = read_code(function), source_of(function)
    raised = list(raises_of(source)) if reading.raises and source else []
    step = _Step(
        [(each.status, each.description) for each in raised],
        [each.status for each in raised if not each.is_text],
    )
    package = _package_of(function)
    for value in reading.values:
        target = inspect.unwrap(value) if isinstance(value, FunctionType) else None
        if isinstance(target, FunctionType) and _package_of(target) == package:
            step.next.append((target, None))
    hints = _hints_of(function, owner)
    reached = _speaking(reading.values)
    for name in hints:
        reached.extend(_speaking(parameter_classes(hints, name)))
    step.speaks = bool(reached)
    for use in uses_of(source) if source else reading.uses:
        if isinstance(use.receiver, Chain):
            for kind in _speaking([use.receiver.start]):
                found = kind.__responses__(f"{use.receiver.path}.{use.attribute}")
                step.responses.extend(found.items())
            continue
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
