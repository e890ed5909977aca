"""Look after the connections of a server: end those that are too slow, make room for new ones.

One timer for a server instead of one for each request: it ticks every connection once a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from triode.server.limits import Limits, connection_limit

INTERVAL = 1.0
# How long it is believed that no connection is idle.
STALE_SECONDS = 0.25


class Sweepable(Protocol):
    """A connection as the sweeper sees it."""

    transport: Any
    silent_seconds: int

    @property
    def is_idle(self) -> bool:
        """Whether nothing is lost if it ends."""
        ...

    def tick(self) -> None:
        """Count one second, and close the connection if it was one too many."""
        ...


class Sweeper:
    """Ticks every connection of a server, as long as there are any."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, connections: set[Any], max_connections: int
    ) -> None:
        self._loop = loop
        self._connections = connections
        self._is_running = False
        self._max_connections = max_connections
        self._idle: deque[Sweepable] = deque()
        self._look_again = 0.0

    def wake(self) -> None:
        """Start ticking if that has stopped."""
        if not self._is_running:
            self._is_running = True
            self._loop.call_later(INTERVAL, self._sweep)

    def has_room(self, newcomer: Sweepable) -> bool:
        """Whether there is room for a connection that was just added.

        Where there is none, one that does nothing is closed, the longest silent first: whoever
        holds many connections must not keep others out.
        """
        if len(self._connections) <= self._max_connections:
            return True
        if not self._idle:
            self._look_for_idle(newcomer)
        while self._idle:
            oldest = self._idle.popleft()
            if oldest.is_idle and not oldest.transport.is_closing():
                oldest.transport.abort()
                return True
        return False

    def _look_for_idle(self, newcomer: Sweepable) -> None:
        """List the idle connections; not again and again while there are hardly any."""
        now = self._loop.time()
        if now < self._look_again:
            return
        found = [one for one in self._ticked() if one.is_idle and one is not newcomer]
        self._idle.extend(sorted(found, key=lambda one: -one.silent_seconds))
        if len(found) * 8 < len(self._connections):
            self._look_again = now + STALE_SECONDS

    def _ticked(self) -> list[Any]:
        """Return the connections, without the WebSockets, whose protocol has its own ping."""
        return [one for one in self._connections if hasattr(one, "tick")]

    def _sweep(self) -> None:
        self._idle.clear()
        for connection in self._ticked():
            connection.tick()
        self._is_running = bool(self._connections)
        if self._is_running:
            self._loop.call_later(INTERVAL, self._sweep)


_sweepers: WeakKeyDictionary[Any, Sweeper] = WeakKeyDictionary()


def sweeper_for(server_state: Any, loop: asyncio.AbstractEventLoop, limits: Limits) -> Sweeper:
    """Return the sweeper of a server."""
    sweeper = _sweepers.get(server_state)
    if sweeper is None:
        connections = server_state.connections
        sweeper = Sweeper(loop, connections, connection_limit(limits))
        _sweepers[server_state] = sweeper
    return sweeper
