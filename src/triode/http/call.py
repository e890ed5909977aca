"""One request as an endpoint sees it, and the answer as the server sees it.

The lane and the ASGI entry both make a `Call` and both send a `Reply`; an endpoint never knows
which of them it serves.

PERF: both are msgspec Structs, whose constructor is C: 0.15 us for a call, a slotted class 0.5 us.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import _unquote as unquote_cookie  # the codec that browsers' values need
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from msgspec import Struct

from triode.http.query import last_values, parse_query
from triode.http.request import request_class

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.websockets import WebSocket

    from triode.http.exits import Exits

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

JSON = b"application/json"
NO_PARAMS: Mapping[str, str] = MappingProxyType({})


class Head(Struct, eq=False):
    """The header block of a request: pairs in the order sent, names in lower case."""

    raw: RawHeaders
    notes: Any = None
    """What the outermost middleware has read in the block; on the lane the next request of the
    connection may have the same one."""
    _values: dict[bytes, bytes] | None = None
    _cookies: dict[str, str] | None = None

    @property
    def values(self) -> dict[bytes, bytes]:
        """The first value of every name."""
        if self._values is None:
            self._values = dict(reversed(self.raw))
        return self._values

    def all(self, name: bytes) -> list[bytes]:
        """Return every value of a header, in the order sent."""
        return [value for key, value in self.raw if key == name]

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name; of a name sent twice the first, the most specific (RFC 6265, 5.4)."""
        if self._cookies is None:
            found: dict[str, str] = {}
            for header in self.all(b"cookie"):
                for pair in header.decode("latin-1").split(";"):
                    name, equals, value = pair.partition("=")
                    if equals and (name := name.strip()) not in found:
                        found[name] = unquote_cookie(value.strip())
            self._cookies = found
        return self._cookies


class Origin(Protocol):
    """Where a call came in: a connection of the lane, or an ASGI server's scope."""

    def make_scope(self, call: Call) -> Scope:
        """Return the ASGI scope of a call."""
        ...

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of whoever connected; None where the server does not know."""
        ...

    @property
    def scheme(self) -> str | None:
        """The scheme of the connection."""
        ...

    async def read_body(self, call: Call) -> bytes:
        """Return the whole body; `BodyTooLarge` if it exceeds `call.body_limit`."""
        ...

    def receive(self, call: Call) -> Receive:
        """Return an ASGI receive callable over the body."""
        ...


class Via(Struct, frozen=True):
    """What trusted proxies say of a request; None where they say nothing.

    `root_path` is the path prefix that the outermost proxy took away.
    """

    client: tuple[str, int] | None = None
    scheme: str | None = None
    root_path: str | None = None


class Call(Struct, eq=False):
    """A request on its way to an endpoint.

    `path` is percent-decoded, `query` the raw query string without "?", `sent_path` the path as
    it was sent where that differs. `params` holds the path's parameters as text, `extras` what
    middleware adds to the ASGI scope (None: nothing), `exits` what is to be cleaned up once the
    reply is sent (None: nothing). `body` is None while it has not been read from its origin;
    `body_limit` is in bytes, None for no limit. `via` is what trusted proxies say, None: nothing.
    """

    method: str
    path: str
    query: str
    head: Head
    origin: Origin
    params: Mapping[str, str] = NO_PARAMS
    body: bytes | None = None
    body_limit: int | None = None
    sent_path: bytes = b""
    route: Any = None
    app: Any = None
    extras: dict[str, Any] | None = None
    exits: Exits | None = None
    via: Via | None = None
    _request: Request | None = None
    _query_values: dict[str, list[str]] | None = None

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of the client, as trusted proxies give it."""
        if self.via is not None and self.via.client is not None:
            return self.via.client
        return self.origin.client

    @property
    def scheme(self) -> str:
        """The scheme that the client used, as trusted proxies give it."""
        if self.via is not None and self.via.scheme is not None:
            return self.via.scheme
        return self.origin.scheme or "http"

    @property
    def target(self) -> bytes:
        """The path as it was sent, percent-encoded."""
        return self.sent_path or self.path.encode("utf-8")

    def header(self, name: bytes) -> str | None:
        """Return the first value of a header (lower-case name), None if it was not sent."""
        value = self.head.values.get(name)
        return None if value is None else value.decode("latin-1")

    def headers(self, name: bytes) -> list[str]:
        """Return every value of a header (lower-case name)."""
        return [value.decode("latin-1") for value in self.head.all(name)]

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name."""
        return self.head.cookies

    @property
    def query_values(self) -> dict[str, list[str]]:
        """Every value of every name in the query string."""
        if self._query_values is None:
            self._query_values = parse_query(self.query)
        return self._query_values

    @property
    def last_query_values(self) -> dict[str, str]:
        """The last value of every name in the query string."""
        return last_values(self.query)

    async def read(self) -> bytes:
        """Return the whole body, reading it first if that has not happened."""
        if self.body is None and self._request is not None:
            self.body = await self._request.body()  # a middleware may have read it there
        if self.body is None:
            self.body = await self.origin.read_body(self)
        return self.body

    def connection(self) -> HTTPConnection:
        """Return this request or WebSocket as Starlette knows it."""
        return self.websocket() if self.method == "WEBSOCKET" else self.request()

    def scope(self) -> Scope:
        """Return the ASGI scope of this request, made new from what is known now."""
        scope = self.origin.make_scope(self)
        # A copy: on the lane the next request of the connection may have the same list.
        scope["headers"] = list(self.head.raw)
        template = getattr(self.route, "template", None)
        own = dict(self.params) if template is None else template.convert(self.params)
        scope["path_params"] = {**scope.get("path_params", {}), **own}
        scope["route"] = self.route
        if self.app is not None:
            scope["app"] = self.app
            scope["router"] = self.app
        if self.extras:
            scope.update(self.extras)
        if self.via is not None:
            _apply_via(self.via, scope)
        return scope

    def add_extra(self, name: str, value: Any) -> None:
        """Add a key to the ASGI scope, and to that of a request that was made already."""
        if self.extras is None:
            self.extras = {}
        self.extras[name] = value
        if self._request is not None:
            self._request.scope[name] = value

    def request(self) -> Request:
        """Return this request as Starlette knows it; the same object each time."""
        if self._request is None:
            scope = self.scope()
            if scope["type"] == "websocket":
                scope = opening_request(scope)
            self._request = request_class()(scope, self.origin.receive(self))
        return self._request

    def replace_request(self, request: Request) -> None:
        """Take another object for this request."""
        self._request = request

    async def use_request(self, request: Request) -> None:
        """Take another object for this request, and its body for this one's."""
        self._request = request
        self.body = await request.body()

    def use_query(self, query: str) -> None:
        """Take another query string."""
        self.query = query
        self._query_values = None

    @property
    def has_request(self) -> bool:
        """Whether someone asked for the `Request`."""
        return self._request is not None

    def websocket(self) -> WebSocket:
        """Return this connection, the same object each time; only for a WebSocket route."""
        return cast("SocketOrigin", self.origin).websocket(self)


def _apply_via(via: Via, scope: Scope) -> None:
    if via.client is not None:
        scope["client"] = via.client
    if via.scheme is not None:
        scope["scheme"] = via.scheme
    if via.root_path is not None and scope.get("root_path", "") != via.root_path:
        own: str = scope.get("root_path", "")
        scope["root_path"] = via.root_path
        scope["path"] = via.root_path + scope["path"].removeprefix(own)


class SocketOrigin(Origin, Protocol):
    """Where a WebSocket came in."""

    def websocket(self, call: Call) -> WebSocket:
        """Return the connection."""
        ...


def opening_request(scope: Scope) -> Scope:
    """Return the scope of the HTTP request that opened a WebSocket.

    So a dependency that asks for the `Request`, as security schemes do, works for both.
    """
    scope.setdefault("state", {})
    scheme = {"ws": "http", "wss": "https"}.get(scope.get("scheme", "ws"), "http")
    return {**scope, "type": "http", "method": "GET", "scheme": scheme}


class Reply(Struct, eq=False):
    """An answer that is complete in memory, or an ASGI callable that sends it.

    `media` is the content type (None: no such header). `headers` come on top of content type and
    length, which the server writes. With `stream` set, only `headers` and `background` count
    beside it. `error` is the exception that a 500 stands for, for the server to log.
    """

    body: bytes
    status: int = 200
    media: bytes | None = JSON
    headers: RawHeaders | None = None
    background: Callable[[], Awaitable[None]] | None = None
    stream: ASGIApp | None = None
    error: Exception | None = None

    def add_header(self, name: bytes, value: bytes) -> None:
        """Append a header, its name in lower case; a content type replaces the one there was."""
        if name == b"content-type" and self.stream is None:
            self.media = value
            return
        if self.headers is None:
            self.headers = []
        self.headers.append((name, value))
