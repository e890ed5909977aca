"""What a function's code does with attributes: `User.get`, `user.save`, `(await x).update`.

Read from the bytecode, which is there even where the source is not. A receiver is known where
the code names it (a global, a closure, a parameter); otherwise it is some value of a type that
the reader cannot tell.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from triode.openapi.names import UNKNOWN, Names, attribute_of, nested_code

_ATTRIBUTE_LOADS = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_NAME_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"})
# Between a receiver and the attribute that is read from it, these change nothing.
_TRANSPARENT = frozenset({"CACHE", "RESUME", "EXTENDED_ARG", "NOP", "NOT_TAKEN", "PRECALL"})


@dataclass(frozen=True, slots=True)
class Use:
    """One attribute that the code reads.

    `receiver` is a module, class or other global where the code names one, `Local` for a
    parameter, `UNKNOWN` for anything else.
    """

    receiver: Any
    attribute: str


@dataclass(frozen=True, slots=True)
class Local:
    """A parameter that the code never assigns, so that its annotation still holds."""

    name: str


def uses_of(function: FunctionType) -> Iterator[Use]:
    """Yield the attributes that a function's code reads, nested functions included."""
    names = Names(function)
    for code in nested_code(function.__code__):
        parameters = _stable_parameters(code) if code is function.__code__ else frozenset()
        yield from _uses_in(code, names, parameters)


def globals_of(function: FunctionType) -> list[Any]:
    """Return what the code names: values of its globals and closure, dotted names resolved."""
    names = Names(function)
    found: list[Any] = []
    for code in nested_code(function.__code__):
        for name in (*code.co_names, *code.co_freevars):
            value = names.value(name)
            if value is not UNKNOWN:
                found.append(value)
    for use in uses_of(function):
        value = attribute_of(use.receiver, use.attribute)
        if value is not UNKNOWN:
            found.append(value)
    return found


def _uses_in(code: CodeType, names: Names, parameters: frozenset[str]) -> Iterator[Use]:
    top: Any = UNKNOWN
    for instruction in dis.get_instructions(code):
        if instruction.opname in _TRANSPARENT:
            continue
        if instruction.opname in _ATTRIBUTE_LOADS:
            yield Use(top, instruction.argval)
            top = attribute_of(top, instruction.argval)
        elif instruction.opname in _NAME_LOADS:
            top = names.value(instruction.argval)
        elif instruction.opname.startswith("LOAD_FAST"):
            # COMPAT: 3.13 and later load two locals at once; the second is on top.
            local = instruction.argval
            name = local[-1] if isinstance(local, tuple) else local
            top = Local(name) if name in parameters else UNKNOWN
        else:
            top = UNKNOWN


def _stable_parameters(code: CodeType) -> frozenset[str]:
    count = code.co_argcount + code.co_kwonlyargcount
    stored: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(("STORE_FAST", "DELETE_FAST")):
            local = instruction.argval
            stored.update(local if isinstance(local, tuple) else (local,))
    return frozenset(code.co_varnames[:count]) - stored


def annotations_in(annotation: Any) -> Iterator[type]:
    """Yield the classes that an annotation mentions: through `Annotated`, unions and lists."""
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from annotations_in(argument)
    if hasattr(annotation, "__origin__"):
        yield from annotations_in(annotation.__origin__)


def parameter_classes(hints: Mapping[str, Any], name: str) -> list[type]:
    """Return the classes that a parameter's annotation mentions."""
    return list(annotations_in(hints[name])) if name in hints else []
