"""PostgreSQL through asyncpg.

Each event loop has a pool of its own. Plain code runs its statements on a loop in a thread that
the engine starts when it is first needed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine.network import NetworkChannel, unavailable
from triode.db.engine.options import EngineOptions
from triode.db.engine.postgres_driver import give_up, load_driver
from triode.db.engine.postgres_errors import is_unsent, translate
from triode.db.engine.postgres_listening import Listener
from triode.db.engine.postgres_pool import Connection, Connections
from triode.db.engine.postgres_streams import PartsAside, StreamParts
from triode.db.engine.postgres_transaction import PostgresTransaction
from triode.db.engine.postgres_writing import run_writes
from triode.db.engine.protocol import USUAL, Mode, Outcome, Parts, Row, Write
from triode.db.engine.side_loop import SideLoop
from triode.db.engine.stream_turns import StreamTurns
from triode.db.errors import ConnectionLost

T = TypeVar("T")
POOL_SIZE = 10


class PostgresEngine:
    """One PostgreSQL database."""

    pinned: ContextVar[Any]

    def __init__(self, url: URL, options: EngineOptions = EngineOptions()) -> None:  # noqa: B008
        self.dialect: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
        self.plans: dict[Any, Any] = {}
        self.address = url.render_as_string(hide_password=True)
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._pool_size = options.pool_size or POOL_SIZE
        self._options = options
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()
        self._opening: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )
        self._keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, StreamTurns] = WeakKeyDictionary()
        self._side = SideLoop()
        self.awaiting = AwaitingChannel(self)
        self.blocking = BlockingChannel(self)
        self._driver = load_driver()

    async def start(self) -> None:
        """See `Engine.start`."""
        pool = await self.pool()
        async with pool.lend() as connection:
            await connection.fetchval("SELECT 1")

    async def pool(self) -> Connections:
        """Return the pool of the running loop, made when it is first asked for."""
        loop = asyncio.get_running_loop()
        if asyncio.current_task() is None:
            # The driver asks for its task. The server steps some handlers without one, and
            # makes it when they first wait.
            await asyncio.sleep(0)
        pool = self._pools.get(loop)
        if pool is not None:
            return pool
        lock = self._opening.setdefault(loop, asyncio.Lock())
        async with lock:
            if loop not in self._pools:
                made = self._pools[loop] = await self._make_pool()
                self._turns[loop] = StreamTurns(self._pool_size)
                keeper = _close_with_loop(made)
                await anext(keeper)
                self._keepers[loop] = keeper
        return self._pools[loop]

    async def _make_pool(self) -> Connections:
        try:
            pool = await self._driver.create_pool(
                self._dsn,
                min_size=1,
                max_size=self._pool_size,
                # PERF: our connections keep no state between statements, so the driver's reset,
                # a round trip after each of them, is left out.
                reset=_keep_as_it_is,
                **self._settings(),
            )
        except (OSError, self._driver.PostgresError, self._driver.InterfaceError) as exc:
            raise unavailable(self.address, exc) from exc
        return Connections(pool, self._pool_size, self._driver.InterfaceError)

    def listen(self, channels: tuple[str, ...]) -> Listener:
        """Return what hears notifications, on a connection of its own."""
        return Listener(self._connect_alone, channels)

    async def _connect_alone(self) -> Connection:
        try:
            return await self._driver.connect(self._dsn, **self._settings())
        except (OSError, self._driver.PostgresError, self._driver.InterfaceError) as exc:
            raise unavailable(self.address, exc) from exc

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        if self._options.prepared_statements is False:
            # A pooler gives each transaction another connection, which knows none of them.
            settings["statement_cache_size"] = 0
        if self._options.statement_timeout is not None:
            milliseconds = max(1, round(self._options.statement_timeout * 1000))
            settings["server_settings"] = {"statement_timeout": str(milliseconds)}
        return settings

    async def close(self) -> None:
        """See `Engine.close`."""
        await self._close_pool(asyncio.get_running_loop())
        await asyncio.to_thread(self._close_side)

    def close_now(self) -> None:
        """See `Engine.close_now`."""
        self._close_side()

    def _close_side(self) -> None:
        loop = self._side.loop
        if loop is None:
            return
        self._side.run(self._close_pool(loop))
        self._side.close()

    async def _close_pool(self, loop: asyncio.AbstractEventLoop) -> None:
        self._pools.pop(loop, None)
        keeper = self._keepers.pop(loop, None)
        if keeper is not None:
            await keeper.aclose()

    def run_aside(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the engine's own loop and wait for it."""
        return self._side.run(coroutine)

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        pool = await self.pool()
        try:
            connection = await pool.acquire()
            try:
                rows: list[Row] = await connection.fetch(sql, *parameters)
            except BaseException:
                await pool.release(connection)
                raise
            await pool.done(connection)
        except Exception as exc:
            error = translate(exc)
            if not isinstance(error, ConnectionLost):
                raise error from exc
        else:
            return rows
        # A read that nobody answered does no harm when it is asked again.
        return await self._again(lambda connection: connection.fetch(sql, *parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        pool = await self.pool()
        try:
            connection = await pool.acquire()
            try:
                outcomes = await run_writes(connection, writes)
            except BaseException:
                await pool.release(connection)
                raise
        except Exception as exc:
            if not is_unsent(exc):
                raise translate(exc) from exc
        else:
            await pool.done(connection)
            return outcomes
        return await self._again(lambda connection: run_writes(connection, writes))

    async def _again(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do what a connection that has ended did not do; there may be more such connections."""
        pool = await self.pool()
        for attempt in range(self._pool_size + 1):
            try:
                async with pool.lend() as connection:
                    try:
                        return await work(connection)
                    except Exception as exc:
                        if is_unsent(exc):
                            connection.terminate()
                        raise
            except Exception as exc:
                if not is_unsent(exc) or attempt == self._pool_size:
                    raise translate(exc) from exc
        raise AssertionError  # the last attempt returns or raises

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        return StreamParts(self, (sql, parameters), size)

    def turns(self) -> StreamTurns:
        """Return the turns of streams in the pool of the running loop."""
        return self._turns[asyncio.get_running_loop()]

    async def begin(self, mode: Mode = USUAL) -> PostgresTransaction:
        pool = await self.pool()
        isolation = mode.isolation and mode.isolation.replace(" ", "_")
        for attempt in range(self._pool_size + 1):
            try:
                connection = await pool.acquire()
                block = connection.transaction(isolation=isolation, readonly=mode.is_read_only)
                try:
                    await block.start()
                except BaseException:
                    # Cancelled or failed: nobody knows whether the transaction has begun.
                    await give_up(pool, connection)
                    raise
                return PostgresTransaction(self, pool, connection, block)
            except Exception as exc:
                error = translate(exc)
                # Nothing was done in it yet, so another connection does as well.
                if not isinstance(error, ConnectionLost) or attempt == self._pool_size:
                    raise error from exc
        raise AssertionError  # the last attempt returns or raises


async def _close_with_loop(pool: Connections) -> AsyncGenerator[None, None]:
    """Close the pool when its loop ends: a loop finishes its asynchronous generators first."""
    try:
        yield
    finally:
        await pool.close()


async def _keep_as_it_is(connection: Connection) -> None:
    """Take the place of the driver's reset."""


class AwaitingChannel(NetworkChannel):
    """The channel for code on an event loop."""

    is_blocking = False

    def __init__(self, engine: PostgresEngine) -> None:
        self.engine = engine
        self.read = engine.read
        self.write = engine.write
        self.stream = engine.stream
        self.begin = engine.begin


class BlockingChannel(NetworkChannel):
    """The channel for plain code; its coroutines never suspend."""

    is_blocking = True

    def __init__(self, engine: PostgresEngine) -> None:
        self.engine = engine

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        return self.engine.run_aside(self.engine.read(sql, parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        return self.engine.run_aside(self.engine.write(writes))

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        parts = StreamParts(self.engine, (sql, parameters), size, holder=threading.current_thread())
        return PartsAside(parts, self.engine.run_aside)

    async def begin(self, mode: Mode = USUAL) -> PostgresTransaction:
        """See `RootChannel.begin`."""
        return self.engine.run_aside(self.engine.begin(mode))
