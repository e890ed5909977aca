"""A channel that tells an observer of every statement; used only while somebody observes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, TypeAlias

from triode.db.engine.protocol import (
    Channel,
    Engine,
    Outcome,
    Parts,
    Pinned,
    PinnedChannel,
    Row,
    Write,
)

# (sql, seconds, rows read or changed: None where that is not known)
Observer: TypeAlias = Callable[[str, float, "int | None"], None]


class ObservedChannel:
    """Does what another channel does, and tells what ran; also of statements that failed."""

    def __init__(self, channel: Channel, observer: Observer) -> None:
        self._channel = channel
        self._observer = observer

    @property
    def is_blocking(self) -> bool:
        """Whether the channel is for plain code."""
        return self._channel.is_blocking

    async def begin(self) -> Pinned:
        """See `RootChannel.begin`."""
        root: Any = self._channel
        return ObservedPinned(await root.begin(), self._observer)

    @property
    def engine(self) -> Engine:
        """The engine of the channel."""
        return self._channel.engine

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """See `Channel.read_now`; a read that has to wait is told by `read`."""
        begun = perf_counter()
        rows = self._channel.read_now(sql, parameters)
        if rows is not None:
            self._observer(sql, perf_counter() - begun, len(rows))
        return rows

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        begun = perf_counter()
        count: int | None = None
        try:
            rows = await self._channel.read(sql, parameters)
            count = len(rows)
            return rows
        finally:
            self._observer(sql, perf_counter() - begun, count)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`; the time is that of all of them, commit included."""
        begun = perf_counter()
        outcomes: list[Outcome] = []
        try:
            outcomes = await self._channel.write(writes)
            return outcomes
        finally:
            seconds = perf_counter() - begun
            for at, write in enumerate(writes):
                count = outcomes[at].changed if at < len(outcomes) else None
                self._observer(write.sql, seconds / len(writes), count)

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`; told at its end, with the time that the database took."""
        parts = self._channel.stream(sql, parameters, size)
        return ObservedParts(parts, lambda seconds, count: self._observer(sql, seconds, count))


class ObservedParts:
    """Parts that are told of once they are closed."""

    def __init__(self, parts: Parts, tell: Callable[[float, int], None]) -> None:
        self._parts = parts
        self._tell = tell
        self._seconds = 0.0
        self._count = 0

    async def fetch(self) -> list[Row]:
        """See `Parts.fetch`."""
        begun = perf_counter()
        try:
            rows = await self._parts.fetch()
        finally:
            self._seconds += perf_counter() - begun
        self._count += len(rows)
        return rows

    async def close(self) -> None:
        """See `Parts.close`."""
        try:
            await self._parts.close()
        finally:
            self._tell(self._seconds, self._count)


class ObservedPinned:
    """A transaction whose statements are told."""

    def __init__(self, pinned: Pinned, observer: Observer) -> None:
        self.awaiting = ObservedPinnedChannel(pinned.awaiting, observer)
        self.blocking = ObservedPinnedChannel(pinned.blocking, observer)


class ObservedPinnedChannel(ObservedChannel):
    """A channel of such a transaction."""

    def __init__(self, channel: PinnedChannel, observer: Observer) -> None:
        super().__init__(channel, observer)
        self._pinned = channel

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""
        await self._pinned.commit()

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
        await self._pinned.rollback()
