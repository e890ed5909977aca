"""Transactions: `async with transaction():`, or `with transaction():` in plain code.

Everything the block does to the database is committed together when it ends, or undone when it
raises. A transaction inside another one is a savepoint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextvars import Token
from types import TracebackType
from typing import Any, Final, get_args

from triode.db.commit_hooks import call_awaiting, call_now
from triode.db.database import Database, database_for
from triode.db.engine import USUAL, Isolation, Mode, Write
from triode.db.errors import TransactionError
from triode.db.nesting import Level
from triode.db.statement import drive


class Transaction:
    """One block; made by `transaction`."""

    def __init__(self, database: Database | str | None = None, mode: Mode = USUAL) -> None:
        self._given = database
        self._mode = mode
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
        await call_awaiting(self._due())

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
        call_now(self._due())

    def _due(self) -> list[Any]:
        """Return what waited for the commit, once, if this block is the outermost."""
        level = self._level
        if level is None or level.outer is not None:
            return []
        hooks, level.hooks = level.hooks, []
        return hooks

    async def _enter(self, *, is_blocking: bool) -> None:
        if self._database is not None:
            raise TransactionError("A transaction is entered once. Make another one.")
        database = self._database = database_for(self._given)
        outer = database.level()
        if outer is None:
            root = database.engine.blocking if is_blocking else database.engine.awaiting
            mode = self._mode._replace(is_read_only=True) if database.is_read_only else self._mode
            level = Level(await root.begin(mode))
        else:
            self._refuse_mode()
            level = await _open_inner(outer, is_blocking=is_blocking)
        self._level = level
        self._token = database.pinned.set(level)

    def _refuse_mode(self) -> None:
        if self._mode != USUAL:
            raise TransactionError(
                "isolation and read_only belong to the outermost transaction; this one is inside "
                "another. Write them there."
            )

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
        if failed or level.is_doomed:
            level.restore()
            await channel.rollback()
            if failed:
                return
            raise TransactionError(
                "The transaction was undone: the end of a block inside it was cancelled, and "
                "nobody knows what of it remained."
            )
        try:
            await channel.commit()
        except Exception:
            level.restore()
            raise


async def _open_inner(outer: Level, *, is_blocking: bool) -> Level:
    outer.check()
    level = Level(outer.pinned, outer)
    try:
        await _channel(level, is_blocking).write(
            [Write(f"SAVEPOINT {level.savepoint}", is_short=True)]
        )
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
        await channel.write([Write(f"RELEASE SAVEPOINT {level.savepoint}", is_short=True)])
    except BaseException:
        level.doom()
        raise
    finally:
        level.end()
        if failed:
            level.restore()
        else:
            level.keep()


def _channel(level: Level, is_blocking: bool) -> Any:
    return level.pinned.blocking if is_blocking else level.pinned.awaiting


_ISOLATIONS: Final = get_args(Isolation)


def transaction(
    database: Database | str | None = None,
    *,
    isolation: Isolation | None = None,
    read_only: bool = False,
) -> Transaction:
    """Open a transaction in the current database, or in `database`, which may be a name.

    `isolation` is that of the SQL standard; SQLite always gives "serializable". With `read_only`
    every statement sees the same moment (on PostgreSQL with "repeatable read"), and on SQLite
    nobody has to wait for the block.

    Raises:
        DatabaseBusy: another process kept the database locked for too long.
        TransactionError: the isolation is not known.
    """
    if isolation is not None and isolation not in _ISOLATIONS:
        raise TransactionError(
            f"The isolation {isolation!r} is not known. There are: {', '.join(_ISOLATIONS)}."
        )
    return Transaction(database, Mode(isolation, read_only))


async def request_transaction() -> AsyncIterator[Transaction]:
    """Be the transaction of one request, as a dependency: `Depends(request_transaction)`.

    It is committed before the response is sent, and undone where the handler raises.
    """
    async with transaction() as block:
        yield block


def request_transaction_in(database: Database | str) -> Callable[[], AsyncIterator[Transaction]]:
    """Return what is the transaction of one request in a database, by its name or itself.

    `Depends(request_transaction_in("archive"))`; see `request_transaction`.
    """

    async def of_request() -> AsyncIterator[Transaction]:
        async with transaction(database) as block:
            yield block

    of_request.__lifetime__ = "function"  # type: ignore[attr-defined]
    return of_request


request_transaction.__lifetime__ = "function"  # type: ignore[attr-defined]
