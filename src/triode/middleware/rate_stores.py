"""Where a rate limit counts, and how: the generic cell rate algorithm.

A key has one number, the time at which its bucket will be full again. A request moves it on by
`window / quota` and is refused where that would be more than a window from now. So a quota may be
used at once and then comes back evenly; nothing is counted per request, and no counter is reset at
a moment that a client can wait for.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Taken: TypeAlias = tuple[float, int, float]
"""Seconds to wait (0: it may pass), requests that are left, seconds until the bucket is full."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """`quota` requests within `window` seconds."""

    quota: int
    window: float

    @property
    def interval(self) -> float:
        """How many seconds it takes to get one request back."""
        return self.window / self.quota


class RateStore(Protocol):
    """Counts the requests of keys.

    `is_local` says that `take` answers at once and is no coroutine.
    """

    is_local: bool

    def take(self, key: str, rate: Rate) -> Taken | Awaitable[Taken]:
        """Count a request, and say whether it may pass."""
        ...

    async def close(self) -> None:
        """Give back what the store holds."""
        ...


class MemoryStore:
    """Counts in this process; each worker has its own.

    At most `capacity` keys are kept. Beyond it those go that were quiet for longest.
    """

    is_local = True

    def __init__(
        self, *, capacity: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.capacity = capacity
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, rate: Rate) -> Taken:
        """Count a request, and say whether it may pass."""
        now = self._clock()
        known = self._full_at
        full_at = known.get(key)
        if full_at is None:
            self._make_room(now)
            full_at = now
        elif full_at < now:
            full_at = now
        interval = rate.window / rate.quota
        ahead = full_at + interval - now
        over = ahead - rate.window
        if over > _ROUNDING:
            return over, 0, full_at - now
        known[key] = full_at + interval
        known.move_to_end(key)
        return 0.0, int((_ROUNDING - over) / interval), ahead

    def _make_room(self, now: float) -> None:
        """Drop what was quiet for longest: two keys that are full again, or one that is not."""
        known = self._full_at
        for _ in range(2):
            oldest = next(iter(known), None)
            if oldest is None or (known[oldest] > now and len(known) < self.capacity):
                return
            del known[oldest]

    async def close(self) -> None:
        """Forget every key."""
        self._full_at.clear()
