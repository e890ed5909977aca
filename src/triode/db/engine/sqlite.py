"""SQLite: reads where the caller is, writes through one writer.

A read on an event loop runs right there, because it takes a few microseconds; SQLite's progress
handler stops it when it exceeds `READ_BUDGET`, and a thread runs it again. A query that was
stopped goes to a thread at once for a while.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from triode.db.engine.options import EngineOptions
from triode.db.engine.protocol import USUAL, Mode, Outcome, Parts, Row, Write
from triode.db.engine.sqlite_budget import (
    READ_BUDGET,
    WITHOUT_BUDGET,
    Reader,
)
from triode.db.engine.sqlite_connection import (
    check_path,
    connect,
    run_writes,
    translate,
    unavailable,
)
from triode.db.engine.sqlite_snapshot import Snapshot
from triode.db.engine.sqlite_streams import stream_here, stream_in_threads
from triode.db.engine.sqlite_transaction import SQLiteTransaction, roll_back
from triode.db.engine.sqlite_writer import Job, Lane, TransactionJob, Writer
from triode.db.errors import DatabaseUnavailable, TransactionError

SLOW_MEMORY = 10.0
"""Seconds during which a query that exceeded the budget goes straight to a thread."""

RETRY_MEMORY = 0.05
"""Seconds for which a query that was stopped once is believed to be slow."""


READING_THREADS = 4
"""Threads for slow reads, where `pool_size` says nothing."""

_memory_numbers = itertools.count(1)


class SQLiteEngine:
    """One SQLite file, or a database in memory where `path` is None."""

    pinned: ContextVar[Any]

    def __init__(
        self,
        path: Path | None,
        options: EngineOptions = EngineOptions(),  # noqa: B008
    ) -> None:
        self.dialect = SQLiteDialect_pysqlite(paramstyle="qmark")
        self.plans: dict[Any, Any] = {}
        self.path = path
        self._options = options
        if path is None:
            self._address = f"file:triode{next(_memory_numbers)}?mode=memory&cache=shared"
        else:
            self._address = str(path)
        self._is_uri = path is None
        self._readers: list[Reader] = []
        self._writer: Writer | None = None
        self._keeper: sqlite3.Connection | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._slow: dict[str, float] = {}
        self._lock = threading.Lock()
        self.awaiting = AwaitingChannel(self)
        self.blocking = BlockingChannel(self)

    @property
    def is_in_memory(self) -> bool:
        return self.path is None

    async def start(self) -> None:
        """See `Engine.start`."""
        self.open()

    def open(self) -> None:
        """Open the database, unless it is open."""
        if self._writer is not None:
            return
        with self._lock:
            if self._writer is not None:
                return
            if self.path is not None:
                check_path(self.path)
            # Opened here first, so that a problem is told here. It stays open: a database in
            # memory lives as long as one connection does.
            self._keeper = self._connect_writer()
            try:
                self._keeper.execute("BEGIN IMMEDIATE")
                self._keeper.execute("ROLLBACK")
                self._keeper.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            except sqlite3.Error as exc:
                self._keeper.close()
                error = translate(exc)
                is_broken = isinstance(error, DatabaseUnavailable)
                raise (unavailable(self._address, exc) if is_broken else error) from exc
            self._threads = ThreadPoolExecutor(
                self._options.pool_size or READING_THREADS, "triode-reader"
            )
            self._writer = Writer(self._connect_writer)

    def _connect_writer(self) -> sqlite3.Connection:
        limit = self._options.statement_timeout
        return connect(self._address, is_uri=self._is_uri, is_reader=False, limit=limit)

    async def close(self) -> None:
        """See `Engine.close`."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """See `Engine.close_now`."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        if self._threads is not None:
            self._threads.shutdown()
        writer.close()
        while self._readers:
            self._readers.pop().connection.close()
        if self._keeper is not None:
            self._keeper.close()

    def writer(self) -> Writer:
        if self._writer is None:
            self.open()
        assert self._writer is not None
        return self._writer

    def borrow(self) -> Reader:
        """Take a reader out of the pool; give it back with `give_back`."""
        try:
            return self._readers.pop()
        except IndexError:
            if self._writer is None:
                self.open()
            return Reader(self._address, is_uri=self._is_uri)

    def give_back(self, reader: Reader) -> None:
        reader.looks = WITHOUT_BUDGET
        if self._writer is None:
            reader.connection.close()
        else:
            self._readers.append(reader)

    def read_within_budget(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """Return the rows, or None if the query would hold the event loop for too long."""
        if sql in self._slow and self.is_slow(sql):
            return None
        reader = self.borrow()
        reader.looks = 0
        try:
            return reader.connection.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise translate(exc) from exc
            self.was_stopped(sql)
            return None
        except Exception as exc:
            raise translate(exc) from exc
        finally:
            self.give_back(reader)

    def is_slow(self, sql: str) -> bool:
        """Whether a query was slow lately, and so goes to a thread at once."""
        if sql not in self._slow or monotonic() >= self._slow[sql]:
            self._slow.pop(sql, None)
            return False
        return True

    def was_stopped(self, sql: str) -> None:
        """Remember a query for a moment, so that `read`, which comes next, goes to a thread.

        `read_to_the_end` then says whether it is slow or only met a busy machine.
        """
        self._slow[sql] = monotonic() + RETRY_MEMORY

    def read_to_the_end(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Return the rows, however long it takes."""
        reader = self.borrow()
        started = monotonic()
        self.limit(reader)
        try:
            return reader.fetch(sql, parameters)
        except Exception as exc:
            raise translate(exc) from exc
        finally:
            self.give_back(reader)
            # Remembered only here: a query that was cut short once may just have met a busy
            # machine.
            if monotonic() - started > READ_BUDGET:
                self._slow[sql] = monotonic() + SLOW_MEMORY

    def limit(self, reader: Reader) -> None:
        """Let what the reader does next take no longer than `statement_timeout`."""
        if self._options.statement_timeout is not None:
            reader.deadline = monotonic() + self._options.statement_timeout

    def in_thread(self, function: Any, *arguments: Any) -> asyncio.Future[Any]:
        self.open()
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


class AwaitingChannel:
    """The channel for code on an event loop."""

    is_blocking = False

    def __init__(self, engine: SQLiteEngine) -> None:
        self.engine = engine

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        rows = self.engine.read_within_budget(sql, parameters)
        if rows is None:
            return await self._read_in_thread(sql, parameters)
        return rows

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """See `Channel.read_now`."""
        return self.engine.read_within_budget(sql, parameters)

    async def _read_in_thread(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        engine = self.engine
        rows: list[Row] = await engine.in_thread(engine.read_to_the_end, sql, parameters)
        return rows

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        job = Job(partial(run_writes, writes=writes), asyncio.get_running_loop())
        self.engine.writer().put(job)
        return await job.future  # type: ignore[no-any-return]

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return stream_in_threads(self.engine, sql, parameters, size)

    async def begin(self, mode: Mode = USUAL) -> SQLiteTransaction | Snapshot:
        """See `RootChannel.begin`; a transaction that only reads leaves the writer alone."""
        if mode.is_read_only:
            return Snapshot(self.engine)
        job = TransactionJob(asyncio.get_running_loop())
        self.engine.writer().put(job)
        try:
            lane: Lane = await job.future
        except asyncio.CancelledError:
            # The writer may have begun already; a lane that nobody holds must not stay open.
            with suppress(TransactionError):  # it has not begun, and never will
                job.lane.put(Job(roll_back, asyncio.get_running_loop()))
            raise
        return SQLiteTransaction(self.engine, lane)


class BlockingChannel:
    """The channel for plain code; its coroutines never suspend."""

    is_blocking = True

    def __init__(self, engine: SQLiteEngine) -> None:
        self.engine = engine

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return self.engine.read_to_the_end(sql, parameters)

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read_now`."""
        return self.engine.read_to_the_end(sql, parameters)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        job = Job(partial(run_writes, writes=writes), None)
        self.engine.writer().put(job)
        return job.future.result()  # type: ignore[no-any-return]

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return stream_here(self.engine, sql, parameters, size)

    async def begin(self, mode: Mode = USUAL) -> SQLiteTransaction | Snapshot:
        """See `RootChannel.begin`; a transaction that only reads leaves the writer alone."""
        if mode.is_read_only:
            return Snapshot(self.engine)
        job = TransactionJob(None)
        self.engine.writer().put(job)
        return SQLiteTransaction(self.engine, job.future.result())
