"""LISTEN: hear what other connections say with NOTIFY.

A listener has a connection of its own, outside of the pool. When it is lost, another takes its
place; what was said meanwhile is gone, and the listener is told that it may have missed something.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NamedTuple, Self

from triode.db.engine.postgres_errors import translate
from triode.db.errors import DatabaseBusy, DatabaseUnavailable

QUEUE_LIMIT: Final = 10_000
"""Notifications that wait for a slow reader; beyond that they count as missed."""

QUIET_LIMIT: Final = 30.0
"""Seconds of silence after which the connection is asked whether it is still there."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0


class Notification(NamedTuple):
    """What was said on a channel; a payload of None means that something may have been missed."""

    channel: str
    payload: str | None


class Listener:
    """An open ear: `async with` opens and closes it, `async for` gives what is said."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], channels: tuple[str, ...]) -> None:
        self._connect = connect
        self._channels = channels
        self._connection: Any = None
        self._heard: deque[Notification] = deque()
        self._is_behind = False
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Notification]:
        """Give what is said until the loop is left."""
        is_mine = self._connection is None
        try:
            if is_mine:
                await self._open()
            while True:
                while self._heard:
                    yield self._heard.popleft()
                await self._wait()
        finally:
            if is_mine:
                await self.close()

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            await connection.close()

    async def _open(self) -> None:
        connection = await self._connect()
        try:
            connection.add_termination_listener(self._lose)
            for channel in self._channels:
                await connection.add_listener(channel, self._hear)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection

    def _hear(self, connection: Any, number: int, channel: str, payload: str) -> None:
        if len(self._heard) < QUEUE_LIMIT:
            self._heard.append(Notification(channel, payload))
        else:
            self._is_behind = True
        self._news.set()

    def _lose(self, connection: Any) -> None:
        self._news.set()

    async def _wait(self) -> None:
        """Wait until there is something to give, whatever happens to the connection."""
        self._news.clear()
        if self._is_behind:
            self._is_behind = False
            self._tell_of_a_gap()
            return
        if self._connection is None or self._connection.is_closed():
            await self._open_again()
            self._tell_of_a_gap()
            return
        try:
            await asyncio.wait_for(self._news.wait(), QUIET_LIMIT)
        except TimeoutError:
            await self._ask()

    async def _ask(self) -> None:
        try:
            await self._connection.execute("SELECT 1", timeout=QUIET_LIMIT)
        except Exception as exc:
            if not isinstance(translate(exc), DatabaseBusy):
                raise
            self._connection.terminate()

    async def _open_again(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._open()
                return
            except (DatabaseBusy, DatabaseUnavailable):
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _tell_of_a_gap(self) -> None:
        self._heard.extend(Notification(channel, None) for channel in self._channels)
