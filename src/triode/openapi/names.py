"""What the names in a function's code stand for: its globals, closure and builtins."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable
from enum import EnumType
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final


class _Unknown:
    """Stands for a value that only exists while the code runs."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


def function_of(call: Callable[..., Any]) -> FunctionType | None:
    """Return the Python function that runs when `call` is called; None where there is none."""
    target: Any = call
    while hasattr(target, "func") and not isinstance(target, FunctionType):
        target = target.func  # functools.partial
    if inspect.isclass(target):
        target = target.__init__
    elif not inspect.isroutine(target):
        target = type(target).__call__
    target = inspect.unwrap(target)
    if isinstance(target, MethodType):
        target = target.__func__
    return target if isinstance(target, FunctionType) else None


class Names:
    """Resolves the names that a function's code mentions."""

    def __init__(self, function: FunctionType) -> None:
        self._globals = function.__globals__
        self._closure: dict[str, Any] = {}
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                self._closure[name] = cell.cell_contents
            except ValueError:  # the enclosing function has not given it a value
                continue

    def value(self, name: str) -> Any:
        """Return what a bare name stands for; `UNKNOWN` for a local one."""
        if name in self._closure:
            return self._closure[name]
        if name in self._globals:
            return self._globals[name]
        return getattr(builtins, name, UNKNOWN)

    def dotted(self, parts: list[str]) -> Any:
        """Return what `a.b.c` stands for; only modules and classes are looked into."""
        value = self.value(parts[0])
        for part in parts[1:]:
            value = attribute_of(value, part)
        return value


def attribute_of(owner: Any, name: str) -> Any:
    """Return an attribute of a module or class without running code of its own."""
    if isinstance(owner, ModuleType):
        return vars(owner).get(name, UNKNOWN)
    if isinstance(owner, EnumType):
        return owner.__members__.get(name, UNKNOWN)
    if inspect.isclass(owner):
        found = inspect.getattr_static(owner, name, UNKNOWN)
        return found.__func__ if isinstance(found, classmethod | staticmethod) else found
    return UNKNOWN


def nested_code(code: CodeType) -> list[CodeType]:
    """Return a code object and those of the functions and comprehensions inside it."""
    found = [code]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found.extend(nested_code(constant))
    return found
