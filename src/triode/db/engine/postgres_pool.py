"""The connections to PostgreSQL of one event loop: asyncpg's pool, and those that are at hand.

asyncpg opens, closes, counts and mends connections. One that was given back in good order stays
here for the next statement, or goes straight to who waits for one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from triode.db.engine.postgres_sessions import RESTORE, leaves_traces
from triode.db.engine.stream_turns import PATIENCE

Connection = Any
"""An asyncpg connection; the driver is optional and has no types."""

AT_HAND: Final = 10.0
"""Seconds after which a connection that nobody has used goes back to asyncpg's pool."""

CLOSING: Final = 10.0
"""Seconds that those who still use a connection have when the pool is closed."""

CLOSE_LIMIT: Final = 2.0
"""Seconds that a connection may take to close before it is aborted."""

USES: Final = 1000
"""Uses after which one goes back, so that the pool can look at it."""


class NoConnection(TimeoutError):
    """All connections were in use for too long."""


def _give_up(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


class Connections:
    """The pool of one loop.

    PERF: asyncpg's pool makes a task for each release; without it a row by key takes 62 us of
    processor time, not 89; with 32 tasks on 10 connections 40, not 60.
    """

    def __init__(self, pool: Any, size: int, detached: type[Exception]) -> None:
        """Keep the connections of `pool`; `detached` is raised by those that it has let go."""
        self._pool = pool
        self._size = size
        # Connections taken out of the pool: used, at hand, or just being opened.
        self._held = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._detached = detached
        self._at_hand: list[Connection] = []
        # Those whose session a statement may have changed.
        self._changed: set[Connection] = set()
        # The fewest that were at hand since the last look: so many have not been used.
        self._fewest = 0
        self._uses = 0
        self._timer: asyncio.TimerHandle | None = None
        self._giving_back: asyncio.Task[None] | None = None
        self._is_closing = False

    @property
    def used(self) -> int:
        """How many connections somebody uses now."""
        return int(self._pool.get_size() - self._pool.get_idle_size()) - len(self._at_hand)

    async def acquire(self) -> Connection:
        """Return a connection that nobody else uses, waiting for one if all are used.

        Raises:
            NoConnection: none came back in time.
        """
        while True:
            try:
                connection = self._take() or await self._open_or_wait()
            except TimeoutError as exc:
                raise NoConnection(
                    f"No connection was free for {PATIENCE:.0f} seconds. Hold them for less long, "
                    "or give the database a larger pool_size."
                ) from exc
            if connection is not None and self._is_in_order(connection):
                return connection
            if connection is not None:
                await self.release(connection)

    def _take(self) -> Connection | None:
        if not self._at_hand:
            return None
        self._fewest = min(self._fewest, len(self._at_hand) - 1)
        return self._at_hand.pop()

    async def _open_or_wait(self) -> Connection | None:
        """Return a connection; None when one more may be had now."""
        if self._held < self._size:
            self._held += 1
            try:
                return await self._pool.acquire(timeout=PATIENCE)
            except BaseException:
                self._let_go()
                raise
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiters.append(waiter)
        patience = loop.call_later(PATIENCE, _give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:
                # It was handed over at the same moment.
                if waiter.result() is None:
                    self._wake(None)
                else:
                    await self.done(waiter.result())
            raise
        finally:
            patience.cancel()

    def _wake(self, connection: Connection | None) -> bool:
        """Hand a connection, or the place of one, to who waits longest; False: nobody does."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _let_go(self) -> None:
        self._held -= 1
        self._wake(None)

    def note(self, connection: Connection, sql: str) -> None:
        """Look at a statement before it is run: SECURITY: the next user must not meet its traces.

        Such as the tenant, the role or the temporary table of another request.
        """
        if leaves_traces(sql):
            self._changed.add(connection)

    async def release(self, connection: Connection) -> None:
        """Take a connection back, whatever has become of it."""
        try:
            if connection in self._changed:
                self._changed.discard(connection)
                # Not aborted: the driver may still be cancelling a statement in it.
                with suppress(OSError, TimeoutError, self._detached):
                    await connection.close(timeout=CLOSE_LIMIT)
            await self._pool.release(connection)
        finally:
            self._let_go()

    async def done(self, connection: Connection) -> None:
        """Take a connection back that has done all it was asked to."""
        self._uses += 1
        if self._changed and connection in self._changed:
            await self._restore(connection)
        is_kept = not self._is_closing and self._uses % USES
        if not is_kept or not self._is_in_order(connection):
            await self.release(connection)
        elif not self._wake(connection):
            self._at_hand.append(connection)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(AT_HAND, self._look)

    async def _restore(self, connection: Connection) -> None:
        try:
            await connection.execute(RESTORE)
        except Exception:
            # What it did is done, whatever this says: it only cannot be used again.
            with suppress(self._detached):
                connection.terminate()
        except BaseException:
            await self.release(connection)
            raise
        self._changed.discard(connection)

    def _is_in_order(self, connection: Connection) -> bool:
        try:
            return not (connection.is_closed() or connection.is_in_transaction())
        except self._detached:
            # It was lost, and the pool has taken it back by itself.
            return False

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """Give a connection for a block."""
        connection = await self.acquire()
        try:
            yield connection
        finally:
            await self.release(connection)

    def _look(self) -> None:
        unused, self._at_hand = self._at_hand[: self._fewest], self._at_hand[self._fewest :]
        self._fewest = len(self._at_hand)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(AT_HAND, self._look) if self._at_hand else None
        if unused:
            self._giving_back = loop.create_task(self._release_all(unused))

    async def _release_all(self, connections: list[Connection]) -> None:
        for connection in connections:
            await self.release(connection)

    async def close(self) -> None:
        """Close every connection, waiting for those that are used, but not for ever."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        while self._at_hand:
            await self.release(self._at_hand.pop())
        with suppress(TimeoutError):  # the pool has cut off those that nobody gave back
            async with asyncio.timeout(CLOSING):
                await self._pool.close()
