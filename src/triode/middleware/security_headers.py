"""Headers that make a browser more careful with an application's pages.

What a handler has set itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from triode.errors import ConfigError
from triode.http import ASGIApp, Call, Reply
from triode.http.call import RawHeaders
from triode.http.headers import constant_header
from triode.http.nonce import csp_nonce, used_nonce
from triode.middleware.composition import OwnMiddleware
from triode.middleware.csp import DEFAULT, Directives, Policy
from triode.middleware.protocol import Run, on_reply

HSTS = b"strict-transport-security"
YEAR = 365 * 24 * 3600
ENFORCED = "content-security-policy"
REPORTED = "content-security-policy-report-only"

__all__ = ["SecurityHeadersMiddleware", "csp_nonce"]


class SecurityHeadersMiddleware(OwnMiddleware):
    """Adds a Content-Security-Policy and its companions to every response.

    `csp` are the directives of the policy, None for none; `csp_report_only` is a second one that
    is only tried. A page asks for its nonce by `csp_nonce`. `hsts` is how many seconds a browser
    shall insist on HTTPS, sent over HTTPS only; 0 withdraws it, None sends nothing. `headers` are
    further ones, or those of `DEFAULTS` with another value; None leaves one out. The one nearest
    to a route counts.
    """

    may_raise = False
    may_step = True
    is_setting = True

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        csp: Directives | None = DEFAULT,
        csp_report_only: Directives | None = None,
        hsts: int | None = YEAR,
        hsts_subdomains: bool = False,
        hsts_preload: bool = False,
        headers: Mapping[str, str | None] | None = None,
    ) -> None:
        super().__init__(app)
        values = {**DEFAULTS, **_lower(headers)}
        plain = [
            constant_header(name, value) for name, value in values.items() if value is not None
        ]
        self._policies = [
            (name.encode("ascii"), Policy(directives))
            for name, directives in ((ENFORCED, csp), (REPORTED, csp_report_only))
            if directives
        ]
        texts = [(name.decode(), policy.plain) for name, policy in self._policies]
        policies = [constant_header(*pair) for pair in texts if pair[1]]
        hsts_header = _hsts(hsts, hsts_subdomains, hsts_preload)
        secure = [] if hsts_header is None else [hsts_header]
        self._plain = plain
        self._names = {name for name, _ in [*plain, *self._policies]} | {HSTS}
        self._secure = [*plain, *secure]
        self._plain_static = [*plain, *policies]
        self._secure_static = [*self._secure, *policies]

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        return on_reply(run, self._complete)

    def _complete(self, call: Call, reply: Reply) -> None:
        headers = self._headers_for(call)
        own = reply.headers
        if reply.stream is not None:
            self._complete_stream(reply, headers)
        elif own is None:
            reply.headers = headers.copy()
        elif self._names.isdisjoint([name for name, _ in own]):
            own += headers
        else:
            reply.headers = _merged(own, own, headers)

    def _complete_stream(self, reply: Reply, headers: RawHeaders) -> None:
        if isinstance(reply.stream, Response):
            present = [*reply.stream.raw_headers, *(reply.headers or ())]
            reply.headers = _merged(present, reply.headers, headers)
        elif reply.stream is not None:
            reply.stream = _completing(reply.stream, headers)

    def _headers_for(self, call: Call) -> RawHeaders:
        is_secure = call.scheme == "https"
        nonce = used_nonce(call) if self._policies else None
        if nonce is None:
            return self._secure_static if is_secure else self._plain_static
        policies = [(name, policy.with_nonce(nonce)) for name, policy in self._policies]
        return [*(self._secure if is_secure else self._plain), *policies]


# No Permissions-Policy: what a page needs of a device is its own affair, and asks the visitor.
DEFAULTS: Mapping[str, str | None] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-site",
}


def _lower(headers: Mapping[str, str | None] | None) -> dict[str, str | None]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _merged(present: RawHeaders, kept: RawHeaders | None, added: RawHeaders) -> RawHeaders:
    """Return headers with those added whose names are not there yet."""
    names = {name.lower() for name, _ in present}
    return [*(kept or ()), *(pair for pair in added if pair[0] not in names)]


def _completing(app: ASGIApp, headers: RawHeaders) -> ASGIApp:
    """Return an ASGI application whose response gets the headers that it has not."""

    async def complete(scope: Any, receive: Any, send: Any) -> None:
        async def send_completed(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                message = {**message, "headers": _merged(own, own, headers)}
            await send(message)

        await app(scope, receive, send_completed)

    return complete


def _hsts(seconds: int | None, subdomains: bool, preload: bool) -> tuple[bytes, bytes] | None:
    """Return the Strict-Transport-Security header; RFC 6797.

    Raises:
        ConfigError: browsers would not take it.
    """
    if seconds is None:
        return None
    if seconds < 0 or (preload and (seconds < YEAR or not subdomains)):
        raise ConfigError(
            f"SecurityHeadersMiddleware: hsts={seconds}, hsts_subdomains={subdomains}, "
            f"hsts_preload={preload} will not be taken. Seconds are not negative; the preload list "
            f"takes at least {YEAR} with subdomains.",
            code="hsts",
        )
    parts = [f"max-age={seconds}"]
    parts += ["includeSubDomains"] if subdomains else []
    parts += ["preload"] if preload else []
    return constant_header("Strict-Transport-Security", "; ".join(parts))
