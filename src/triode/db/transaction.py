"""Transactions: `async with transaction():`, or `with transaction():` in plain code.

Everything the block does to the database is committed together when it ends, or undone when it
raises. A transaction inside another one is a savepoint.
"""

from __future__ import annotations

from contextvars import Token
from types import TracebackType
from typing import Any

from triode.db.database import Database, current_database
from triode.db.engine import Pinned, Write
from triode.db.errors import TransactionError
from triode.db.statement import drive


class Transaction:
    """One block; made by `transaction`."""

    def __init__(self, database: Database | None = None) -> None:
        self._given = database
        self._database: Database | None = None
        self._token: Token[Pinned | None] | None = None
        self._savepoint: str | None = None

    async def __aenter__(self) -> Transaction:
        await self._enter(is_blocking=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._leave(failed=kind is not None, is_blocking=False)

    def __enter__(self) -> Transaction:
        drive(self._enter(is_blocking=True))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        drive(self._leave(failed=kind is not None, is_blocking=True))

    async def _enter(self, *, is_blocking: bool) -> None:
        if self._database is not None:
            raise TransactionError("A transaction is entered once. Make another one.")
        database = self._database = self._given or current_database()
        pinned = database.pinned.get()
        if pinned is None:
            root = database.engine.blocking if is_blocking else database.engine.awaiting
            self._token = database.pinned.set(await root.begin())
            return
        self._savepoint = f"inner_{id(self)}"
        await self._channel(pinned, is_blocking).write([Write(f"SAVEPOINT {self._savepoint}")])

    async def _leave(self, *, failed: bool, is_blocking: bool) -> None:
        assert self._database is not None
        pinned = self._database.pinned.get()
        assert pinned is not None
        channel = self._channel(pinned, is_blocking)
        if self._savepoint is not None:
            if failed:
                await channel.write([Write(f"ROLLBACK TO SAVEPOINT {self._savepoint}")])
            await channel.write([Write(f"RELEASE SAVEPOINT {self._savepoint}")])
            return
        assert self._token is not None
        self._database.pinned.reset(self._token)
        if failed:
            await channel.rollback()
        else:
            await channel.commit()

    @staticmethod
    def _channel(pinned: Pinned, is_blocking: bool) -> Any:
        return pinned.blocking if is_blocking else pinned.awaiting


def transaction(database: Database | None = None) -> Transaction:
    """Open a transaction in the current database, or in `database`.

    Raises:
        DatabaseBusy: another process kept the database locked for too long.
    """
    return Transaction(database)
