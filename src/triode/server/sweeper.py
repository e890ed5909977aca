"""Close connections that have been silent for too long.

One timer for a server instead of one for each request: it looks at every connection once a
second. A connection that waits for a request, for the rest of a request's head, or for the rest
of its body is counted up; received data sets it back.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol
from weakref import WeakKeyDictionary

INTERVAL = 1.0


class Sweepable(Protocol):
    """A connection as the sweeper sees it."""

    def tick(self) -> None:
        """Count one second of silence, and close the connection if it was one too many."""
        ...


class Sweeper:
    """Ticks every connection of a server, as long as there are any."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections: set[Any]) -> None:
        self._loop = loop
        self._connections = connections
        self._is_running = False

    def wake(self) -> None:
        """Start ticking if that has stopped."""
        if not self._is_running:
            self._is_running = True
            self._loop.call_later(INTERVAL, self._sweep)

    def _sweep(self) -> None:
        for connection in list(self._connections):
            if hasattr(connection, "tick"):  # a WebSocket's protocol has its own ping
                connection.tick()
        self._is_running = bool(self._connections)
        if self._is_running:
            self._loop.call_later(INTERVAL, self._sweep)


_sweepers: WeakKeyDictionary[Any, Sweeper] = WeakKeyDictionary()


def sweeper_for(server_state: Any, loop: asyncio.AbstractEventLoop) -> Sweeper:
    """Return the sweeper of a server."""
    sweeper = _sweepers.get(server_state)
    if sweeper is None:
        sweeper = _sweepers[server_state] = Sweeper(loop, server_state.connections)
    return sweeper
