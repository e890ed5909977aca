"""A channel that runs nothing: it tells what would be run first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triode.db.engine import AllAtOnce, Engine, Outcome, Parts, Row, Write


class Recorded(Exception):
    """The first statement of an operation."""

    def __init__(self, sql: str, parameters: Sequence[Any], *, is_write: bool) -> None:
        super().__init__(sql)
        self.sql = sql
        self.parameters = parameters
        self.is_write = is_write


class Recorder:
    """Raises `Recorded` instead of running a statement."""

    is_blocking = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.awaiting = self
        self.blocking = self

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """See `Channel.read_now`."""
        raise Recorded(sql, parameters, is_write=False)

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """See `Channel.read`."""
        raise Recorded(sql, parameters, is_write=False)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """See `Channel.write`."""
        first = writes[0]
        given = first.parameters[0] if first.many and first.parameters else first.parameters
        raise Recorded(first.sql, given, is_write=True)

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return AllAtOnce(lambda: self.read(sql, parameters), size)

    async def begin(self) -> Recorder:
        """See `RootChannel.begin`."""
        return self

    async def commit(self) -> None:
        """See `PinnedChannel.commit`."""

    async def rollback(self) -> None:
        """See `PinnedChannel.rollback`."""
