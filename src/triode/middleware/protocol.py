"""What a middleware of ours is, and how one stands around another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from triode.http import Call, Reply

Run: TypeAlias = Callable[[Call], "Reply | Awaitable[Reply]"]
SocketRun: TypeAlias = Callable[[Call], Awaitable[Any]]


@runtime_checkable
class EndpointMiddleware(Protocol):
    """Wraps every endpoint of an application.

    `wrap` is called once per route when the application starts. What it returns is called once
    per request, and may return a reply at once or a coroutine of one. What else a middleware may
    say of itself has the attributes of `OwnMiddleware`.
    """

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        ...


class Traits:
    """What a middleware may say of itself; each is looked up when the application starts.

    Attributes:
        may_raise: it may raise an exception, which must become a reply before what stands around
            it sees it.
        may_step: it asks for no task before it waits, so that what it wraps may go without one.
        is_setting: of two of its class around one route only the inner one counts; it takes the
            place of the outer one.
    """

    may_raise: bool = True
    may_step: bool = False
    is_setting: bool = False


def trait(middleware: Any, name: str) -> bool:
    """Return what a middleware says of itself; the default where it says nothing."""
    return bool(getattr(middleware, name, getattr(Traits, name)))


def on_reply(run: Run, change: Callable[[Call, Reply], None]) -> Run:
    """Return an endpoint that changes each reply of another; a reply at once stays one."""

    async def wait(call: Call, outcome: Awaitable[Reply]) -> Reply:
        reply = await outcome
        change(call, reply)
        return reply

    def changed(call: Call) -> Reply | Awaitable[Reply]:
        outcome = run(call)
        if type(outcome) is Reply:
            change(call, outcome)
            return outcome
        return wait(call, outcome)  # type: ignore[arg-type]

    return changed
