"""Clients that call an application in the same process, as plain ASGI.

Both run the application's start-up and shut-down when used as a context manager, follow
redirects, keep cookies, and raise what a handler raised unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from triode.errors import MissingExtraError, TriodeError
from triode.http.call import ASGIApp, Receive, Scope, Send
from triode.server.lifespan import LifespanDriver

try:
    import httpx2
    from starlette.testclient import TestClient as StarletteTestClient

    from triode.testing.async_socket import AsyncWebSocketSession
except ModuleNotFoundError as exc:
    raise MissingExtraError("httpx2", extra="testing", feature="triode.testing") from exc

T = TypeVar("T")


class TestClient(StarletteTestClient):
    """Calls an application from plain code: `with TestClient(app) as client: client.get("/")`."""

    __test__ = False  # pytest takes every class named Test… for a test

    def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], /, *args: Any, **options: Any
    ) -> T:
        """Run an async function beside the application, and return its result.

        Raises:
            TriodeError: the client was not opened with `with`, so the application has not started.
        """
        if self.portal is None:
            raise TriodeError(
                "Open the client first: with TestClient(app) as client", code="client"
            )
        result: T = self.portal.call(partial(function, *args, **options))
        return result


class AsyncTestClient(httpx2.AsyncClient):
    """Calls an application from async code, on the test's own event loop.

    `root_path` and `client`, the address that requests seem to come from, are Starlette's;
    `options` are those of `httpx.AsyncClient`.
    """

    __test__ = False

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        *,
        raise_server_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("testclient", 50000),
        follow_redirects: bool = True,
        **options: Any,
    ) -> None:
        self.app = app
        self._root_path = root_path
        self._address = client
        self._lifespan = LifespanDriver(app)
        transport = httpx2.ASGITransport(
            self._call_app,
            raise_app_exceptions=raise_server_exceptions,
            root_path=root_path,
            client=client,
        )
        headers = httpx2.Headers({"user-agent": "testclient"})
        headers.update(options.pop("headers", None))
        super().__init__(
            base_url=base_url,
            transport=transport,
            follow_redirects=follow_redirects,
            headers=headers,
            **options,
        )

    async def __aenter__(self) -> Self:
        await self._lifespan.startup()
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await super().__aexit__(exc_type, exc_value, traceback)
        await self._lifespan.shutdown()

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] = (), **options: Any
    ) -> AsyncWebSocketSession:
        """Return a session to open with `async with`.

        `options` may hold `headers`, `cookies` and `params`.
        """
        request = self.build_request("GET", url, **options)
        address = request.url
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "wss" if address.scheme in ("https", "wss") else "ws",
            "path": address.path,
            "raw_path": address.raw_path.partition(b"?")[0],
            "root_path": self._root_path,
            "query_string": address.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self._address,
            "server": (address.host, address.port or 80),
            "subprotocols": list(subprotocols),
            "extensions": {"websocket.http.response": {}},
        }
        return AsyncWebSocketSession(self._call_app, scope)

    async def _call_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = dict(self._lifespan.state)
        await self.app(scope, receive, send)


class StartingTestClient(AsyncTestClient):
    """Starts the application with the first request, where nobody has entered the client.

    So a fixture may make it that runs on no event loop. Entering it again changes nothing.
    """

    is_started = False

    async def __aenter__(self) -> Self:
        if not self.is_started:
            self.is_started = True
            await super().__aenter__()
        return self

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request."""
        await self.__aenter__()
        return await super().send(request, **options)
