"""What a function's code does with attributes: `User.get`, `user.save`, `(await x).update`.

Read from the bytecode, which is there even where the source is not. A receiver is known where
the code names it (a global, a closure, a parameter); otherwise it is some value of a type that
the reader cannot tell.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Reading:
    """What a function's code mentions, nested functions included.

    `values` are the globals and closure values that it names, `models.User` resolved.
    `raises` tells whether it has a `raise` statement at all.
    """

    uses: list[Use] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    raises: bool = False


def read_code(function: FunctionType) -> Reading:
    """Return what a function's code mentions."""
    names = Names(function)
    found = Reading()
    for code in nested_code(function.__code__):
        _read(code, names, found, is_outermost=code is function.__code__)
    for use in found.uses:
        value = attribute_of(use.receiver, use.attribute)
        if value is not UNKNOWN:
            found.values.append(value)
    return found


def _read(code: CodeType, names: Names, found: Reading, *, is_outermost: bool) -> None:
    instructions = [
        instruction
        for instruction in dis.get_instructions(code)
        if instruction.opname not in _TRANSPARENT
    ]
    parameters = _stable_parameters(code, instructions) if is_outermost else frozenset()
    top: Any = UNKNOWN
    for instruction in instructions:
        operation = instruction.opname
        if operation in _ATTRIBUTE_LOADS:
            found.uses.append(Use(top, instruction.argval))
            top = attribute_of(top, instruction.argval)
        elif operation in _NAME_LOADS:
            top = names.value(instruction.argval)
            if top is not UNKNOWN:
                found.values.append(top)
        elif operation.startswith("LOAD_FAST"):
            name = _locals_of(instruction)[-1]
            top = Local(name) if name in parameters else UNKNOWN
        else:
            found.raises = found.raises or operation == "RAISE_VARARGS"
            top = UNKNOWN


def _stable_parameters(code: CodeType, instructions: list[dis.Instruction]) -> frozenset[str]:
    count = code.co_argcount + code.co_kwonlyargcount
    stored: set[str] = set()
    for instruction in instructions:
        if instruction.opname.startswith(("STORE_FAST", "DELETE_FAST")):
            stored.update(_locals_of(instruction))
    return frozenset(code.co_varnames[:count]) - stored


def _locals_of(instruction: dis.Instruction) -> tuple[str, ...]:
    """Return the locals that an instruction touches, the one on top of the stack last."""
    # COMPAT: from 3.13 on, one instruction may load or store two.
    local = instruction.argval
    return local if isinstance(local, tuple) else (local,)


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
