"""Statements whose rows may be taken one by one: `async for row in query`, `for` in plain code.

The rows are taken from the database in parts. A loop that is left gives its connection back at
once, because nothing else holds its generator; who holds one himself closes it (`aclosing`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
from typing import Any, Final, TypeVar

from triode.db.engine import Channel, Row
from triode.db.sql.plan import Plan
from triode.db.statement import Statement, drive, refuse_on_loop
from triode.db.tables.table import Relation

R = TypeVar("R")

STREAM_SIZE: Final = 500
"""Rows that a streaming query holds in memory."""


class Streamed(Statement[list[R]]):
    """A statement that gives many rows."""

    __slots__ = ()

    def _planned(self, channel: Channel) -> tuple[Plan, Sequence[Any]]:
        """Return what is asked, and the values that go with it."""
        raise NotImplementedError

    async def _made(self, channel: Channel, plan: Plan, rows: list[Row]) -> list[R]:
        """Return what is given for some rows."""
        raise NotImplementedError

    def _part(self, items: list[R]) -> None:
        """Let go of what was given, so that it needs no collector."""

    async def __aiter__(self) -> AsyncGenerator[R, None]:
        """Give the rows one by one, holding only some of them in memory."""
        channel = self.database.channel()
        plan, parameters = self._planned(channel)
        parts = channel.stream(plan.sql, parameters, STREAM_SIZE)
        try:
            while rows := await parts.fetch():
                items = await self._made(channel, plan, rows)
                for item in items:
                    yield item
                self._part(items)
        finally:
            await parts.close()

    def __iter__(self) -> Generator[R, None, None]:
        """Give the rows one by one in plain code, holding only some of them in memory.

        Raises:
            QueryError: an event loop runs here, which it would hold up.
        """
        refuse_on_loop()
        channel = self.database.blocking_channel()
        plan, parameters = self._planned(channel)
        parts = channel.stream(plan.sql, parameters, STREAM_SIZE)
        try:
            while rows := drive(parts.fetch()):
                items = drive(self._made(channel, plan, rows))
                yield from items
                self._part(items)
        finally:
            drive(parts.close())


def part_siblings(objects: Sequence[Any], paths: Iterable[tuple[Relation, ...]]) -> None:
    """Let objects that were given go one by one: each knows all others of its query.

    Rows that know each other in a circle would stay until the collector comes, which is late.
    """
    _forget_siblings(objects)
    for path in paths:
        reached = objects
        for step in path:
            slots = [type(each).__table__.slots[step.name] for each in reached[:1]]
            found = [slot.peek(each) for slot in slots for each in reached]
            reached = [
                one
                for value in found
                for one in (value if isinstance(value, list) else [value])
                if hasattr(one, "__table__")
            ]
            _forget_siblings(reached)


def _forget_siblings(objects: Iterable[Any]) -> None:
    for each in objects:
        vars(each).pop("_siblings", None)
