"""UUIDs that sort by the time at which they were made."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from typing import Final

_COUNTER_BITS: Final = 42
_lock: Final = threading.Lock()


class _Last:
    """What the last UUID was made of."""

    milliseconds = 0
    counter = 0


def uuid7() -> uuid.UUID:
    """Return a UUID of version 7: milliseconds since 1970, a counter, and chance.

    Each is greater than every one made before in this process, also where the clock is set back.
    Within a millisecond a 42-bit counter that starts anywhere in its lower half grows by one, and
    32 bits are random. See RFC 9562, 5.7 and 6.2 (method 1).
    """
    now = time.time_ns() // 1_000_000
    with _lock:
        if now > _Last.milliseconds:
            _Last.milliseconds, _Last.counter = now, _fresh_counter()
        else:
            _Last.counter += 1
            if _Last.counter >> _COUNTER_BITS:
                _Last.milliseconds, _Last.counter = _Last.milliseconds + 1, _fresh_counter()
        milliseconds, counter = _Last.milliseconds, _Last.counter
    high, low = counter >> 30, counter & 0x3FFF_FFFF
    number = milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << 32
    return uuid.UUID(int=number | secrets.randbits(32))


def _fresh_counter() -> int:
    return secrets.randbits(_COUNTER_BITS - 1)
