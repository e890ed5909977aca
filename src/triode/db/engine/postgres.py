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

from triode.db.engine.forking import watch_for_forks
from triode.db.engine.options import EngineOptions
from triode.db.engine.postgres_errors import is_unsent, translate, unavailable
from triode.db.engine.postgres_listening import Listener
from triode.db.engine.postgres_pool import Connection, Connections
from triode.db.engine.postgres_streams import CursorParts, PartsAside, StreamParts
from triode.db.engine.postgres_writing import Guard, run_writes
from triode.db.engine.protocol import ABORTED, LOST, USUAL, Mode, Outcome, Parts, Row, Write
from triode.db.engine.side_loop import SideLoop
from triode.db.engine.stream_turns import StreamTurns
from triode.db.errors import ConnectionLost, TransactionError
from triode.errors import MissingExtraError

T = TypeVar("T")
POOL_SIZE = 10

CLOSE_LIMIT = 2.0
"""Seconds that a connection may take to close before it is aborted."""


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
        self._begin_anew()
        self.awaiting = AwaitingChannel(self)
        self.blocking = BlockingChannel(self)
        self._driver = _driver()
        watch_for_forks(self)

    def _begin_anew(self) -> None:
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()
        self._opening: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )
        self._keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, StreamTurns] = WeakKeyDictionary()
        self._side = SideLoop()

    def let_go(self) -> Any:
        """See `Forked.let_go`."""
        opened = ([*self._pools.items()], [*self._keepers.items()], self._side)
        self._begin_anew()
        return opened

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
                pool.note(connection, sql)
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
        return await self._again([sql], lambda connection: connection.fetch(sql, *parameters))

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        pool = await self.pool()
        try:
            connection = await pool.acquire()
            try:
                for each in writes:
                    pool.note(connection, each.sql)
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
        texts = [each.sql for each in writes]
        return await self._again(texts, lambda connection: run_writes(connection, writes))

    async def _again(self, texts: Sequence[str], work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do what a connection that has ended did not do; there may be more such connections."""
        pool = await self.pool()
        for attempt in range(self._pool_size + 1):
            try:
                async with pool.lend() as connection:
                    for sql in texts:
                        pool.note(connection, sql)
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
        begin = _beginning(mode)
        for attempt in range(self._pool_size + 1):
            try:
                connection = await pool.acquire()
                try:
                    await connection.execute(begin)
                except BaseException:
                    # Cancelled or failed: nobody knows whether the transaction has begun.
                    await _give_up(pool, connection)
                    raise
                return PostgresTransaction(self, pool, connection)
            except Exception as exc:
                error = translate(exc)
                # Nothing was done in it yet, so another connection does as well.
                if not isinstance(error, ConnectionLost) or attempt == self._pool_size:
                    raise error from exc
        raise AssertionError  # the last attempt returns or raises


def _beginning(mode: Mode) -> str:
    isolation = f" ISOLATION LEVEL {mode.isolation.upper()}" if mode.isolation else ""
    return f"BEGIN{isolation}{' READ ONLY' if mode.is_read_only else ''}"


async def _give_up(pool: Connections, connection: Connection) -> None:
    """Close a connection in an unknown state; the pool opens another in its place."""
    await asyncio.shield(_close(pool, connection))


async def _close(pool: Connections, connection: Connection) -> None:
    driver = _driver()
    try:
        # Not aborted: the driver may still be cancelling a statement, and waits for that here.
        await connection.close(timeout=CLOSE_LIMIT)
    except (OSError, TimeoutError, driver.InterfaceError, driver.PostgresError):
        # The driver has aborted it then, or the server closed it before.
        return
    finally:
        await pool.release(connection)


async def _close_with_loop(pool: Connections) -> AsyncGenerator[None, None]:
    """Close the pool when its loop ends: a loop finishes its asynchronous generators first."""
    try:
        yield
    finally:
        await pool.close()


async def _keep_as_it_is(connection: Connection) -> None:
    """Take the place of the driver's reset."""


class AwaitingChannel:
    """The channel for code on an event loop."""

    is_blocking = False

    def __init__(self, engine: PostgresEngine) -> None:
        self.engine = engine
        self.read = engine.read
        self.write = engine.write
        self.stream = engine.stream
        self.begin = engine.begin

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return


class BlockingChannel:
    """The channel for plain code; its coroutines never suspend."""

    is_blocking = True

    def __init__(self, engine: PostgresEngine) -> None:
        self.engine = engine

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return

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


class PostgresTransaction:
    """One transaction on one connection, which belongs to the loop that began it."""

    def __init__(self, engine: PostgresEngine, pool: Connections, connection: Connection) -> None:
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
                await _give_up(self._pool, self._connection)
                raise
            await self._pool.done(self._connection)
        except Exception as exc:
            raise translate(exc) from exc
        if is_commit and status != "COMMIT":
            # PostgreSQL takes a COMMIT after an error for a ROLLBACK, and calls it no error.
            raise TransactionError(ABORTED)


class PinnedChannel:
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

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        self._block.note(sql)
        rows: list[Row] = await self._go(
            self._block.on_connection(lambda connection: connection.fetch(sql, *parameters))
        )
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


def _driver() -> Any:
    try:
        import asyncpg  # type: ignore[import-untyped]
    except ImportError as exc:
        raise MissingExtraError("asyncpg", extra="postgres", feature="PostgreSQL") from exc
    return asyncpg
