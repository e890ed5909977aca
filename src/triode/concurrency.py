"""Threads for plain `def` code: a lean pool whose results reach the event loop in batches.

`run_in_threadpool` has Starlette's name and meaning. Context variables are carried across.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast
from weakref import WeakSet

P = ParamSpec("P")
T = TypeVar("T")

MAX_THREADS = 40  # as many as anyio's default limiter, which FastAPI's users know

_Job: TypeAlias = tuple[Callable[[], Any], "asyncio.Future[Any]", "_Returns"]

_pools: WeakSet[ThreadPool] = WeakSet()
# The threads stay in the parent, and with them the work that they had. It lives for ever in the
# child: to collect it there would end generators and close what the parent uses.
_parents: list[Any] = []


class _Returns:
    """Brings results back to one event loop, with one wake-up for many."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._is_scheduled = False

    def give(self, future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
        """Hand a result over; called in a worker thread."""
        self._done.append((future, value, error))
        if not self._is_scheduled:
            self._is_scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop is closed: nobody waits for the result any more
                self._done.clear()

    def _deliver(self) -> None:
        self._is_scheduled = False
        while self._done:
            future, value, error = self._done.popleft()
            if future.done():  # cancelled while the thread worked
                continue
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)


class ThreadPool:
    """A pool of daemon threads, started one by one as work waits, up to `max_threads`.

    A forked process, such as gunicorn's with `preload_app`, starts threads of its own.
    """

    def __init__(self, max_threads: int = MAX_THREADS) -> None:
        self.max_threads = max_threads
        self._start_anew()
        _pools.add(self)

    def _start_anew(self) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._returns: dict[int, tuple[asyncio.AbstractEventLoop, _Returns]] = {}

    def let_go(self) -> Any:
        """Be as if no thread had been started, for a forked process; return what was."""
        before = (self._jobs, self._lock, self._returns)
        self._start_anew()
        return before

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a callable in a thread; must be called on an event loop's thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        returns = self._returns_for(loop)
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._threads < self.max_threads:
                self._threads += 1
                threading.Thread(target=self._work, name="triode-worker", daemon=True).start()
        self._jobs.put((function, future, returns))
        return future

    def submit_in_two(
        self, function: Callable[[Callable[[T], None]], None]
    ) -> tuple[asyncio.Future[T], asyncio.Future[None]]:
        """Run a callable that hands its result over before it ends.

        It is called with the function that takes the result. The first future is the result, the
        second the callable's end. What it raises before it has a result is the result's error.
        """
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        returns = self._returns_for(loop)
        is_given = False

        def give(value: T) -> None:
            nonlocal is_given
            is_given = True
            returns.give(result, value, None)

        def run() -> None:
            try:
                function(give)
            except BaseException as exc:
                if is_given:
                    raise
                returns.give(result, None, without_stop(exc))

        return result, self.submit(run)

    def _returns_for(self, loop: asyncio.AbstractEventLoop) -> _Returns:
        entry = self._returns.get(id(loop))
        if entry is None or entry[0] is not loop:
            self._returns = {
                key: old for key, old in self._returns.items() if not old[0].is_closed()
            }
            entry = self._returns[id(loop)] = (loop, _Returns(loop))
        return entry[1]

    def _work(self) -> None:
        while True:
            function, future, returns = self._jobs.get()
            if not future.cancelled():  # else nobody waits for it any more
                self._run(function, future, returns)
            with self._lock:
                self._idle += 1
            del function, future, returns

    @staticmethod
    def _run(function: Callable[[], Any], future: asyncio.Future[Any], returns: _Returns) -> None:
        try:
            value = function()
        except BaseException as exc:
            returns.give(future, None, without_stop(exc))
        else:
            returns.give(future, value, None)


def without_stop(error: BaseException) -> BaseException:
    """Return an exception that a future may hold; a StopIteration it may not (PEP 479)."""
    return RuntimeError(repr(error)) if isinstance(error, StopIteration) else error


def _in_child() -> None:
    for pool in tuple(_pools):
        _parents.append(pool.let_go())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

_pool = ThreadPool()
_exit_pool = ThreadPool()


def thread_pool() -> ThreadPool:
    """Return the pool that plain `def` handlers run on."""
    return _pool


def exit_pool() -> ThreadPool:
    """Return the pool that clean-up runs on, which work to be begun can never fill."""
    return _exit_pool


async def run_in_threadpool(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function in a thread and return its result; context variables are carried in."""
    return await _run_in(_pool, partial(function, *args, **kwargs))


async def iterate_in_threadpool(iterable: Iterable[T]) -> AsyncGenerator[T, None]:
    """Yield what an iterable gives; each step of it runs in a thread."""
    iterator = iter(iterable)
    end = object()
    while (item := await run_in_threadpool(next, iterator, end)) is not end:
        yield cast(T, item)


async def _run_in(pool: ThreadPool, function: Callable[[], T]) -> T:
    return await pool.submit(partial(contextvars.copy_context().run, function))


@asynccontextmanager
async def contextmanager_in_threadpool(
    manager: AbstractContextManager[T],
) -> AsyncGenerator[T, None]:
    """Enter and leave a plain context manager in a thread.

    It is entered and left in one context, and what it sets there is seen inside of it: a
    transaction, for instance. Leaving has threads of its own: those who wait to enter, for a
    connection perhaps, must not keep out the one who gives it back.
    """
    context = contextvars.copy_context()
    value = await _pool.submit(partial(context.run, manager.__enter__))
    tokens = adopt(context)
    try:
        try:
            yield value
        finally:
            for variable, token in reversed(tokens):
                variable.reset(token)
    except BaseException as exc:
        leave = partial(manager.__exit__, type(exc), exc, exc.__traceback__)
        # Shielded: a handler that is cancelled has to leave as well.
        if not await asyncio.shield(_exit_pool.submit(partial(context.run, leave))):
            raise
    else:
        leave = partial(manager.__exit__, None, None, None)
        await _exit_pool.submit(partial(context.run, leave))


def adopt(context: contextvars.Context) -> list[tuple[contextvars.ContextVar[Any], Any]]:
    """Set the context variables that differ in another context; return how to set them back."""
    unset = object()
    return [
        (variable, variable.set(value))
        for variable, value in context.items()
        if variable.get(unset) is not value
    ]
