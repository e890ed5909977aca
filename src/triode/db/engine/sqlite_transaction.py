"""One transaction on SQLite, run by the writer or, what is short, on the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, Protocol

from triode.db.engine.protocol import Engine, Outcome, Parts, Row, Write
from triode.db.engine.sqlite_budget import (
    fetch_within_budget,
)
from triode.db.engine.sqlite_connection import (
    run_writes,
)
from triode.db.engine.sqlite_streams import CursorParts
from triode.db.engine.sqlite_writer import Job, Lane, Task

LONGEST_BRIEF: Final = 100_000
"""Characters of a value that is written on an event loop."""


class BudgetedEngine(Engine, Protocol):
    """What a transaction asks the engine before it reads on an event loop."""

    def is_slow(self, sql: str) -> bool: ...

    def was_stopped(self, sql: str) -> None: ...


class _Pinned:
    """The statements of one transaction, all run by the writer.

    Subclasses say how to wait for a job.
    """

    def __init__(self, engine: BudgetedEngine, lane: Lane) -> None:
        self.engine = engine
        self._lane = lane

    async def _run(self, task: Task[Any]) -> Any:
        raise NotImplementedError

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """See `Channel.read_now`: the transaction's thread has to be waited for."""
        return None

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        cursor_rows: list[Row] = await self._run(partial(_fetch, sql=sql, parameters=parameters))
        return cursor_rows

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`; durable once the transaction is committed."""
        outcomes: list[Outcome] = await self._run(partial(self._write, writes=writes))
        return outcomes

    def _write(self, connection: sqlite3.Connection, writes: Sequence[Write]) -> list[Outcome]:
        self._lane.cursors.settle()
        return run_writes(connection, writes)

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`; a write meanwhile takes the rest of the rows into memory."""
        return CursorParts(self._lane.cursors, self._run, (sql, parameters), size)

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        await self._run(_commit)

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        if self._lane.is_open:
            await self._run(roll_back)


class PinnedAwaitingChannel(_Pinned):
    """A transaction of code on an event loop.

    PERF: what is short is done on the loop and not by the writer's thread, as reads outside of
    transactions are: an insert 86 -> 21 us.
    """

    is_blocking = False

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """See `Channel.read_now`."""
        return None if self._lane.is_due else self._read_here(sql, parameters)

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        await self._lane.let_others()
        rows = self._read_here(sql, parameters)
        return await super().read(sql, parameters) if rows is None else rows

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        if all(map(_is_brief, writes)) and not self._lane.cursors.are_open:
            await self._lane.let_others()
            outcomes = self._lane.here(partial(self._write, writes=writes))
            if outcomes is not None:
                return outcomes
        return await super().write(writes)

    def _read_here(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        # A PRAGMA may change something, and SQLite undoes all of a transaction when it stops that.
        if not sql.startswith("SELECT") or self.engine.is_slow(sql):
            return None
        return self._lane.here(partial(self._fetch_briefly, sql, parameters))

    def _fetch_briefly(
        self, sql: str, parameters: Sequence[Any], connection: sqlite3.Connection
    ) -> list[Row] | None:
        rows = fetch_within_budget(connection, sql, parameters)
        if rows is None:
            self.engine.was_stopped(sql)
        return rows

    async def _run(self, task: Task[Any]) -> Any:
        job = Job(task, asyncio.get_running_loop())
        self._lane.put(job)
        return await job.future


class PinnedBlockingChannel(_Pinned):
    """A transaction of plain code, which does everything but the end of it itself."""

    is_blocking = True

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        rows = self._lane.here(partial(_fetch, sql=sql, parameters=parameters))
        return await super().read(sql, parameters) if rows is None else rows

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        outcomes = self._lane.here(partial(self._write, writes=writes))
        return await super().write(writes) if outcomes is None else outcomes

    async def _run(self, task: Task[Any]) -> Any:
        job = Job(task, None)
        self._lane.put(job)
        return job.future.result()


class SQLiteTransaction:
    """One transaction, for either kind of caller."""

    def __init__(self, engine: BudgetedEngine, lane: Lane) -> None:
        self.awaiting = PinnedAwaitingChannel(engine, lane)
        self.blocking = PinnedBlockingChannel(engine, lane)


def _fetch(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> list[Row]:
    return connection.execute(sql, parameters).fetchall()


_LONG: Final = frozenset({str, bytes})


def _is_brief(write: Write) -> bool:
    if not write.is_short or write.many:
        return False
    for value in write.parameters:
        if type(value) in _LONG and len(value) > LONGEST_BRIEF:
            return False
    return True


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.Error:
        # What the database refuses to commit would keep the writer from everyone else.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    connection.execute("ROLLBACK")
