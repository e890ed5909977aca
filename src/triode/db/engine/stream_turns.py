"""How many streams may hold a connection of a pool, so that the statements beside them have one."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Hashable
from concurrent.futures import Future
from typing import Final

from triode.db.errors import DatabaseBusy

PATIENCE: Final = 30.0
"""Seconds that a stream waits for its turn."""


class StreamTurns:
    """Turns for streams, one fewer than there are connections.

    Whoever streams may run other statements for each row. If streams had all connections, all of
    them would wait for ever.
    """

    def __init__(self, pool_size: int) -> None:
        self._free = pool_size - 1
        self._holders: Counter[Hashable] = Counter()
        self._waiting: deque[tuple[Hashable, Future[None]]] = deque()
        self._lock = threading.Lock()

    async def take(self, holder: Hashable) -> bool:
        """Wait for a turn; False: `holder` must do without, for it would wait for itself.

        Raises:
            DatabaseBusy: it took too long.
        """
        turn = self._ask(holder)
        if turn is None:
            return False
        if turn.done():
            return True
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wrap_future(turn)
        except BaseException as exc:
            self._forgo(holder, turn)
            if isinstance(exc, TimeoutError):
                raise _too_many() from exc
            raise
        return True

    def take_now(self, holder: Hashable) -> bool:
        """Do what `take` does, in plain code."""
        turn = self._ask(holder)
        if turn is None:
            return False
        try:
            turn.result(PATIENCE)
        except BaseException as exc:
            self._forgo(holder, turn)
            if isinstance(exc, TimeoutError):
                raise _too_many() from exc
            raise
        return True

    def _ask(self, holder: Hashable) -> Future[None] | None:
        turn: Future[None] = Future()
        with self._lock:
            if self._free > 0:
                self._free -= 1
                self._holders[holder] += 1
                turn.set_result(None)
                return turn
            if not self._holders or holder in self._holders:
                return None
            self._waiting.append((holder, turn))
        return turn

    def _forgo(self, holder: Hashable, turn: Future[None]) -> None:
        if not turn.cancel() and not turn.cancelled():
            self.give_back(holder)  # it came at the same moment

    def give_back(self, holder: Hashable) -> None:
        """End the turn of `holder`; the next one has it."""
        with self._lock:
            self._holders[holder] -= 1
            if not self._holders[holder]:
                del self._holders[holder]
            while self._waiting:
                following, turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    self._holders[following] += 1
                    turn.set_result(None)
                    return
            self._free += 1


def _too_many() -> DatabaseBusy:
    return DatabaseBusy(
        f"Streams have held all connections that they may for {PATIENCE:.0f} seconds. Leave them "
        "earlier, or give the database a larger pool_size."
    )
