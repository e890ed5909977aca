"""Transactions: `async with transaction():`, or `with transaction():` in plain code.

Everything the block does to the database is committed together when it ends, or undone when it
raises. A transaction inside another one is a savepoint.
"""

from __future__ import annotations

from contextvars import Token
from types import TracebackType
from typing import Any

from triode.db.database import Database, current_database
from triode.db.engine import Write
from triode.db.errors import TransactionError
from triode.db.nesting import Level
from triode.db.statement import drive


class Transaction:
    """One block; made by `transaction`."""

    def __init__(self, database: Database | None = None) -> None:
        self._given = database
        self._database: Database | None = None
        self._level: Level | None = None
        self._token: Token[Level | None] | None = None

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
        outer = database.level()
        if outer is None:
            root = database.engine.blocking if is_blocking else database.engine.awaiting
            level = Level(await root.begin())
        else:
            level = await _open_inner(outer, is_blocking=is_blocking)
        self._level = level
        self._token = database.pinned.set(level)

    async def _leave(self, *, failed: bool, is_blocking: bool) -> None:
        level, database = self._level, self._database
        assert level is not None
        assert database is not None
        assert self._token is not None
        database.pinned.reset(self._token)
        if level.outer is not None:
            await _close_inner(level, failed=failed, is_blocking=is_blocking)
            return
        level.end()
        channel = _channel(level, is_blocking)
        if failed:
            level.restore()
            await channel.rollback()
            return
        try:
            await channel.commit()
        except Exception:
            level.restore()
            raise


async def _open_inner(outer: Level, *, is_blocking: bool) -> Level:
    outer.check()
    level = Level(outer.pinned, outer)
    try:
        await _channel(level, is_blocking).write([Write(f"SAVEPOINT {level.savepoint}")])
    except BaseException:
        level.end()
        raise
    return level


async def _close_inner(level: Level, *, failed: bool, is_blocking: bool) -> None:
    if not level.is_open:
        level.restore()
        if failed:
            return
        raise TransactionError("The transaction around this one ended before it.")
    channel = _channel(level, is_blocking)
    try:
        if failed:
            await channel.write([Write(f"ROLLBACK TO SAVEPOINT {level.savepoint}")])
        await channel.write([Write(f"RELEASE SAVEPOINT {level.savepoint}")])
    finally:
        level.end()
        if failed:
            level.restore()
        else:
            level.keep()


def _channel(level: Level, is_blocking: bool) -> Any:
    return level.pinned.blocking if is_blocking else level.pinned.awaiting


def transaction(database: Database | None = None) -> Transaction:
    """Open a transaction in the current database, or in `database`.

    Raises:
        DatabaseBusy: another process kept the database locked for too long.
    """
    return Transaction(database)
