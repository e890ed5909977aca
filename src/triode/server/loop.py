"""Start a task at once instead of in the loop's next turn.

Python 3.12 has eager tasks. On 3.11 our loop keeps back the first step that a new task asks it
to schedule, and the step is then run in place: the handler runs inside a real task either way,
so `asyncio.timeout`, task groups and cancellation work in it.
"""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")

try:
    import uvloop
except ImportError:  # Windows, PyPy
    BaseLoop: Any = asyncio.SelectorEventLoop
else:
    BaseLoop = uvloop.Loop

if sys.version_info >= (3, 12):

    def new_event_loop() -> asyncio.AbstractEventLoop:
        """Return a new event loop of the fastest kind there is."""
        loop: asyncio.AbstractEventLoop = BaseLoop()
        return loop

    def start_task(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], context: Context
    ) -> asyncio.Task[T]:
        """Return a task that has run up to its first wait; it may be done."""
        return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)

else:

    class LaneLoop(BaseLoop):  # type: ignore[misc]
        """An event loop that can hand over a new task's first step."""

        _is_catching = False
        _caught: Any = None

        def call_soon(
            self, callback: Callable[..., object], *args: Any, context: Any = None
        ) -> Any:
            """Schedule a callback, or keep it back while a task is being started."""
            if self._is_catching:
                self._is_catching = False
                self._caught = (callback, args, context)
                return None
            return super().call_soon(callback, *args, context=context)

    def new_event_loop() -> asyncio.AbstractEventLoop:
        """Return a new event loop of the fastest kind there is."""
        loop: asyncio.AbstractEventLoop = LaneLoop()
        return loop

    def start_task(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], context: Context
    ) -> asyncio.Task[T]:
        """Return a task that has run up to its first wait, on our loop; it may be done.

        On a foreign loop, and inside another task, it starts in the loop's next turn.
        """
        if not isinstance(loop, LaneLoop) or asyncio.current_task(loop) is not None:
            return loop.create_task(coroutine, context=context)
        loop._is_catching = True
        try:
            task = asyncio.Task(coroutine, loop=loop, context=context)
        finally:
            loop._is_catching = False
        callback, args, _ = loop._caught
        loop._caught = None
        context.run(callback, *args)
        return task


def step(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], context: Context
) -> tuple[T, None] | tuple[None, asyncio.Task[T]]:
    """Run a coroutine up to its first wait without a task; return its result, or its task.

    Only for coroutines that do not ask for their task before they wait.
    """
    try:
        waited_for = context.run(coroutine.send, None)
    except StopIteration as stop:
        return stop.value, None
    return None, start_task(loop, _resume(coroutine, waited_for), context)


async def _resume(coroutine: Coroutine[Any, Any, T], waited_for: Any) -> T:
    """Go on with a coroutine that waits for something.

    Since Python 3.12 a task takes only what `async def` makes, no generator.
    """
    return await _drive(coroutine, waited_for)


@types.coroutine
def _drive(coroutine: Coroutine[Any, Any, T], waited_for: Any) -> Generator[Any, Any, T]:
    try:
        while True:
            try:
                value = yield waited_for
            except BaseException as exc:
                waited_for = coroutine.throw(exc)
            else:
                waited_for = coroutine.send(value)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
