"""A bounded buffer between the iterator that makes a body and the server that sends it.

The iterator runs by itself, an async one in a task and a plain one in a thread, and is ahead of
the client by `AHEAD_BYTES` or `AHEAD_CHUNKS` at most. All its steps run in one task, or in one
context, so what it holds open between two items (a timeout, a transaction) works.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextvars import Context
from functools import partial
from typing import Any, TypeAlias

from triode.concurrency import thread_pool

logger = logging.getLogger("triode")

AHEAD_BYTES = 64 * 1024
AHEAD_CHUNKS = 64

Encode: TypeAlias = Callable[[Any], bytes]


class Feed(ABC):
    """Chunks of one body, from what makes them to what takes them."""

    ahead_bytes = AHEAD_BYTES

    def __init__(self, encode: Encode, context: Context) -> None:
        self._loop = asyncio.get_running_loop()
        self._encode = encode
        self._context = context
        self._chunks: deque[bytes] = deque()
        # Each is written by one side alone, so no lock is needed.
        self._made = 0
        self._taken = 0
        self._reader: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._ended: asyncio.Future[None] | None = None
        self.is_stopped = False
        self.is_over = False

    @property
    def has_chunks(self) -> bool:
        """Whether there is something to take."""
        return bool(self._chunks)

    @property
    def _is_full(self) -> bool:
        ahead = self._made - self._taken
        return ahead >= self.ahead_bytes or len(self._chunks) >= AHEAD_CHUNKS

    @abstractmethod
    def start(self) -> None:
        """Begin to make chunks."""

    @abstractmethod
    def _break_off(self) -> None:
        """Stop the iterator, wherever it is."""

    @abstractmethod
    def _go_on(self) -> None:
        """Make more, now that there is room."""

    def stop(self) -> None:
        """End the iterator before its time; its clean-up runs by itself."""
        if not self.is_over and not self.is_stopped:
            self.is_stopped = True
            self._wake()
            self._break_off()

    async def until_over(self) -> None:
        """Wait until the iterator has ended, its clean-up included."""
        if not self.is_over:
            if self._ended is None:
                self._ended = self._loop.create_future()
            await asyncio.shield(self._ended)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until there is something to take or the end; False: the time is over."""
        if not (self._chunks or self.is_over or self.is_stopped):
            reader = self._reader = self._loop.create_future()
            timer = None if seconds is None else self._loop.call_later(seconds, self._wake)
            try:
                await reader
            finally:
                self._reader = None
                if timer is not None:
                    timer.cancel()
        return bool(self._chunks) or self.is_over or self.is_stopped

    def take(self) -> bytes:
        """Return all that waits, in one piece; nothing is there at the end.

        Raises:
            Exception: what the iterator raised, once all that it made has been taken.
        """
        if not self._chunks:
            if self._error is not None and not self.is_stopped:
                raise self._error
            return b""
        data = self._chunks.popleft()
        if self._chunks:
            waiting = [data]
            while self._chunks:
                waiting.append(self._chunks.popleft())
            data = b"".join(waiting)
        self._taken += len(data)
        self._go_on()
        return data

    def _put(self, item: Any) -> None:
        chunk = self._encode(item)
        self._made += len(chunk)
        self._chunks.append(chunk)

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _end(self, error: BaseException | None) -> None:
        """Note the end; nobody takes the error of an iterator that was stopped."""
        if self.is_stopped and isinstance(error, Exception):
            logger.error("Exception in a response that nobody reads any more", exc_info=error)
        self._error = error
        self.is_over = True
        self._wake()
        if self._ended is not None:
            self._ended.set_result(None)


class TaskFeed(Feed):
    """Runs an async iterator in a task."""

    def __init__(self, source: AsyncIterable[Any], encode: Encode, context: Context) -> None:
        super().__init__(encode, context)
        self._source = source
        self._room: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to make chunks."""
        if self._task is None and not self.is_over:
            self._task = self._loop.create_task(self._run(), context=self._context)

    def _break_off(self) -> None:
        if self._task is None:
            self._end(None)
        else:
            self._task.cancel()

    def _go_on(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def _run(self) -> None:
        error: BaseException | None = None
        try:
            try:
                await self._iterate()
            finally:
                close = getattr(self._source, "aclose", None)
                if close is not None:
                    await close()
        except BaseException as exc:
            error = exc
        self._end(error)

    async def _iterate(self) -> None:
        async for item in self._source:
            self._put(item)
            self._wake()
            if self.is_stopped:
                return
            if self._is_full:
                self._room = self._loop.create_future()
                await self._room
                self._room = None


class ThreadFeed(Feed):
    """Runs a plain iterator in a thread, which it leaves while the client is behind."""

    def __init__(self, source: Iterable[Any], encode: Encode, context: Context) -> None:
        super().__init__(encode, context)
        self._source = source
        self._iterator: Iterator[Any] | None = None
        self._is_started = False
        self._is_parked = False
        self._is_signalled = False

    def start(self) -> None:
        """Begin to make chunks."""
        if not self._is_started and not self.is_over:
            self._is_started = True
            self._hop()

    def _break_off(self) -> None:
        # A thread cannot be interrupted: it ends with the next item that it makes.
        if self._is_parked or not self._is_started:
            self._close()

    def _go_on(self) -> None:
        if self._is_parked and not self.is_stopped:
            self._is_parked = False
            self._hop()

    def _hop(self) -> None:
        future = thread_pool().submit(partial(self._context.run, self._work))
        future.add_done_callback(self._after_hop)

    def _work(self) -> bool:
        """Make chunks until there is enough; return whether there may be more. In a thread."""
        if self._iterator is None:
            self._iterator = iter(self._source)
        for item in self._iterator:
            self._put(item)
            if not self._signal() or self.is_stopped or self._is_full:
                return True
        return False

    def _signal(self) -> bool:
        """Tell the loop that there is something; False: it is closed."""
        if self._is_signalled:
            return True
        self._is_signalled = True
        try:
            self._loop.call_soon_threadsafe(self._signalled)
        except RuntimeError:
            self.is_stopped = True
            return False
        return True

    def _signalled(self) -> None:
        self._is_signalled = False
        self._wake()

    def _after_hop(self, future: asyncio.Future[bool]) -> None:
        error = future.exception()
        if error is not None or not future.result():
            self._end(error)
        elif self.is_stopped:
            self._close()
        elif self._is_full:
            self._is_parked = True
        else:
            self._hop()

    def _close(self) -> None:
        """Run the clean-up of an iterator that was stopped."""
        close = getattr(self._iterator or self._source, "close", None)
        if close is None:
            self._end(asyncio.CancelledError())
            return
        future = thread_pool().submit(partial(self._context.run, close))
        future.add_done_callback(
            lambda done: self._end(done.exception() or asyncio.CancelledError())
        )
