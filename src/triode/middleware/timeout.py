"""End requests that take too long.

A handler is cancelled at the place where it waits. One that does not wait cannot be ended: plain
`def` code in a thread runs on to its end, though its client has had the answer and what it still
returns is dropped; a job that no thread had begun yet is never begun.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, cast

from starlette.responses import Response

from triode.errors import ClientError, ConfigError
from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send
from triode.http.asgi import send_reply
from triode.http.call import Message
from triode.middleware.composition import OwnMiddleware
from triode.middleware.errors import detail_reply
from triode.middleware.protocol import Run

STATUSES = (503, 504)


class RequestTimeout(ClientError):
    """A handler took longer than it may."""

    default_code = "request-timeout"
    status_code = 503

    def __init__(self, seconds: float, status: int = 503) -> None:
        super().__init__(f"The server did not answer within {seconds:g} seconds.")
        self.status_code = status  # type: ignore[misc]


class TimeoutMiddleware(OwnMiddleware):
    """Cancels a handler after `seconds`, and answers 503 or 504 in its place.

    What counts is the time until the handler has returned; a stream that it returned may last as
    long as it likes. The one nearest to a route counts: `middleware=[Middleware(TimeoutMiddleware,
    seconds=60)]` gives a slow route more time than the others. `seconds` None is no limit.
    """

    may_step = True
    is_setting = True

    def __init__(
        self,
        app: ASGIApp | None = None,
        seconds: float | None = 30.0,
        *,
        status_code: int = 503,
    ) -> None:
        super().__init__(app)
        if seconds is not None and not seconds > 0:
            raise ConfigError(
                f"TimeoutMiddleware: seconds={seconds} leaves no time. Give a number above 0, or "
                "None for no limit.",
                code="timeout",
            )
        if status_code not in STATUSES:
            raise ConfigError(
                f"TimeoutMiddleware: status_code={status_code} does not say that time ran out. "
                "Use 503 or 504.",
                code="timeout",
            )
        self.seconds = seconds
        self.status_code = status_code

    def __responses__(self, method_name: str) -> dict[int, str]:
        return {} if self.seconds is None else {self.status_code: "The time for an answer ran out"}

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        seconds, status = self.seconds, self.status_code
        if seconds is None:
            return run

        def limit(call: Call, reply: Reply) -> Reply:
            if reply.stream is not None and not isinstance(reply.stream, Response):
                reply.stream = _limited(reply.stream, call, seconds, status)
            return reply

        async def wait(call: Call, outcome: Awaitable[Reply]) -> Reply:
            try:
                return limit(call, await _Limited(outcome, seconds).run())
            except _TimeRanOut:
                raise RequestTimeout(seconds, status) from None

        def timed(call: Call) -> Reply | Awaitable[Reply]:
            outcome = run(call)
            if type(outcome) is Reply:
                return outcome if outcome.stream is None else limit(call, outcome)
            return wait(call, outcome)  # type: ignore[arg-type]

        return timed


def _limited(app: ASGIApp, call: Call, seconds: float, status: int) -> ASGIApp:
    """Return an ASGI application that must have begun its response in time.

    A mounted application, or one inside of an ASGI middleware, begins to work when it is sent.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watch(message: Message) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                timer.reschedule(None)
            await send(message)

        timer = asyncio.timeout(seconds)
        try:
            async with timer:
                await app(scope, receive, watch)
        except TimeoutError:
            if has_begun or not timer.expired():
                raise
            error = RequestTimeout(seconds, status)
            await send_reply(detail_reply(status, error.detail), call, send)

    return serve


class _TimeRanOut(Exception):
    """A coroutine was cancelled by its timer."""


class _Limited:
    """A coroutine that is cancelled when its time is over.

    PERF: the timer is set when the coroutine first waits; most never do, and have neither timer
    nor task. `asyncio.timeout` would need a task before (2 to 3 us).
    """

    def __init__(self, outcome: Awaitable[Reply], seconds: float) -> None:
        self.coroutine = cast("Coroutine[Any, Any, Reply]", outcome)
        self.seconds = seconds
        self.waits_for: Any = None
        self.task: asyncio.Task[Any] | None = None
        self.is_over = False
        self.must_throw = False

    @types.coroutine
    def run(self) -> Generator[Any, Any, Reply]:
        """Drive the coroutine; `_TimeRanOut` if it was cancelled by us."""
        timer: asyncio.TimerHandle | None = None
        value: Any = None
        error: BaseException | None = None
        send, throw = self.coroutine.send, self.coroutine.throw
        try:
            while True:
                self.waits_for = send(value) if error is None else throw(error)
                if timer is None:
                    timer = asyncio.get_running_loop().call_later(self.seconds, self._end)
                try:
                    value, error = (yield self.waits_for), None
                except BaseException as exc:
                    error = exc
                # From here on there is a task, also where the first step was made without one.
                self.task = asyncio.current_task()
                if self.must_throw and error is None:
                    self.must_throw = False
                    error = asyncio.CancelledError()
        except StopIteration as stop:
            return cast(Reply, stop.value)
        except asyncio.CancelledError:
            if self.is_over and not self._is_cancelled_from_outside():
                raise _TimeRanOut from None
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _end(self) -> None:
        """Cancel what the coroutine waits for, as cancelling its task would do."""
        self.is_over = True
        cancel = getattr(self.waits_for, "cancel", None)
        self.must_throw = cancel is None or not cancel()

    def _is_cancelled_from_outside(self) -> bool:
        return self.task is not None and self.task.cancelling() > 0
