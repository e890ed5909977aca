"""The session cookie: its name, its flags, and whether the browser came over TLS.

Over TLS the cookie is `__Host-session`: the browser then guarantees that it was set by this host,
over TLS, for the whole site (RFC 6265bis, 4.1.3.2), so neither a subdomain nor a man in the
middle of plain HTTP can plant one. Over plain HTTP (development, a home network) it is
`session`; that name is never believed on a request that came over TLS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from triode.http import Call, Reply, Scope
from triode.http.call import ASGIApp, Message, RawHeaders, Receive, Send

SECURE_PREFIX = "__Host-"
# A browser drops a cookie whose name and value exceed this (RFC 6265bis, 5.6).
LARGEST_COOKIE = 4096


@dataclass(frozen=True, slots=True)
class CookieOptions:
    """How the session cookie is kept.

    `name` is the plain name, `always_secure` sends it over TLS only, whatever a request looks
    like. `same_site` is "lax" or "strict".
    """

    name: str = "session"
    always_secure: bool = False
    same_site: str = "lax"


def came_over_tls(call: Call) -> bool:
    """Return whether the browser spoke TLS, also where a proxy in front of us ended it.

    A browser sends `Sec-Fetch-Site` to trustworthy addresses only: TLS, or this very machine.
    """
    if call.scheme in ("https", "wss"):
        return True
    origin = call.header(b"origin")
    if origin is not None and origin.startswith("https://"):
        return _host_of(origin.removeprefix("https://")) == _host_of(call.header(b"host") or "")
    return call.header(b"sec-fetch-site") is not None and not _is_this_machine(
        call.header(b"host") or ""
    )


def read_cookie(call: Call, options: CookieOptions) -> str | None:
    """Return the value of the session cookie, None if there is none to believe."""
    cookies = call.cookies
    if not cookies:
        return None
    value = cookies.get(SECURE_PREFIX + options.name)
    if value is not None:
        return value
    value = cookies.get(options.name)
    if value is None or options.always_secure or came_over_tls(call):
        return None
    return value


def cookie_header(call: Call, options: CookieOptions, value: str, *, max_age: int | None) -> bytes:
    """Return the `Set-Cookie` value; an empty `value` deletes the cookie.

    `max_age` is in seconds; None ends the cookie with the browser's session.
    """
    is_secure = options.always_secure or came_over_tls(call)
    name = SECURE_PREFIX + options.name if is_secure else options.name
    parts = [f"{name}={value}", "Path=/", "HttpOnly", f"SameSite={options.same_site.capitalize()}"]
    if is_secure:
        parts.append("Secure")
    if not value:
        parts.append("Max-Age=0")
    elif max_age is not None:
        parts.append(f"Max-Age={max_age}")
    return "; ".join(parts).encode("ascii")


def send_along(reply: Reply, headers: RawHeaders) -> None:
    """Add headers that are not there yet to a reply that is complete, or streams a handler's."""
    if isinstance(reply.stream, Response):
        present = reply.stream.raw_headers
        present.extend(pair for pair in headers if pair not in present)
        return
    known = reply.headers or []
    for pair in headers:
        if pair not in known:
            reply.add_header(*pair)


def send_when_started(app: ASGIApp, make: Callable[[], Awaitable[RawHeaders]]) -> ASGIApp:
    """Return an ASGI application whose headers are completed at the moment it sends them."""

    async def sending(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *await make()]}
            await send(message)

        await app(scope, receive, send_with_headers)

    return sending


def _host_of(netloc: str) -> str:
    return netloc.partition("/")[0].lower().removesuffix(":443")


def _is_this_machine(host: str) -> bool:
    name = host.lower()
    if name.startswith("["):
        return name.startswith("[::1]")
    name = name.partition(":")[0]
    return name == "localhost" or name.endswith(".localhost") or name.startswith("127.")
