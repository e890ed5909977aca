"""What kind of callable a handler or dependency is, and how it may be called."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

SUSPENDING = frozenset({"GET_AWAITABLE", "GET_AITER", "GET_ANEXT", "BEFORE_ASYNC_WITH"})
# The functions that the standard library's two decorators put around a generator.
_DECORATORS: tuple[Any, ...] = (contextmanager, asynccontextmanager)
MANAGERS = frozenset(decorate(lambda: None).__code__ for decorate in _DECORATORS)


def target_of(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that runs when `call` is called."""
    while isinstance(call, partial):
        call = call.func
    if inspect.isroutine(call) or inspect.isclass(call):
        return call
    method: Callable[..., Any] = type(call).__call__
    return method


def _targets(call: Callable[..., Any]) -> list[Any]:
    """Return the function that runs, and the one that its decorators were put around."""
    found: list[Any] = [target_of(call)]
    while hasattr(found[-1], "__wrapped__"):
        found.append(target_of(found[-1].__wrapped__))
    return found


def without_manager(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the generator function below `@contextmanager` or `@asynccontextmanager`."""
    if getattr(call, "__code__", None) in MANAGERS:
        inner: Callable[..., Any] = call.__wrapped__  # type: ignore[attr-defined]
        return inner
    return call


def _first_kind(call: Callable[..., Any]) -> str:
    """Return what calling gives: the outermost decorated function that shows it decides."""
    for target in _targets(call):
        if inspect.isclass(target):
            return "plain"
        if inspect.iscoroutinefunction(target):
            return "async"
        if inspect.isasyncgenfunction(target):
            return "async generator"
        if inspect.isgeneratorfunction(target):
            return "generator"
    return "plain"


def is_async(call: Callable[..., Any]) -> bool:
    """Whether calling gives a coroutine."""
    return _first_kind(call) == "async"


def is_async_generator(call: Callable[..., Any]) -> bool:
    """Whether `call` is an async function that yields."""
    return _first_kind(call) == "async generator"


def is_generator(call: Callable[..., Any]) -> bool:
    """Whether `call` is a plain function that yields."""
    return _first_kind(call) == "generator"


def never_suspends(call: Callable[..., Any]) -> bool:
    """Whether an async function has no await in it, so that it can be run in one step."""
    target = target_of(call)
    code = getattr(target, "__code__", None)
    if code is None or not (
        inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target)
    ):
        return False
    return not any(instruction.opname in SUSPENDING for instruction in dis.get_instructions(code))


def inline_check(call: Callable[..., Any]) -> Callable[[Any], Any] | None:
    """Return a callable's `__inline__`, which does the same from a `Call` and never waits.

    None where it has none, or where a subclass has put another `__call__` in its place.
    """
    kind: type[Any] = type(call)
    for base in kind.__mro__:
        if "__call__" in vars(base):
            return getattr(call, "__inline__", None) if "__inline__" in vars(base) else None
    return None
