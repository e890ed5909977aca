"""The blocks of a transaction, one in another, and what each must undo in memory.

A rollback undoes what happened to the rows; the objects that stand for them have to follow, or
they would go on to change rows that were given their keys since.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Final

from triode.db.engine import Channel, Engine, Outcome, Parts, Pinned, Write
from triode.db.errors import TransactionError

_numbers: Final = itertools.count(1)


class Level:
    """One block: the transaction itself, or a savepoint in the block `outer`."""

    def __init__(self, pinned: Pinned, outer: Level | None = None) -> None:
        self.pinned = pinned
        self.outer = outer
        self.savepoint = f"inner_{id(self)}"
        # The open blocks of one transaction, shared by all of them; the innermost is the last.
        self._open: list[Level] = [] if outer is None else outer._open
        self._open.append(self)
        self._remembered: dict[int, Snapshot] = {}
        self.hooks: list[Callable[[], Any]] = []
        self.is_doomed = False
        self.awaiting = LevelChannel(self, pinned.awaiting)
        self.blocking = LevelChannel(self, pinned.blocking)

    @property
    def is_open(self) -> bool:
        return self in self._open

    def check(self) -> None:
        """Refuse a change where another task's inner block is open: it would undo the change too.

        Raises:
            TransactionError: this block has ended, or is not the innermost.
        """
        if not self.is_open:
            raise TransactionError("The transaction has ended.")
        if self._open[-1] is not self:
            raise TransactionError(
                "Another task has a transaction open inside this one, which would take this "
                "change with it if it were undone. Let one end before the next begins, or give "
                "each task a transaction of its own."
            )

    def remember(self, row: Any) -> None:
        """Keep what `row` holds, for the case that the block is undone."""
        if id(row) not in self._remembered:
            self._remembered[id(row)] = Snapshot(row)

    def end(self) -> None:
        """End the block, with those that were left open in it."""
        if self.is_open:
            del self._open[self._open.index(self) :]

    def keep(self) -> None:
        """Leave what it remembers and what waits for the commit to the block around it."""
        if self.outer is not None:
            self.outer.hooks += self.hooks
            for key, snapshot in self._remembered.items():
                self.outer._remembered.setdefault(key, snapshot)
        self._remembered = {}

    def doom(self) -> None:
        """Let none of the blocks around this one be committed: nobody knows what it has undone."""
        level: Level | None = self
        while level is not None:
            level.is_doomed = True
            level = level.outer

    def restore(self) -> None:
        """Give the objects back what they held before the block."""
        self.hooks = []
        for snapshot in self._remembered.values():
            snapshot.restore()
        self._remembered = {}


class Snapshot:
    """What an object held at one moment."""

    __slots__ = ("_hidden", "_loaded", "_public", "_row")

    def __init__(self, row: Any) -> None:
        table = type(row).__table__
        self._row = row
        self._public = table.read_public(row)
        self._hidden = dict(vars(row))
        slots = table.slots
        self._loaded = (
            [(slot, slot.peek(row)) for slot in slots.values() if slot.member] if slots else ()
        )

    def restore(self) -> None:
        table = type(self._row).__table__
        for field, value in zip(table.public, self._public, strict=True):
            table.set(self._row, field.name, value)
        hidden = vars(self._row)
        hidden.clear()
        hidden.update(self._hidden)
        for slot, value in self._loaded:
            slot.fill(self._row, value)


class LevelChannel:
    """A channel whose writes belong to one block."""

    def __init__(self, level: Level, channel: Channel) -> None:
        self.level = level
        self._channel = channel
        self.read_now = channel.read_now
        self.read = channel.read

    @property
    def engine(self) -> Engine:
        return self._channel.engine

    @property
    def is_blocking(self) -> bool:
        return self._channel.is_blocking

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        self.level.check()
        return await self._channel.write(writes)

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return self._channel.stream(sql, parameters, size)


class Filling(Level):
    """Where an iterator stands that gives rows to a bulk write outside of a transaction.

    What it reads goes over the connection of the write, once that has one. What it would write is
    refused: some of it would be undone with the rows and some not, and on SQLite, whose writer is
    taken, it would wait for itself.
    """

    def __init__(self, engine: Engine) -> None:
        self.outer = None
        self.is_doomed = False
        self._open = [self]
        self._remembered = {}
        self.join(engine)

    def join(self, source: Engine | Pinned) -> None:
        """Read by way of `source`."""
        self.awaiting = LevelChannel(self, source.awaiting)
        self.blocking = LevelChannel(self, source.blocking)

    def check(self) -> None:
        """Refuse a write, and the beginning of a transaction.

        Raises:
            TransactionError: always.
        """
        raise TransactionError(
            "An iterator writes while it gives rows to insert_many, update_many or upsert, which "
            "is a transaction by itself. Write async with transaction() around all of it, so that "
            "both are one."
        )

    @property
    def hooks(self) -> list[Callable[[], Any]]:  # type: ignore[override]
        self.check()
        return []


@contextmanager
def filling(channel: Channel, pinned: ContextVar[Level | None]) -> Iterator[Filling | None]:
    """Let an iterator of the user run within this context; None: it is in a transaction anyway."""
    if isinstance(channel, LevelChannel):
        yield None
        return
    level = Filling(channel.engine)
    token = pinned.set(level)
    try:
        yield level
    finally:
        level.end()
        pinned.reset(token)


@asynccontextmanager
async def one_unit(channel: Channel, filled: Filling | None = None) -> AsyncIterator[Channel]:
    """Give a channel whose writes are all done or none: a transaction, or a savepoint in one.

    `filled` is where the iterator stands that gives what is written.
    """
    if isinstance(channel, LevelChannel):
        async with _savepoint(channel):
            yield channel
        return
    root: Any = channel
    pinned = await root.begin()
    if filled is not None:
        filled.join(pinned)
    inner = pinned.blocking if root.is_blocking else pinned.awaiting
    try:
        yield inner
    except BaseException:
        await inner.rollback()
        raise
    await inner.commit()


@asynccontextmanager
async def _savepoint(channel: LevelChannel) -> AsyncIterator[None]:
    name = f"unit_{next(_numbers)}"
    await channel.write([Write(f"SAVEPOINT {name}", is_short=True)])
    try:
        yield
    except BaseException:
        await channel.write([Write(f"ROLLBACK TO SAVEPOINT {name}")])
        await channel.write([Write(f"RELEASE SAVEPOINT {name}", is_short=True)])
        raise
    await channel.write([Write(f"RELEASE SAVEPOINT {name}", is_short=True)])


def remember(channel: Channel, row: Any) -> None:
    """Keep what `row` holds if `channel` belongs to a transaction, which may be undone."""
    if isinstance(channel, LevelChannel):
        channel.level.remember(row)
