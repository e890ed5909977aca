"""Give each request an identifier: in its response, and in every log record written for it."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

from triode.errors import ConfigError
from triode.http import ASGIApp, Call, Reply, current_call
from triode.middleware.composition import OwnMiddleware
from triode.middleware.protocol import Run, SocketRun

KEY = "request_id"
SENT_ID = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,128}")
HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


# PERF: asking the system for each one took 1.4 us, for 64 at once 0.1 us.
_unused: list[str] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unused.clear)  # Two processes must not give out the same.


def new_request_id() -> str:
    """Return 32 random hexadecimal digits."""
    try:
        return _unused.pop()
    except IndexError:
        digits = os.urandom(16 * 64).hex()
        _unused.extend(digits[start : start + 32] for start in range(32, len(digits), 32))
        return digits[:32]


class RequestIdMiddleware(OwnMiddleware):
    """Puts `request_id` into the call, and into the response under the header's name.

    With `trust_incoming` a request keeps the identifier that it brings, if it is one of at most 128
    letters, digits and `._~+/=:@-`; any other is replaced, so that nobody writes into the logs.
    """

    may_raise = False
    may_step = True

    def __init__(
        self,
        app: ASGIApp | None = None,
        header: str = "X-Request-ID",
        *,
        trust_incoming: bool = True,
        make: Callable[[], str] = new_request_id,
    ) -> None:
        super().__init__(app)
        if not HEADER_NAME.fullmatch(header):
            raise ConfigError(
                f"RequestIdMiddleware: {header!r} is no name of a header.", code="request-id-header"
            )
        self._name = header.lower().encode("ascii")
        self._trust_incoming = trust_incoming
        self._make = make

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        name, identify = self._name, self._identify

        async def wait(outcome: Awaitable[Reply], pair: tuple[bytes, bytes]) -> Reply:
            reply = await outcome
            _add(reply, pair)
            return reply

        def identified(call: Call) -> Reply | Awaitable[Reply]:
            pair = (name, identify(call))
            outcome = run(call)
            if type(outcome) is Reply:
                _add(outcome, pair)
                return outcome
            return wait(outcome, pair)  # type: ignore[arg-type]

        return identified

    def wrap_socket(self, run: SocketRun) -> SocketRun:
        """Return the endpoint of a connection around another."""

        async def identified(call: Call) -> Any:
            self._identify(call)
            return await run(call)

        return identified

    def _identify(self, call: Call) -> bytes:
        """Give a call its identifier, and return it as it is sent."""
        sent = call.head.values.get(self._name) if self._trust_incoming else None
        if sent is not None and SENT_ID.fullmatch(sent):
            text = sent.decode("ascii")
        else:
            text = self._make()
            sent = text.encode("ascii")
        call.add_extra(KEY, text)
        return sent


def _add(reply: Reply, pair: tuple[bytes, bytes]) -> None:
    if reply.headers is None:
        reply.headers = [pair]
    else:
        reply.headers.append(pair)


def current_request_id() -> str | None:
    """Return the identifier of the request that is being served, None outside of one."""
    call = current_call.get(None)
    extras = None if call is None else call.extras
    return None if extras is None else extras.get(KEY)


class RequestIdFilter(logging.Filter):
    """Gives each log record a `request_id`; "-" outside of a request.

    Put it on a handler, whose format may then have `%(request_id)s`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete a record, and let it pass."""
        if not hasattr(record, KEY):
            record.request_id = current_request_id() or "-"
        return True
