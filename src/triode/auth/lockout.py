"""Slow down whoever guesses passwords.

Failures are counted per account and client address, and, where the address is a public one, per
address alone with more patience.
Each failure beyond the free ones doubles the wait. Memory is bounded: the entries that were
quiet for longest go first. Counts live in one process; a wait is short enough that a restart
or a second worker gains an attacker little.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from triode.errors import ClientError

LONGEST_WAIT = 15 * 60.0


class TooManyAttempts(ClientError):
    """Too many failed logins; `wait` is the number of seconds until the next may be tried."""

    default_code = "too-many-attempts"
    status_code = 429

    def __init__(self, wait: float) -> None:
        self.wait = max(1, round(wait))
        super().__init__(f"Too many attempts. Try again in {_spoken(self.wait)}.")
        self.headers = {"retry-after": str(self.wait)}


@dataclass(slots=True)
class _Failures:
    count: int = 0
    free_again: float = 0.0
    last: float = 0.0


class Lockout:
    """Counts failures of a key and says how long it must wait.

    `free` failures cost nothing; the next costs `first_wait` seconds, and each one after it
    twice the one before, up to 15 minutes. After `forget_after` quiet seconds all is forgiven.
    """

    def __init__(
        self,
        *,
        free: int = 5,
        first_wait: float = 2.0,
        forget_after: float = 3600.0,
        capacity: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.free = free
        self.first_wait = first_wait
        self.forget_after = forget_after
        self.capacity = capacity
        self._clock = clock
        self._failures: OrderedDict[tuple[str, ...], _Failures] = OrderedDict()

    def check(self, *key: str) -> None:
        """Let an attempt pass, or refuse it.

        Raises:
            TooManyAttempts: the key has to wait.
        """
        failures = self._failures.get(key)
        if failures is not None and (wait := failures.free_again - self._clock()) > 0:
            raise TooManyAttempts(wait)

    def failed(self, *key: str) -> None:
        """Count a failure."""
        now = self._clock()
        failures = self._failures.pop(key, None)
        if failures is None or now - failures.last > self.forget_after:
            failures = _Failures()
        failures.count += 1
        failures.last = now
        if failures.count >= self.free:
            doublings = min(failures.count - self.free, 30)
            failures.free_again = now + min(self.first_wait * 2**doublings, LONGEST_WAIT)
        self._failures[key] = failures
        while len(self._failures) > self.capacity:
            self._failures.popitem(last=False)

    def forgive(self, *key: str) -> None:
        """Take one failure back."""
        failures = self._failures.get(key)
        if failures is not None:
            failures.count -= 1
            if failures.count < self.free:
                failures.free_again = 0.0

    def succeeded(self, *key: str) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)


def _spoken(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
