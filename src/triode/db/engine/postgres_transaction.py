"""One transaction on one connection to PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from triode.db.engine.network import NetworkChannel
from triode.db.engine.postgres_driver import give_up
from triode.db.engine.postgres_errors import translate
from triode.db.engine.postgres_pool import Connection, Connections
from triode.db.engine.postgres_streams import CursorParts
from triode.db.engine.postgres_writing import LOCKING, Guard
from triode.db.engine.protocol import ABORTED, LOST, Engine, Outcome, Parts, Row, Write
from triode.db.errors import ConnectionLost, TransactionError

T = TypeVar("T")


class PostgresTransaction:
    """One transaction on one connection, which belongs to the loop that began it."""

    def __init__(self, engine: Engine, pool: Connections, connection: Connection) -> None:
        self.engine = engine
        self.home = asyncio.get_running_loop()
        self._pool = pool
        self._connection = connection
        self._turn = asyncio.Lock()
        self._is_open = True
        self.guard = Guard()
        self.awaiting = PinnedChannel(self, self._await_home, is_blocking=False)
        self.blocking = PinnedChannel(self, self._wait_for_home, is_blocking=True)

    async def _await_home(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if asyncio.get_running_loop() is self.home:
            return await coroutine
        self._refuse_after_end(coroutine)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self.home))

    async def _wait_for_home(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if _running_loop() is self.home:
            coroutine.close()
            raise TransactionError(
                "run() was called on the event loop inside `async with transaction()`, where it "
                "would wait for itself. Use await."
            )
        self._refuse_after_end(coroutine)
        return asyncio.run_coroutine_threadsafe(coroutine, self.home).result()

    def _refuse_after_end(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Refuse to run on a loop that has ended: the database was closed, or its program is."""
        if self.home.is_closed():
            coroutine.close()
            raise ConnectionLost(LOST)

    def note(self, *texts: str) -> None:
        """See `Connections.note`."""
        for sql in texts:
            self._pool.note(self._connection, sql)

    async def on_connection(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do one thing at a time on the connection."""
        if not self._is_open:
            raise TransactionError("The transaction has ended.")
        try:
            async with self._turn:
                return await work(self._connection)
        except Exception as exc:
            raise translate(exc) from exc

    async def finish(self, *, is_commit: bool) -> None:
        """End the transaction and give the connection back.

        Raises:
            TransactionError: there was nothing left to commit.
        """
        if not self._is_open:
            return
        self._is_open = False
        if self.home.is_closed():
            return  # its connections ended with it
        try:
            try:
                async with self._turn:
                    status = await self._connection.execute("COMMIT" if is_commit else "ROLLBACK")
            except BaseException:
                await give_up(self._pool, self._connection)
                raise
            await self._pool.done(self._connection)
        except Exception as exc:
            raise translate(exc) from exc
        if is_commit and status != "COMMIT":
            # PostgreSQL takes a COMMIT after an error for a ROLLBACK, and calls it no error.
            raise TransactionError(ABORTED)


class PinnedChannel(NetworkChannel):
    """The statements of one transaction; `go` brings a coroutine to the transaction's loop."""

    def __init__(
        self,
        block: PostgresTransaction,
        go: Callable[..., Awaitable[Any]],
        *,
        is_blocking: bool,
    ) -> None:
        self.engine = block.engine
        self.is_blocking = is_blocking
        self._block = block
        self._go = go

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        self._block.note(sql)
        guard = self._block.guard

        async def fetch(connection: Connection) -> list[Row]:
            if LOCKING in sql:
                return await guard.read_locking(connection, sql, parameters)
            return await connection.fetch(sql, *parameters)  # type: ignore[no-any-return]

        rows: list[Row] = await self._go(self._block.on_connection(fetch))
        return rows

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`; durable once the transaction is committed."""
        self._block.note(*[each.sql for each in writes])
        outcomes: list[Outcome] = await self._go(
            self._block.on_connection(lambda connection: self._block.guard.run(connection, writes))
        )
        return outcomes

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        self._block.note(sql)
        return CursorParts(self._block, self._go, (sql, parameters), size)

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        await self._go(self._block.finish(is_commit=True))

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        await self._go(self._block.finish(is_commit=False))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
