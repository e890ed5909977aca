"""The test client, under the name that users of FastAPI and Starlette import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.testclient import WebSocketTestSession

from triode.middleware.sockets import RAISES_DISCONNECT
from triode.testing import TestClient as TriodeTestClient


class TestClient(TriodeTestClient):
    """`triode.testing.TestClient`, with a WebSocket's end as FastAPI's tests expect it.

    Where a handler lets the `WebSocketDisconnect` through that tells it that the client has left,
    leaving the `with` of `websocket_connect` raises it.
    """

    __test__ = False

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] | None = None, **options: Any
    ) -> WebSocketTestSession:
        """Return a session to open with `with`; `options` are those of `get`."""
        session: WebSocketTestSession = super().websocket_connect(url, subprotocols, **options)
        session.scope["extensions"][RAISES_DISCONNECT] = {}
        return session


__all__ = ["TestClient"]
