"""Any other database that SQLAlchemy knows, through its plain drivers.

Statements of code on an event loop run in threads of the engine's own, those of plain code where
it stands. MariaDB and MySQL are the ones that are tried.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from triode.concurrency import ThreadPool
from triode.db.engine.generic_errors import reason_of
from triode.db.engine.generic_statements import MYSQL, rows_of, run, run_write, translated
from triode.db.engine.generic_streams import PartsHere, ThreadedParts
from triode.db.engine.generic_transaction import GenericTransaction
from triode.db.engine.network import NetworkChannel, unavailable
from triode.db.engine.options import EngineOptions
from triode.db.engine.protocol import USUAL, Mode, Outcome, Parts, Row, Write
from triode.db.engine.stream_turns import StreamTurns
from triode.db.errors import (
    ConnectionLost,
)
from triode.errors import ConfigError, MissingExtraError

T = TypeVar("T")

POOL_SIZE = 10
MYSQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"
"""What is wrong is refused, not changed until it fits."""


class GenericEngine:
    """One database of any kind."""

    pinned: ContextVar[Any]

    def __init__(self, url: URL, options: EngineOptions = EngineOptions()) -> None:  # noqa: B008
        self.plans: dict[Any, Any] = {}
        self.address = url.render_as_string(hide_password=True)
        pool_size = options.pool_size or POOL_SIZE
        self._engine = _make_engine(url, pool_size)
        if self._engine.dialect.name in MYSQL:
            event.listen(self._engine, "connect", mysql_settings(options))
        elif options.statement_timeout is not None:
            raise ConfigError(
                f"statement_timeout is not known for {self._engine.dialect.name}; set it on its "
                "server.",
                code="database-option",
            )
        self._is_known = False
        self._knowing = threading.Lock()
        # Those who wait for a connection must not keep out those who have one.
        self.entering = ThreadPool(2 * pool_size)
        self.inside = ThreadPool(pool_size)
        self.turns = StreamTurns(pool_size)
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
                raise unavailable(self.address, reason_of(exc)) from exc
        dialect = self._engine.dialect
        if not dialect.positional:
            raise ConfigError(
                f"The driver of {self.address} takes parameters by name only. Use another one.",
                code="database-url",
            )
        if not (dialect.insert_returning or dialect.name in MYSQL):
            raise ConfigError(
                f"{dialect.name} does not tell which key it gave a new row, so models cannot be "
                "kept in it.",
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

    def connect(self) -> Connection:
        """Take a connection out of the pool."""
        return self._engine.connect()

    def on_sqlalchemy(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection on which it begins its own transactions."""
        with self._engine.connect() as connection:
            default = self._engine.dialect.default_isolation_level
            return work(connection.execution_options(isolation_level=default))

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        try:
            return self._read(sql, parameters)
        except ConnectionLost:
            # A read that nobody answered does no harm when it is asked again.
            return self._read(sql, parameters)

    def _read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
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

    def begin(self, mode: Mode = USUAL) -> GenericTransaction:
        with translated():
            connection = self._engine.connect()
            try:
                usual = self._engine.dialect.default_isolation_level or ""
                level = mode.isolation.upper() if mode.isolation else usual
                connection = connection.execution_options(isolation_level=level)
                connection.begin()
                if mode.is_read_only:
                    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
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
        # SECURITY: they would stand in the traceback of what nobody expected, and so in a log.
        "hide_parameters": True,
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
        raise _missing_driver(url, str(exc.name)) from exc
    return engine


def _missing_driver(url: URL, package: str) -> Exception:
    if url.get_backend_name() in MYSQL and package == "pymysql":
        return MissingExtraError(package, extra="mysql", feature="MySQL or MariaDB")
    return ConfigError(
        f"A database at {url.drivername}:// needs the package {package!r}, which is not "
        f"installed. Install it, or name another driver, as in {url.get_backend_name()}+driver://.",
        code="database-url",
    )


def mysql_settings(options: EngineOptions) -> Callable[[Any, object], None]:
    """Return what sets up a new connection to MySQL or MariaDB."""
    seconds = options.statement_timeout

    def configure(connection: Any, record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION sql_mode = '{MYSQL_MODE}', time_zone = '+00:00'")
            if seconds is None:
                return
            cursor.execute("SELECT version()")
            if "MariaDB" in cursor.fetchone()[0]:
                cursor.execute(f"SET SESSION max_statement_time = {seconds}")
            else:  # MySQL limits reads alone
                cursor.execute(f"SET SESSION max_execution_time = {round(seconds * 1000)}")

    return configure


class AwaitingChannel(NetworkChannel):
    """The channel for code on an event loop."""

    is_blocking = False

    def __init__(self, engine: GenericEngine) -> None:
        self.engine = engine

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return await self.engine.entering.submit(lambda: self.engine.read(sql, parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        return await self.engine.entering.submit(lambda: self.engine.write(writes))

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return ThreadedParts(self.engine, (sql, parameters), size)

    async def begin(self, mode: Mode = USUAL) -> GenericTransaction:
        """See `RootChannel.begin`."""
        beginning = self.engine.entering.submit(lambda: self.engine.begin(mode))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(self._give_back)
            raise

    def _give_back(self, beginning: asyncio.Future[GenericTransaction]) -> None:
        if not beginning.cancelled() and beginning.exception() is None:
            block = beginning.result()
            self.engine.inside.submit(lambda: block.finish(is_commit=False))


class BlockingChannel(NetworkChannel):
    """The channel for plain code; its coroutines never suspend."""

    is_blocking = True

    def __init__(self, engine: GenericEngine) -> None:
        self.engine = engine

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return self.engine.read(sql, parameters)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        return self.engine.write(writes)

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return PartsHere(self.engine, (sql, parameters), size)

    async def begin(self, mode: Mode = USUAL) -> GenericTransaction:
        """See `RootChannel.begin`."""
        return self.engine.begin(mode)
