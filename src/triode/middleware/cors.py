"""Let pages of other origins read responses: Cross-Origin Resource Sharing (Fetch Standard).

Stands around every path, so that a preflight is answered whatever the route says of OPTIONS, and
so that errors have the headers too: without them a page learns nothing of a 422 or a 500.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Collection

from triode.errors import ConfigError
from triode.http import ASGIApp, Call, Reply
from triode.http.call import RawHeaders
from triode.http.headers import add_headers, constant_header, remembered
from triode.middleware.composition import OwnMiddleware
from triode.middleware.protocol import Run

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
# What a page may send without asking (Fetch Standard, CORS-safelisted request-header).
SAFELISTED_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")
TEXT = b"text/plain; charset=utf-8"
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s,]+|null", re.IGNORECASE)
PREFLIGHT_VARY = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network"
)


class CORSMiddleware(OwnMiddleware):
    """Starlette's `CORSMiddleware`: same options, same answers.

    `max_age` is in seconds. With `allow_credentials`, "*" in `allow_origins` lets every site read
    what the visitor may read: name the origins.
    """

    may_raise = False
    may_step = True
    is_setting = True

    def __init__(
        self,
        app: ASGIApp | None = None,
        allow_origins: Collection[str] = (),
        allow_methods: Collection[str] = ("GET",),
        allow_headers: Collection[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Collection[str] = (),
        max_age: int = 600,
    ) -> None:
        super().__init__(app)
        _check_lists(
            allow_origins=allow_origins,
            allow_methods=allow_methods,
            allow_headers=allow_headers,
            expose_headers=expose_headers,
        )
        self._takes_all = "*" in allow_origins
        self._origins = frozenset(map(_checked_origin, allow_origins))
        self._pattern = _compiled(allow_origin_regex)
        self._methods = frozenset(ALL_METHODS if "*" in allow_methods else allow_methods)
        self._method_list = ", ".join(ALL_METHODS if "*" in allow_methods else allow_methods)
        self._takes_all_headers = "*" in allow_headers
        self._header_list = ", ".join(sorted({*SAFELISTED_HEADERS, *allow_headers} - {"*"}))
        self._headers = frozenset(self._header_list.lower().split(", "))
        self._credentials = allow_credentials
        self._private_network = allow_private_network
        self._exposed = ", ".join(expose_headers)
        self._max_age = max_age
        self._is_wildcard = self._takes_all and not allow_credentials
        self._vary = [constant_header("Vary", "Origin")]
        self._known = {
            origin.encode("latin-1"): self._make(origin, is_constant=True)
            for origin in self._origins - {"*"}
        }
        self._for_all = self._make("*", is_constant=True) if self._is_wildcard else None
        # PERF: of origins that a pattern allows, the last ones are remembered.
        self._make_for = remembered(self._make_unknown)

    def is_allowed_origin(self, origin: str) -> bool:
        """Return whether pages of an origin may read responses."""
        if self._takes_all or origin in self._origins:
            return True
        return self._pattern is not None and self._pattern.fullmatch(origin) is not None

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        headers_for = self._headers_for

        async def wait(outcome: Awaitable[Reply], origin: bytes | None) -> Reply:
            reply = await outcome
            add_headers(reply, headers_for(origin))
            return reply

        def shared(call: Call) -> Reply | Awaitable[Reply]:
            values = call.head.values
            origin = values.get(b"origin")
            if call.method == "OPTIONS" and origin is not None:
                method = values.get(b"access-control-request-method")
                if method is not None:
                    return self._preflight(call, origin.decode("latin-1"), method.decode("latin-1"))
            outcome = run(call)
            if type(outcome) is Reply:
                headers = headers_for(origin)
                if outcome.headers is None:
                    outcome.headers = headers.copy()
                else:
                    outcome.headers += headers
                return outcome
            return wait(outcome, origin)  # type: ignore[arg-type]

        return shared

    def _headers_for(self, origin: bytes | None) -> RawHeaders:
        """Return the headers of an ordinary response."""
        if origin is None:
            return self._vary
        return self._for_all or self._known.get(origin) or self._make_for(origin)

    def _make_unknown(self, origin: bytes) -> RawHeaders:
        text = origin.decode("latin-1")
        return self._make(text) if self.is_allowed_origin(text) else self._vary

    def _make(self, origin: str, *, is_constant: bool = False) -> RawHeaders:
        named = {"Access-Control-Allow-Origin": origin}
        if self._credentials:
            named["Access-Control-Allow-Credentials"] = "true"
        if self._exposed:
            named["Access-Control-Expose-Headers"] = self._exposed
        if is_constant:
            return [*(constant_header(*pair) for pair in named.items()), *self._vary]
        pairs = [(key.lower().encode(), value.encode("latin-1")) for key, value in named.items()]
        return [*pairs, *self._vary]

    def _preflight(self, call: Call, origin: str, method: str) -> Reply:
        """Answer what a browser asks before it sends a request."""
        asked = call.header(b"access-control-request-headers")
        network = call.header(b"access-control-request-private-network")
        failures: list[str] = []
        headers = {
            "vary": PREFLIGHT_VARY,
            "access-control-allow-methods": self._method_list,
            "access-control-max-age": str(self._max_age),
        }
        if self.is_allowed_origin(origin):
            headers["access-control-allow-origin"] = "*" if self._is_wildcard else origin
        else:
            failures.append("origin")
        if method not in self._methods:
            failures.append("method")
        if not self._takes_all_headers:
            headers["access-control-allow-headers"] = self._header_list
            if asked is not None and not self._may_send(asked):
                failures.append("headers")
        elif asked is not None:
            headers["access-control-allow-headers"] = asked
        if self._credentials:
            headers["access-control-allow-credentials"] = "true"
        if network is not None and self._private_network:
            headers["access-control-allow-private-network"] = "true"
        elif network is not None:
            failures.append("private-network")
        return _preflight_reply(headers, failures)

    def _may_send(self, asked: str) -> bool:
        return all(name.strip() in self._headers for name in asked.lower().split(","))


def _preflight_reply(headers: dict[str, str], failures: list[str]) -> Reply:
    """Return the answer; what failed is said in words too, for whoever looks for the reason."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    if failures:
        text = "Disallowed CORS " + ", ".join(failures)
        return Reply(text.encode(), 400, TEXT, raw)
    return Reply(b"OK", 200, TEXT, raw)


def _check_lists(**given: Collection[str]) -> None:
    for name, values in given.items():
        if isinstance(values, str):
            raise ConfigError(
                f"CORSMiddleware: {name}={values!r} is one text, whose letters would be the "
                f"values. Write a list: [{values!r}].",
                code="cors-list",
            )


def _checked_origin(origin: str) -> str:
    if origin != "*" and not ORIGIN.fullmatch(origin):
        raise ConfigError(
            f"CORSMiddleware: the origin {origin!r} can never match. A browser sends scheme, host "
            'and port, without a path or a slash at the end: "https://app.example.org".',
            code="cors-origin",
        )
    return origin


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as exc:
        raise ConfigError(
            f"CORSMiddleware: allow_origin_regex={pattern!r} is no regular expression: {exc}.",
            code="cors-origin-regex",
        ) from exc
