"""The channel of a database that is only read: a copy that another one writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triode.db.engine.protocol import (
    USUAL,
    Channel,
    Engine,
    Mode,
    Outcome,
    Parts,
    Pinned,
    Write,
)
from triode.db.errors import QueryError


class ReadOnlyChannel:
    """Does what another channel does, but for writing."""

    def __init__(self, channel: Channel, shown: str) -> None:
        self._channel = channel
        self._shown = shown
        self.read_now = channel.read_now
        self.read = channel.read

    @property
    def is_blocking(self) -> bool:
        """Whether the channel is for plain code."""
        return bool(getattr(self._channel, "is_blocking", False))

    @property
    def engine(self) -> Engine:
        """The engine of the channel."""
        return self._channel.engine

    async def begin(self, mode: Mode = USUAL) -> Pinned:
        """Begin a transaction in which the database itself refuses to write."""
        root: Any = self._channel
        begun: Pinned = await root.begin(mode._replace(is_read_only=True))
        return begun

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Refuse.

        Raises:
            QueryError: always.
        """
        raise QueryError(
            f"{self._shown} is read-only: it is a copy that another database writes. Write there, "
            "without .using(…).",
            code="database-read-only",
        )

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """See `Channel.stream`."""
        return self._channel.stream(sql, parameters, size)
