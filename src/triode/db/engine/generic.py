"""Any other database that SQLAlchemy knows, through its plain drivers.

Statements of code on an event loop run in threads of the engine's own, those of plain code where
it stands. MariaDB and MySQL are the ones that are tried.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, CursorResult
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from triode.concurrency import ThreadPool
from triode.db.engine.generic_errors import translate, unavailable
from triode.db.engine.protocol import Outcome, Row, Write
from triode.db.errors import TransactionError
from triode.errors import ConfigError, MissingExtraError

T = TypeVar("T")

POOL_SIZE = 10
MYSQL = ("mysql", "mariadb")
MYSQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"
"""What is wrong is refused, not changed until it fits."""


class GenericEngine:
    """One database of any kind."""

    def __init__(self, url: URL, *, pool_size: int = POOL_SIZE) -> None:
        self.plans: dict[Any, Any] = {}
        self.address = url.render_as_string(hide_password=True)
        self._pool_size = pool_size
        self._engine = _make_engine(url, pool_size)
        self._is_known = False
        self._knowing = threading.Lock()
        # Those who wait for a connection must not keep out those who have one.
        self.entering = ThreadPool(2 * pool_size)
        self.inside = ThreadPool(pool_size)
        self.awaiting = AwaitingChannel(self)
        self.blocking = BlockingChannel(self)

    @property
    def dialect(self) -> Dialect:
        """The dialect; what it can do is known once the server has said which one it is."""
        if not self._is_known:
            self._get_to_know()
        return self._engine.dialect

    def _get_to_know(self) -> None:
        with self._knowing:
            try:
                with self._engine.connect():
                    self._is_known = True
            except SQLAlchemyError as exc:
                raise unavailable(self.address, exc) from exc
        if not self._engine.dialect.positional:
            raise ConfigError(
                f"The driver of {self.address} takes parameters by name only. Use another one.",
                code="database-url",
            )

    async def start(self) -> None:
        """See `Engine.start`."""
        await self.entering.submit(lambda: self.dialect)

    async def close(self) -> None:
        """See `Engine.close`."""
        self.close_now()

    def close_now(self) -> None:
        """See `Engine.close_now`."""
        self._engine.dispose()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection on which each statement is a transaction by itself."""
        with translated(), self._engine.connect() as connection:
            yield connection

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        with self.connection() as connection:
            return rows_of(run(connection, sql, parameters))

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        if len(writes) == 1:
            with self.connection() as connection:
                return [run_write(connection, writes[0])]
        block = self.begin()
        try:
            outcomes = block.write(writes, is_alone=True)
        except BaseException:
            block.finish(is_commit=False)
            raise
        block.finish(is_commit=True)
        return outcomes

    def begin(self) -> GenericTransaction:
        with translated():
            connection = self._engine.connect()
            try:
                default = self._engine.dialect.default_isolation_level
                connection = connection.execution_options(isolation_level=default)
                connection.begin()
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
        return GenericTransaction(self, connection)


def _make_engine(url: URL, pool_size: int) -> sa.Engine:
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 0,
        # A connection that the server has closed meanwhile is replaced unnoticed.
        "pool_pre_ping": True,
        "isolation_level": "AUTOCOMMIT",
    }
    try:
        engine = sa.create_engine(url, **options)
        if engine.dialect.paramstyle == "pyformat":  # such a driver takes parameters in order too
            engine = sa.create_engine(url, paramstyle="format", **options)
    except NoSuchModuleError as exc:
        raise ConfigError(
            f"There is no engine for {url.drivername!r}: there are sqlite, postgresql, and what "
            "SQLAlchemy has a dialect for, such as mysql+pymysql and mariadb+pymysql.",
            code="database-url",
        ) from exc
    except ModuleNotFoundError as exc:
        raise MissingExtraError(
            str(exc.name), extra="mysql", feature=f"The database {url.drivername}"
        ) from exc
    if engine.dialect.name in MYSQL:
        sa.event.listen(engine, "connect", _make_strict)
    return engine


def _make_strict(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET SESSION sql_mode = '{MYSQL_MODE}', time_zone = '+00:00'")
    cursor.close()


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in the place of the driver's."""
    try:
        yield
    except DBAPIError as exc:
        raise translate(exc) from exc
    except sa.exc.TimeoutError as exc:
        raise translate(exc) from exc


def run(connection: Connection, sql: str, parameters: Sequence[Any]) -> CursorResult[Any]:
    """Run one statement."""
    return connection.exec_driver_sql(sql, tuple(parameters))


def run_write(connection: Connection, write: Write) -> Outcome:
    """Run one writing statement."""
    if write.many:
        if not write.parameters:
            return Outcome([], 0)
        connection.exec_driver_sql(write.sql, [tuple(each) for each in write.parameters])
        return Outcome([], len(write.parameters))
    result = run(connection, write.sql, write.parameters)
    if result.returns_rows:
        rows = rows_of(result)
        return Outcome(rows, len(rows))
    return Outcome([], result.rowcount)


def rows_of(result: CursorResult[Any]) -> list[Row]:
    """Return the driver's own rows."""
    cursor = result.cursor
    rows = list(cursor.fetchall()) if cursor is not None else []
    result.close()
    return rows


class GenericTransaction:
    """One transaction on one connection, which one thread uses at a time."""

    def __init__(self, engine: GenericEngine, connection: Connection) -> None:
        self.engine = engine
        self._connection = connection
        self._turn = threading.Lock()
        self._is_open = True
        self.awaiting = PinnedAwaitingChannel(self)
        self.blocking = PinnedBlockingChannel(self)

    @contextmanager
    def _held(self) -> Iterator[Connection]:
        with self._turn:
            if not self._is_open:
                raise TransactionError("The transaction has ended.")
            with translated():
                yield self._connection

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        with self._held() as connection:
            return rows_of(run(connection, sql, parameters))

    def write(self, writes: Sequence[Write], *, is_alone: bool = False) -> list[Outcome]:
        """Run writes; where one of several is refused, none of them has happened.

        `is_alone` says that the transaction has nothing else in it, and is undone as a whole.
        """
        with self._held() as connection:
            if len(writes) == 1 or is_alone:
                return [run_write(connection, each) for each in writes]
            with connection.begin_nested():
                return [run_write(connection, each) for each in writes]

    def finish(self, *, is_commit: bool) -> None:
        """End the transaction and give the connection back."""
        with self._turn:
            if not self._is_open:
                return
            self._is_open = False
            with translated(), self._connection as connection:
                (connection.commit if is_commit else connection.rollback)()


class AwaitingChannel:
    """The channel for code on an event loop."""

    is_blocking = False

    def __init__(self, engine: GenericEngine) -> None:
        self.engine = engine

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return await self.engine.entering.submit(lambda: self.engine.read(sql, parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        return await self.engine.entering.submit(lambda: self.engine.write(writes))

    async def stream(
        self, sql: str, parameters: Sequence[Any], size: int
    ) -> AsyncIterator[list[Row]]:
        """See `Channel.stream`."""
        engine = self.engine
        steps = _stream(engine, sql, parameters, size)
        try:
            threads = engine.entering
            while (rows := await threads.submit(lambda: next(steps, None))) is not None:
                threads = engine.inside
                yield rows
        finally:
            await asyncio.shield(engine.inside.submit(steps.close))

    async def begin(self) -> GenericTransaction:
        """See `RootChannel.begin`."""
        beginning = self.engine.entering.submit(self.engine.begin)
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(self._give_back)
            raise

    def _give_back(self, beginning: asyncio.Future[GenericTransaction]) -> None:
        if not beginning.cancelled() and beginning.exception() is None:
            block = beginning.result()
            self.engine.inside.submit(lambda: block.finish(is_commit=False))


class BlockingChannel:
    """The channel for plain code; its coroutines never suspend."""

    is_blocking = True

    def __init__(self, engine: GenericEngine) -> None:
        self.engine = engine

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return self.engine.read(sql, parameters)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        return self.engine.write(writes)

    async def stream(
        self, sql: str, parameters: Sequence[Any], size: int
    ) -> AsyncIterator[list[Row]]:
        """See `Channel.stream`."""
        for rows in _stream(self.engine, sql, parameters, size):
            yield rows

    async def begin(self) -> GenericTransaction:
        """See `RootChannel.begin`."""
        return self.engine.begin()


def _stream(
    engine: GenericEngine, sql: str, parameters: Sequence[Any], size: int
) -> Iterator[list[Row]]:
    """Give rows from a cursor that stays on the server where the driver can do that."""
    with engine.connection() as connection:
        streaming = connection.execution_options(stream_results=True, max_row_buffer=size)
        result = run(streaming, sql, parameters)
        for part in result.partitions(size):
            yield [tuple(row) for row in part]


class PinnedAwaitingChannel:
    """The statements of one transaction, for code on an event loop."""

    def __init__(self, block: GenericTransaction) -> None:
        self.engine = block.engine
        self._block = block

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return

    async def _go(self, work: Callable[[], T]) -> T:
        return await self.engine.inside.submit(work)

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return await self._go(lambda: self._block.read(sql, parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`; durable once the transaction is committed."""
        return await self._go(lambda: self._block.write(writes))

    async def stream(
        self, sql: str, parameters: Sequence[Any], size: int
    ) -> AsyncIterator[list[Row]]:
        """See `Channel.stream`; the rows are read at once."""
        rows = await self.read(sql, parameters)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        await asyncio.shield(self._go(lambda: self._block.finish(is_commit=True)))

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        await asyncio.shield(self._go(lambda: self._block.finish(is_commit=False)))


class PinnedBlockingChannel(PinnedAwaitingChannel):
    """The statements of one transaction, for plain code."""

    async def _go(self, work: Callable[[], T]) -> T:
        return work()

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        self._block.finish(is_commit=True)

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        self._block.finish(is_commit=False)
