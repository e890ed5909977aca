"""Limit how often a client, a user or a key may ask.

As a middleware around all routes or those of a router, or as a dependency of one route:
`dependencies=[Depends(rate_limit("5/minute"))]`. Responses carry `RateLimit-Policy` and `RateLimit`
(draft-ietf-httpapi-ratelimit-headers-11); a refusal is a 429 with `Retry-After`.
"""

from __future__ import annotations

import inspect
import logging
import math
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response

from triode.errors import ClientError, ConfigError, TriodeError
from triode.http import ASGIApp, Call, Reply
from triode.http.addresses import client_group
from triode.http.call import RawHeaders
from triode.http.headers import constant_header
from triode.middleware.composition import OwnMiddleware
from triode.middleware.protocol import Run, SocketRun
from triode.middleware.rate_stores import MemoryStore, Rate, RateStore, Taken

if TYPE_CHECKING:
    from starlette.requests import Request

logger = logging.getLogger("triode")

KeyOf: TypeAlias = "str | Callable[[Request], str | None]"

UNITS = {
    "s": 1,
    "second": 1,
    "m": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
}
# Seconds; a sum of floats is not quite a whole number.
ROUNDING = 1e-3
ROUNDED_UP = 1 - ROUNDING
LIMIT = re.compile(r"(\d+)\s*(?:/|per)\s*(\d*)\s*(s|second|m|minute|h|hour|d|day)s?")
NAME = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,64}")


class RateLimited(ClientError):
    """A client asks too often; `wait` is the number of seconds until it may again."""

    default_code = "rate-limited"
    status_code = 429

    def __init__(self, wait: float, headers: RawHeaders) -> None:
        self.wait = max(1, math.ceil(wait - ROUNDING))
        unit = "second" if self.wait == 1 else "seconds"
        super().__init__(f"Too many requests. Try again in {self.wait} {unit}.")
        named = {name.decode(): value.decode() for name, value in headers}
        self.headers = {"retry-after": str(self.wait), **named}


class RateLimiter:
    """One limit: how much, of whom, counted where.

    `limit` is "100/minute", "5 per 10 seconds" and the like. `key` is "client" (an IPv4 address, or
    an IPv6 network), "user" (who is logged in; a visitor counts as a client), or a function of the
    request that returns a text, None for no limit. `name` is how responses call the limit.
    """

    def __init__(
        self,
        limit: str,
        *,
        key: KeyOf = "client",
        store: RateStore | None = None,
        name: str | None = None,
    ) -> None:
        self.rate = parse_limit(limit)
        self.name = limit if name is None else name
        if not NAME.fullmatch(self.name):
            raise ConfigError(
                f"name={self.name!r} of a rate limit cannot stand in a header. Use 1 to 64 "
                "characters of ASCII, without quotes and backslashes.",
                code="rate-limit-name",
            )
        self.store: RateStore = MemoryStore() if store is None else store
        self.key_of = _key_function(key)
        policy = f'"{self.name}";q={self.rate.quota};w={math.ceil(self.rate.window)}'
        self._policy = constant_header("RateLimit-Policy", policy)
        self._format = f'"{self.name}"'.replace("%", "%%").encode() + b";r=%d;t=%d"
        self._has_warned = False

    def take(self, call: Call) -> Taken | Awaitable[Taken] | None:
        """Count a request; None where it has no limit."""
        key = self.key_of(call)
        if key is None:
            return None
        if not self.store.is_local:
            key = f"{self.name}:{key}"
        return self.store.take(key, self.rate)

    def headers(self, taken: Taken) -> RawHeaders:
        """Return what a response says of the limit."""
        _, left, full_in = taken
        # Rounded up; `math.ceil` is a call.
        return [self._policy, (b"ratelimit", self._format % (left, int(full_in + ROUNDED_UP)))]

    def check(self, call: Call, taken: Taken) -> RawHeaders:
        """Return the headers of the response, or refuse the request.

        Raises:
            RateLimited: the client has to wait.
        """
        headers = self.headers(taken)
        if taken[0] > 0:
            self._warn_of_proxy(call)
            raise RateLimited(taken[0], headers)
        return headers

    def _warn_of_proxy(self, call: Call) -> None:
        """Say once that everybody counts as one client, which nobody can see from outside."""
        is_hidden = call.client is None or (
            call.via is None and b"x-forwarded-for" in call.head.values
        )
        if is_hidden and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "A rate limit has refused a request that came through a proxy. All its clients "
                "count as one: name the proxy with Triode(trusted_proxies=[…])."
            )


class RateLimitMiddleware(OwnMiddleware):
    """Limits all routes inside of it together; the options are those of `RateLimiter`."""

    may_step: bool

    def __init__(
        self,
        app: ASGIApp | None = None,
        limit: str = "100/minute",
        *,
        key: KeyOf = "client",
        store: RateStore | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(app)
        self.limiter = RateLimiter(limit, key=key, store=store, name=name)
        self.may_step = self.limiter.store.is_local

    @staticmethod
    def __responses__(method_name: str) -> dict[int, str]:
        return {429: "Too many requests"}

    def setup(self, app: Any) -> None:
        """Close the store with the application."""
        app.add_shutdown(self.limiter.store.close)

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        limiter = self.limiter

        async def wait(outcome: Awaitable[Reply], headers: RawHeaders) -> Reply:
            reply = await outcome
            _add(reply, headers)
            return reply

        async def wait_for_store(call: Call, taking: Awaitable[Taken]) -> Reply:
            headers = limiter.check(call, await taking)
            outcome = run(call)
            reply = outcome if isinstance(outcome, Reply) else await outcome
            _add(reply, headers)
            return reply

        def limited(call: Call) -> Reply | Awaitable[Reply]:
            taken = limiter.take(call)
            if taken is None:
                return run(call)
            if not isinstance(taken, tuple):
                return wait_for_store(call, taken)
            headers = limiter.check(call, taken) if taken[0] else limiter.headers(taken)
            outcome = run(call)
            if type(outcome) is not Reply:
                return wait(outcome, headers)  # type: ignore[arg-type]
            if outcome.headers is None:
                outcome.headers = headers
            else:
                outcome.headers += headers
            return outcome

        return limited

    def wrap_socket(self, run: SocketRun) -> SocketRun:
        """Return the endpoint of a connection around another; opening it counts as a request."""

        async def limited(call: Call) -> Any:
            taken = self.limiter.take(call)
            if taken is not None:
                self.limiter.check(call, taken if isinstance(taken, tuple) else await taken)
            return await run(call)

        return limited


class _LocalLimit:
    """A dependency that counts at once; without an await, so that it costs no task."""

    def __init__(self, limiter: RateLimiter) -> None:
        self.limiter = limiter

    def __responses__(self, method_name: str) -> dict[int, str]:
        return {429: "Too many requests"}

    async def __call__(self, call: Call, response: Response) -> None:
        taken = self.limiter.take(call)
        if isinstance(taken, tuple):
            response.raw_headers += self.limiter.check(call, taken)


class _SharedLimit(_LocalLimit):
    """A dependency that counts elsewhere."""

    async def __call__(self, call: Call, response: Response) -> None:
        taking = self.limiter.take(call)
        if taking is not None:
            taken = taking if isinstance(taking, tuple) else await taking
            response.raw_headers += self.limiter.check(call, taken)


def rate_limit(
    limit: str,
    *,
    key: KeyOf = "client",
    store: RateStore | None = None,
    name: str | None = None,
) -> Callable[..., Awaitable[None]]:
    """Return a dependency that limits the routes that have it; the options are `RateLimiter`'s.

    Routes that share the object share the limit.
    """
    limiter = RateLimiter(limit, key=key, store=store, name=name)
    return _LocalLimit(limiter) if limiter.store.is_local else _SharedLimit(limiter)


def parse_limit(text: str) -> Rate:
    """Return what "100/minute" or "5 per 10 seconds" means.

    Raises:
        ConfigError: it means nothing.
    """
    match = LIMIT.fullmatch(text.strip().lower())
    if match is None or int(match[1]) < 1 or match[2] == "0":
        raise ConfigError(
            f"The rate limit {text!r} means nothing. Write how many requests in how long: "
            '"100/minute", "5 per 10 seconds", "1000/day".',
            code="rate-limit",
        )
    return Rate(int(match[1]), float(int(match[2] or 1) * UNITS[match[3]]))


def _add(reply: Reply, headers: RawHeaders) -> None:
    if reply.headers is None:
        reply.headers = headers
    else:
        reply.headers += headers


def _key_function(key: KeyOf) -> Callable[[Call], str | None]:
    if key == "client":
        return _client
    if key == "user":
        return _user
    if not callable(key) or inspect.iscoroutinefunction(key):
        raise ConfigError(
            f'key={key!r} of a rate limit is none. Give "client", "user", or a plain function of '
            "the request that returns a text.",
            code="rate-limit-key",
        )
    return lambda call: key(call.request())


def _client(call: Call) -> str:
    via = call.via
    client = call.origin.client if via is None or via.client is None else via.client
    return "" if client is None else client_group(client[0])


def _user(call: Call) -> str:
    extras = call.extras or {}
    if "user" not in extras:
        raise TriodeError(
            'A rate limit with key="user" does not know who is logged in. Write Auth(app) after '
            "app.add_middleware(RateLimitMiddleware, …), so that the sessions are around it.",
            code="rate-limit-user",
        )
    user = extras["user"]
    return _client(call) if user is None else f"user:{getattr(user, 'id', user)}"
