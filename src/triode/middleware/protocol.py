"""What a middleware of ours is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

from triode.http import Call, Reply

Run: TypeAlias = Callable[[Call], "Reply | Awaitable[Reply]"]


@runtime_checkable
class Middleware(Protocol):
    """Wraps every endpoint of an application.

    `wrap` is called once per route when the application starts. What it returns is called once
    per request, and may return a reply at once or a coroutine of one.
    """

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        ...
