"""One transaction on one connection of a plain driver."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from triode.db.engine.generic_errors import translate
from triode.db.engine.generic_statements import MYSQL, rows_of, run, run_write, translated
from triode.db.engine.generic_streams import CursorParts, OpenCursor, PooledEngine
from triode.db.engine.network import NetworkChannel
from triode.db.engine.protocol import Outcome, Parts, Row, Write
from triode.db.errors import (
    ConnectionLost,
    SerializationFailure,
    TransactionError,
)

T = TypeVar("T")

UNIT: Final = "unit"
_COMMITTING: Final = re.compile(
    r"\s*(alter|create(?!\s+temporary)|drop(?!\s+temporary)|rename|truncate|grant|revoke|lock)\b",
    re.IGNORECASE,
)


class GenericTransaction:
    """One transaction on one connection, which one thread uses at a time."""

    def __init__(self, engine: PooledEngine, connection: Connection) -> None:
        self.engine = engine
        self._connection = connection
        self._turn = threading.Lock()
        self._is_open = True
        self._undone: SerializationFailure | None = None
        self._cursors: set[OpenCursor] = set()
        self.awaiting = PinnedAwaitingChannel(self)
        self.blocking = PinnedBlockingChannel(self)

    @contextmanager
    def _held(self, *, is_settled: bool = True) -> Iterator[Connection]:
        with self._turn:
            if not self._is_open:
                raise TransactionError("The transaction has ended.")
            if self._undone is not None:
                raise self._undone
            try:
                with translated():
                    if is_settled:
                        self._settle()
                    yield self._connection
            except SerializationFailure as exc:
                # The server has undone the whole transaction; what came now would stand alone.
                self._undone = exc
                raise

    def _settle(self) -> None:
        """Free the connection of what the server still has to send over it."""
        for cursor in self._cursors:
            cursor.settle()

    def open_cursor(self, sql: str, parameters: Sequence[Any], size: int) -> OpenCursor:
        with self._held() as connection:
            cursor = OpenCursor(connection, sql, parameters, size)
            self._cursors.add(cursor)
            return cursor

    def with_cursor(self, work: Callable[[], T]) -> T:
        """Do something with an open cursor."""
        with self._held(is_settled=False):
            return work()

    def close_cursor(self, cursor: OpenCursor) -> None:
        with self._held(is_settled=False):
            self._cursors.discard(cursor)
            cursor.close()

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        with self._held() as connection:
            return rows_of(run(connection, sql, parameters))

    def write(self, writes: Sequence[Write], *, is_alone: bool = False) -> list[Outcome]:
        """Run writes; where one of several is refused, none of them has happened.

        `is_alone` says that the transaction has nothing else in it, and is undone as a whole.
        """
        with self._held() as connection:
            if is_alone:
                return [run_write(connection, each) for each in writes]
            self._refuse_definitions(writes)
            if len(writes) == 1:
                return [run_write(connection, writes[0])]
            dialect = self.engine.dialect
            dialect.do_savepoint(connection, UNIT)
            try:
                outcomes = [run_write(connection, each) for each in writes]
            except DBAPIError as exc:
                if not isinstance(translate(exc), SerializationFailure | ConnectionLost):
                    dialect.do_rollback_to_savepoint(connection, UNIT)
                raise
            dialect.do_release_savepoint(connection, UNIT)
            return outcomes

    def _refuse_definitions(self, writes: Sequence[Write]) -> None:
        if self.engine.dialect.name not in MYSQL:
            return
        found = next((each.sql for each in writes if _COMMITTING.match(each.sql)), None)
        if found is not None:
            raise TransactionError(
                f"{self.engine.dialect.name} commits a transaction before {found[:40]!r}, and "
                "nothing in it could be undone. Do it outside of the transaction."
            )

    def finish(self, *, is_commit: bool) -> None:
        """End the transaction and give the connection back."""
        with self._turn:
            if not self._is_open:
                return
            self._is_open = False
            with translated(), self._connection as connection:
                unread = [cursor for cursor in self._cursors if cursor.is_unread]
                if unread and not is_commit:
                    for cursor in unread:
                        cursor.abandon()
                    connection.invalidate()  # so the server undoes it too
                    return
                while self._cursors:
                    self._cursors.pop().close()
                if is_commit and self._undone is None:
                    connection.commit()
                else:
                    connection.rollback()
            if is_commit and self._undone is not None:
                raise self._undone


class PinnedAwaitingChannel(NetworkChannel):
    """The statements of one transaction, for code on an event loop."""

    is_blocking = False

    def __init__(self, block: GenericTransaction) -> None:
        self.engine = block.engine
        self._block = block

    async def _go(self, work: Callable[[], T]) -> T:
        return await self.engine.inside.submit(work)

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return await self._go(lambda: self._block.read(sql, parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`; durable once the transaction is committed."""
        return await self._go(lambda: self._block.write(writes))

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`; any other statement takes the rest of the rows into memory."""
        return CursorParts(self._block, self._go, (sql, parameters), size)

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        await asyncio.shield(self._go(lambda: self._block.finish(is_commit=True)))

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        await asyncio.shield(self._go(lambda: self._block.finish(is_commit=False)))


class PinnedBlockingChannel(PinnedAwaitingChannel):
    """The statements of one transaction, for plain code."""

    is_blocking = True

    async def _go(self, work: Callable[[], T]) -> T:
        return work()

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        self._block.finish(is_commit=True)

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        self._block.finish(is_commit=False)
