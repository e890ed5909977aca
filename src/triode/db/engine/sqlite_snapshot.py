"""A transaction that only reads: one moment of the database, beside the writer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from triode.db.engine.protocol import READ_ONLY, Outcome, Parts, Row, Write
from triode.db.engine.sqlite_connection import run_writes, translate
from triode.db.engine.sqlite_streams import CursorParts, OpenCursors, ReadingEngine
from triode.db.errors import TransactionError

T = TypeVar("T")


class Snapshot:
    """A reading connection that sees the database as it was at its first statement."""

    def __init__(self, engine: ReadingEngine) -> None:
        self.engine = engine
        self._reader = engine.borrow()
        self._turn = threading.Lock()
        self._is_open = True
        self.cursors = OpenCursors()
        self._reader.connection.execute("BEGIN")
        self.awaiting = AwaitingSnapshotChannel(self)
        self.blocking = SnapshotChannel(self)

    def use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do one thing on the connection."""
        with self._turn:
            if not self._is_open:
                raise TransactionError("The transaction has ended.")
            self.engine.limit(self._reader)
            try:
                return work(self._reader.connection)
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode == sqlite3.SQLITE_READONLY:
                    raise TransactionError(READ_ONLY) from exc
                raise translate(exc) from exc
            except Exception as exc:
                raise translate(exc) from exc

    def end(self) -> None:
        """End it and give the connection back."""
        with self._turn:
            if not self._is_open:
                return
            self._is_open = False
            self.cursors.close_all()
            self._reader.connection.execute("ROLLBACK")
            self.engine.give_back(self._reader)


class SnapshotChannel:
    """The statements of a snapshot, for plain code."""

    is_blocking = True

    def __init__(self, snapshot: Snapshot) -> None:
        self.engine = snapshot.engine
        self._snapshot = snapshot

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return self._snapshot.use(work)

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a thread has to be waited for."""
        return

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return await self._run(lambda connection: connection.execute(sql, parameters).fetchall())

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`; refused, but for the savepoints of inner blocks."""
        return await self._run(partial(run_writes, writes=writes))

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return CursorParts(self._snapshot.cursors, self._run, (sql, parameters), size)

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        self._snapshot.end()

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        self._snapshot.end()


class AwaitingSnapshotChannel(SnapshotChannel):
    """The statements of a snapshot, for code on an event loop."""

    is_blocking = False

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self.engine.in_thread(self._snapshot.use, work)

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        await asyncio.shield(self.engine.in_thread(self._snapshot.end))

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        await asyncio.shield(self.engine.in_thread(self._snapshot.end))
