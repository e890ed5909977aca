"""What kind of callable a handler or dependency is, and how it may be called."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

SUSPENDING = frozenset({"GET_AWAITABLE", "GET_AITER", "GET_ANEXT", "BEFORE_ASYNC_WITH"})


def target_of(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that runs when `call` is called."""
    while isinstance(call, partial):
        call = call.func
    if inspect.isroutine(call) or inspect.isclass(call):
        return call
    method: Callable[..., Any] = type(call).__call__
    return method


def is_async(call: Callable[..., Any]) -> bool:
    """Whether calling gives a coroutine."""
    return inspect.iscoroutinefunction(target_of(call))


def is_async_generator(call: Callable[..., Any]) -> bool:
    """Whether `call` is an async function that yields."""
    return inspect.isasyncgenfunction(target_of(call))


def is_generator(call: Callable[..., Any]) -> bool:
    """Whether `call` is a plain function that yields."""
    return inspect.isgeneratorfunction(target_of(call))


def never_suspends(call: Callable[..., Any]) -> bool:
    """Whether an async function has no await in it, so that it can be run in one step."""
    code = getattr(target_of(call), "__code__", None)
    if code is None:
        return False
    return not any(instruction.opname in SUSPENDING for instruction in dis.get_instructions(code))
