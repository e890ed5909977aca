"""Rows of a query that are read as a whole, where nothing else can be done, and given in parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from triode.db.engine.protocol import Row


class AllAtOnce:
    """Rows that are read as a whole and handed out in parts."""

    def __init__(self, read: Callable[[], Awaitable[list[Row]]], size: int) -> None:
        self._read = read
        self._size = size
        self._rows: list[Row] | None = None
        self._start = 0

    async def fetch(self) -> list[Row]:
        if self._rows is None:
            self._rows = await self._read()
        start = self._start
        self._start += self._size
        return self._rows[start : self._start]

    async def close(self) -> None:
        self._rows = []
