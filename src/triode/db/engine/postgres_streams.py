"""Rows of a PostgreSQL query in parts, by a cursor that stays on the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

from triode.db.engine.parts import AllAtOnce
from triode.db.engine.protocol import Mode, Parts, PinnedChannel, Row
from triode.db.engine.stream_turns import StreamTurns
from triode.db.errors import TransactionError

Question = tuple[str, Sequence[Any]]


class Block(Protocol):
    """A transaction, which does one thing at a time on its connection."""

    @property
    def awaiting(self) -> PinnedChannel: ...

    async def on_connection(self, work: Callable[[Any], Awaitable[Any]]) -> Any: ...

    async def finish(self, *, is_commit: bool) -> None: ...


class PooledEngine(Protocol):
    """What a stream needs of the engine."""

    async def pool(self) -> Any: ...

    def turns(self) -> StreamTurns: ...

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]: ...

    async def begin(self, mode: Mode) -> Block: ...


class CursorParts:
    """The rows of a query within a transaction; `go` brings a coroutine to its loop.

    The cursor sees the moment at which it was opened, whatever is written meanwhile.
    """

    def __init__(
        self, block: Block, go: Callable[..., Awaitable[Any]], question: Question, size: int
    ) -> None:
        self._block = block
        self._go = go
        self._question = question
        self._size = size
        self._cursor: Any = None

    async def fetch(self) -> list[Row]:
        rows: list[Row] = await self._go(self._block.on_connection(self._fetch))
        return rows

    async def _fetch(self, connection: Any) -> list[Row]:
        if self._cursor is None:
            sql, parameters = self._question
            self._cursor = await connection.cursor(sql, *parameters)
        rows: list[Row] = await self._cursor.fetch(self._size)
        return rows

    async def close(self) -> None:
        if self._cursor is not None:
            with suppress(TransactionError):  # its end has closed the cursor
                await self._go(self._block.on_connection(self._close))

    async def _close(self, connection: Any) -> None:
        # The driver has no public way to close a cursor before its transaction ends.
        close = getattr(self._cursor, "_close_portal", None)
        if close is not None and self._cursor._portal_name:
            await close(None)


class StreamParts:
    """The rows of a query outside of transactions, in one of their own.

    `holder` is who asks, where that is not the running task.
    """

    def __init__(
        self, engine: PooledEngine, question: Question, size: int, *, holder: Any = None
    ) -> None:
        self._engine = engine
        self._question = question
        self._size = size
        self._holder = holder
        self._turns: StreamTurns | None = None
        self._block: Block | None = None
        self._parts: Parts | None = None

    async def fetch(self) -> list[Row]:
        if self._parts is None:
            self._parts = await self._open()
        return await self._parts.fetch()

    async def _open(self) -> Parts:
        engine, question = self._engine, self._question
        await engine.pool()
        self._holder = self._holder or asyncio.current_task()
        turns = engine.turns()
        if not await turns.take(self._holder):
            return AllAtOnce(lambda: engine.read(*question), self._size)
        self._turns = turns
        self._block = await engine.begin(Mode(is_read_only=True))
        return self._block.awaiting.stream(*question, self._size)

    async def close(self) -> None:
        block, self._block = self._block, None
        turns, self._turns = self._turns, None
        try:
            if block is not None:
                await block.finish(is_commit=False)
        finally:
            if turns is not None:
                turns.give_back(self._holder)


class PartsAside:
    """Parts for plain code; `run` runs a coroutine on a loop in another thread."""

    def __init__(self, parts: Parts, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._parts = parts
        self._run = run

    async def fetch(self) -> list[Row]:
        rows: list[Row] = self._run(self._parts.fetch())
        return rows

    async def close(self) -> None:
        self._run(self._parts.close())
