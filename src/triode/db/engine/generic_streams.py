"""Rows of a query in parts, by a cursor of a plain driver that holds no more than one of them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy.engine import Connection, CursorResult

from triode.concurrency import ThreadPool
from triode.db.engine.generic_statements import run, translated
from triode.db.engine.parts import AllAtOnce
from triode.db.engine.protocol import Engine, Parts, Row
from triode.db.engine.stream_turns import StreamTurns
from triode.db.errors import TransactionError

T = TypeVar("T")
Question = tuple[str, Sequence[Any]]


class PooledEngine(Engine, Protocol):
    """What a stream needs of the engine."""

    entering: ThreadPool
    inside: ThreadPool
    turns: StreamTurns

    def connect(self) -> Connection: ...

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]: ...


class OpenCursor:
    """A query of which rows are still to come; one thread uses it at a time."""

    def __init__(self, connection: Connection, sql: str, parameters: Sequence[Any], size: int):
        self._rest: deque[Row] = deque()
        # Options of the statement: those of the connection would hold for what follows too.
        options = {"stream_results": True, "max_row_buffer": size}
        self._result: CursorResult[Any] | None = run(connection, sql, parameters, options)

    @property
    def is_unread(self) -> bool:
        """Whether the server has rows that were not taken."""
        return self._result is not None

    def fetch(self, size: int) -> list[Row]:
        """Return the next rows, at most `size`; none after the last."""
        if self._result is None:
            return [self._rest.popleft() for _ in range(min(size, len(self._rest)))]
        rows = [tuple(row) for row in self._result.fetchmany(size)]
        if len(rows) < size:
            self._end()
        return rows

    def settle(self) -> None:
        """Take what is left into memory: the connection does nothing else before."""
        if self._result is not None:
            self._rest.extend(tuple(row) for row in self._result)
            self._end()

    def close(self) -> None:
        """Pass over what is left, which the driver has to read nevertheless."""
        self._rest.clear()
        self._end()

    def abandon(self) -> None:
        """Leave unread what the server still sends: the connection is to be closed."""
        result, self._result = self._result, None
        unread = getattr(result.cursor, "_result", None) if result is not None else None
        if unread is not None and hasattr(unread, "unbuffered_active"):
            unread.unbuffered_active = False  # else pymysql reads it all when it is collected

    def _end(self) -> None:
        result, self._result = self._result, None
        if result is not None:
            result.close()


class Stream:
    """A query on a connection of its own; its methods are for one thread after the other."""

    def __init__(self, engine: PooledEngine, question: Question, size: int) -> None:
        self._engine = engine
        self._question = question
        self._size = size
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._cursor: OpenCursor | None = None
        self._is_closed = False

    def fetch(self) -> list[Row]:
        with self._turn, translated():
            if self._is_closed:
                return []
            if self._connection is None:
                self._connection = self._engine.connect()
            if self._cursor is None:
                self._cursor = OpenCursor(self._connection, *self._question, self._size)
            return self._cursor.fetch(self._size)

    def close(self) -> None:
        """Give the connection back; waits for the part that is being fetched."""
        with self._turn, translated():
            self._is_closed = True
            if self._connection is None:
                return
            if self._cursor is not None and self._cursor.is_unread:
                # Ended, for to read what nobody wants may take hours; the pool makes another.
                self._cursor.abandon()
                self._connection.invalidate()
            self._connection.close()


class ThreadedParts:
    """Parts for code on an event loop."""

    def __init__(self, engine: PooledEngine, question: Question, size: int) -> None:
        self._engine = engine
        self._question = question
        self._size = size
        self._holder: Any = None
        self._stream: Stream | None = None
        self._instead: Parts | None = None

    async def fetch(self) -> list[Row]:
        if self._instead is not None:
            return await self._instead.fetch()
        if self._stream is not None:
            return await self._engine.inside.submit(self._stream.fetch)
        engine = self._engine
        self._holder = asyncio.current_task()
        if not await engine.turns.take(self._holder):
            read = partial(engine.read, *self._question)
            self._instead = AllAtOnce(lambda: engine.entering.submit(read), self._size)
            return await self._instead.fetch()
        self._stream = Stream(engine, self._question, self._size)
        return await engine.entering.submit(self._stream.fetch)

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            closing = self._engine.inside.submit(stream.close)
            closing.add_done_callback(lambda _: self._engine.turns.give_back(self._holder))
            await asyncio.shield(closing)


class PartsHere:
    """Parts for plain code."""

    def __init__(self, engine: PooledEngine, question: Question, size: int) -> None:
        self._engine = engine
        self._question = question
        self._size = size
        self._holder = threading.current_thread()
        self._stream: Stream | None = None
        self._instead: Parts | None = None

    async def fetch(self) -> list[Row]:
        if self._instead is None and self._stream is None:
            if self._engine.turns.take_now(self._holder):
                self._stream = Stream(self._engine, self._question, self._size)
            else:
                self._instead = AllAtOnce(self._read, self._size)
        if self._stream is not None:
            return self._stream.fetch()
        assert self._instead is not None
        return await self._instead.fetch()

    async def _read(self) -> list[Row]:
        return self._engine.read(*self._question)

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            finally:
                self._engine.turns.give_back(self._holder)


class HasConnection(Protocol):
    """A transaction, whose connection one thread has at a time."""

    def open_cursor(self, sql: str, parameters: Sequence[Any], size: int) -> OpenCursor: ...

    def with_cursor(self, work: Callable[[], T]) -> T: ...

    def close_cursor(self, cursor: OpenCursor) -> None: ...


class CursorParts:
    """The rows of a query within a transaction; `go` brings work to a thread."""

    def __init__(
        self,
        block: HasConnection,
        go: Callable[[Callable[[], Any]], Awaitable[Any]],
        question: Question,
        size: int,
    ) -> None:
        self._block = block
        self._go = go
        self._question = question
        self._size = size
        self._cursor: OpenCursor | None = None

    async def fetch(self) -> list[Row]:
        rows: list[Row] = await self._go(self._fetch)
        return rows

    def _fetch(self) -> list[Row]:
        if self._cursor is None:
            self._cursor = self._block.open_cursor(*self._question, self._size)
        cursor = self._cursor
        return self._block.with_cursor(lambda: cursor.fetch(self._size))

    async def close(self) -> None:
        with suppress(TransactionError):  # its end has closed the cursor
            await self._go(self._close)

    def _close(self) -> None:
        if self._cursor is not None:
            self._block.close_cursor(self._cursor)
