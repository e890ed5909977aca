"""A client for an application that is served over a real socket, as in production."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from triode.http.call import ASGIApp
from triode.testing.live import LiveServer
from triode.testing.websocket import WebSocketSession

T = TypeVar("T")

_TIMEOUT_SECONDS = 10.0
# PERF: the address is http; reading the system's certificates for it cost 35 of 40 ms a client.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class LaneClient(httpx2.Client):
    """Starts a server for `app`, and speaks to it with the methods of `TestClient`.

    `server_options` are those of `uvicorn.Config`, `options` those of `httpx.Client`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        follow_redirects: bool = True,
        server_options: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.app = app
        self.server = LiveServer(app, **(server_options or {}))
        super().__init__(
            base_url=self.server.url,
            follow_redirects=follow_redirects,
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
            verify=_NO_CERTIFICATES,
            **options,
        )

    def __enter__(self) -> Self:
        self.server.__enter__()
        return super().__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, traceback)
        self.server.__exit__(exc_type, exc_value, traceback)

    def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], /, *args: Any, **options: Any
    ) -> T:
        """Run an async function beside the application, and return its result."""
        return self.server.call(function, *args, **options)

    def websocket_connect(
        self, url: str, subprotocols: list[str] | None = None, **options: Any
    ) -> WebSocketSession:
        """Return a session to open with `with`; `options` may hold `headers`."""
        request = self.build_request("GET", url, headers=options.get("headers"))
        return WebSocketSession(request, subprotocols or [])
