"""Rows of a SQLite query in parts: on a reading connection, or within a transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from triode.db.engine.parts import AllAtOnce
from triode.db.engine.protocol import Engine, Parts, Row
from triode.db.engine.sqlite_connection import translate
from triode.db.errors import TransactionError

T = TypeVar("T")


class HasConnection(Protocol):
    @property
    def connection(self) -> sqlite3.Connection: ...


class ReadingEngine(Engine, Protocol):
    """What reading beside the writer needs of the engine."""

    @property
    def is_in_memory(self) -> bool: ...

    def borrow(self) -> Any: ...

    def give_back(self, reader: Any) -> None: ...

    def limit(self, reader: Any) -> None: ...

    def read_to_the_end(self, sql: str, parameters: Sequence[Any]) -> list[Row]: ...

    def in_thread(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]: ...


class OpenCursor:
    """A query of which rows are still to come; one thread uses it at a time."""

    __slots__ = ("_cursor", "_rest")

    def __init__(self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> None:
        self._rest: deque[Row] = deque()
        self._cursor: sqlite3.Cursor | None = connection.execute(sql, parameters)

    def fetch(self, size: int) -> list[Row]:
        """Return the next rows, at most `size`; none after the last."""
        if self._cursor is None:
            return [self._rest.popleft() for _ in range(min(size, len(self._rest)))]
        rows: list[Row] = self._cursor.fetchmany(size)
        if len(rows) < size:
            self._end()
        return rows

    def settle(self) -> None:
        """Take what is left into memory, so that nothing that is written now is among it."""
        if self._cursor is not None:
            self._rest.extend(self._cursor)
            self._end()

    def close(self) -> None:
        self._rest.clear()
        self._end()

    def _end(self) -> None:
        # A cursor on its way holds the connection to an old state of the database.
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None


class OpenCursors:
    """The cursors on one connection, which one thread uses at a time."""

    def __init__(self) -> None:
        self._open: set[OpenCursor] = set()

    def open(
        self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
    ) -> OpenCursor:
        cursor = OpenCursor(connection, sql, parameters)
        self._open.add(cursor)
        return cursor

    @property
    def are_open(self) -> bool:
        return bool(self._open)

    def settle(self) -> None:
        """Prepare for a write, which a cursor on its way would see, perhaps without end."""
        for cursor in self._open:
            cursor.settle()

    def close(self, cursor: OpenCursor) -> None:
        cursor.close()
        self._open.discard(cursor)

    def close_all(self) -> None:
        while self._open:
            self._open.pop().close()


class CursorParts:
    """The rows of a query within a transaction; `run` brings work to its connection."""

    def __init__(
        self,
        cursors: OpenCursors,
        run: Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]],
        question: tuple[str, Sequence[Any]],
        size: int,
    ) -> None:
        self._cursors = cursors
        self._run = run
        self._question = question
        self._size = size
        self._cursor: OpenCursor | None = None

    async def fetch(self) -> list[Row]:
        rows: list[Row] = await self._run(self._fetch)
        return rows

    def _fetch(self, connection: sqlite3.Connection) -> list[Row]:
        if self._cursor is None:
            self._cursor = self._cursors.open(connection, *self._question)
        return self._cursor.fetch(self._size)

    async def close(self) -> None:
        with suppress(TransactionError):  # its end has closed the cursor
            await self._run(self._close)

    def _close(self, connection: sqlite3.Connection) -> None:
        if self._cursor is not None:
            self._cursors.close(self._cursor)


def stream_in_threads(
    engine: ReadingEngine, sql: str, parameters: Sequence[Any], size: int
) -> Parts:
    """Read parts on a connection of their own; a thread waits for each of them."""
    if engine.is_in_memory:
        # It holds them anyway, and its readers would see what is written meanwhile.
        return AllAtOnce(lambda: engine.in_thread(engine.read_to_the_end, sql, parameters), size)
    return ThreadedParts(ReaderSteps(engine, (sql, parameters), size))


def stream_here(engine: ReadingEngine, sql: str, parameters: Sequence[Any], size: int) -> Parts:
    """Read parts on a connection of their own, in the caller's thread."""
    if engine.is_in_memory:

        async def read() -> list[Row]:
            return engine.read_to_the_end(sql, parameters)

        return AllAtOnce(read, size)
    return PartsHere(ReaderSteps(engine, (sql, parameters), size))


class ReaderSteps:
    """A reading connection that gives the rows of one query."""

    def __init__(
        self, engine: ReadingEngine, question: tuple[str, Sequence[Any]], size: int
    ) -> None:
        self.engine = engine
        self._question = question
        self._size = size
        self._reader: Any = None
        self._cursor: OpenCursor | None = None

    def fetch(self) -> list[Row]:
        if self._reader is None:
            self._reader = self.engine.borrow()
        # Each part may take as long as a statement may; what is done with the rows is not counted.
        self.engine.limit(self._reader)
        try:
            if self._cursor is None:
                self._cursor = OpenCursor(self._reader.connection, *self._question)
            return self._cursor.fetch(self._size)
        except Exception as exc:
            raise translate(exc) from exc

    def interrupt(self) -> None:
        if self._reader is not None:
            self._reader.connection.interrupt()

    def close(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
        reader, self._reader = self._reader, None
        if reader is not None:
            self.engine.give_back(reader)


class PartsHere:
    """Parts for plain code."""

    def __init__(self, steps: ReaderSteps) -> None:
        self._steps = steps

    async def fetch(self) -> list[Row]:
        return self._steps.fetch()

    async def close(self) -> None:
        self._steps.close()


class ThreadedParts:
    """Parts for code on an event loop."""

    def __init__(self, steps: ReaderSteps) -> None:
        self._steps = steps
        self._step: asyncio.Future[list[Row]] | None = None

    async def fetch(self) -> list[Row]:
        self._step = self._steps.engine.in_thread(self._steps.fetch)
        return await asyncio.shield(self._step)

    async def close(self) -> None:
        if self._step is None or self._step.done():
            self._steps.close()
            return
        # A thread is still at it: nobody else may have the connection before it is done.
        self._steps.interrupt()
        self._step.add_done_callback(self._close_after)

    def _close_after(self, step: asyncio.Future[list[Row]]) -> None:
        if not step.cancelled():
            step.exception()  # nobody waits for it
        self._steps.close()
