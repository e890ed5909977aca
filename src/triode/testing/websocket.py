"""A WebSocket over a real socket, with the methods of Starlette's test session."""

from __future__ import annotations

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal, Self, cast

import httpx2
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

_TIMEOUT_SECONDS = 10.0
_HANDSHAKE_HEADERS = {"host", "connection", "accept-encoding", "user-agent", "accept"}


class WebSocketSession:
    """One connection, open while the context is.

    Every method raises `WebSocketDisconnect` when the other side has closed.
    """

    def __init__(self, request: httpx2.Request, subprotocols: list[str]) -> None:
        self._request = request
        self._subprotocols = [Subprotocol(name) for name in subprotocols]
        self._stack = ExitStack()
        self._connection: ClientConnection | None = None
        self.accepted_subprotocol: str | None = None

    def __enter__(self) -> Self:
        url = self._request.url.copy_with(scheme="ws")
        headers = [
            (name, value)
            for name, value in self._request.headers.items()
            if name not in _HANDSHAKE_HEADERS
        ]
        try:
            connecting = connect(
                str(url),
                subprotocols=self._subprotocols or None,
                additional_headers=headers,
                proxy=None,
            )
            connection = self._connection = self._stack.enter_context(connecting)
        except InvalidStatus as exc:
            raise _denial(exc) from exc
        self.accepted_subprotocol = connection.subprotocol
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, value, trace)

    def send_text(self, data: str) -> None:
        self._send(data)

    def send_bytes(self, data: bytes) -> None:
        self._send(data)

    def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        self._send(text if mode == "text" else text.encode())

    def receive_text(self) -> str:
        return cast(str, self._receive())

    def receive_bytes(self) -> bytes:
        return cast(bytes, self._receive())

    def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Return the next message parsed; `mode` is taken for Starlette's sake, both are read."""
        return json.loads(self._receive())

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        self._open().close(code, reason or "")

    def _open(self) -> ClientConnection:
        if self._connection is None:
            raise RuntimeError(
                "open the session first: with client.websocket_connect(…) as session"
            )
        return self._connection

    def _send(self, data: str | bytes) -> None:
        try:
            self._open().send(data)
        except ConnectionClosed as exc:
            raise _disconnect(exc) from exc

    def _receive(self) -> str | bytes:
        try:
            return self._open().recv(timeout=_TIMEOUT_SECONDS)
        except ConnectionClosed as exc:
            raise _disconnect(exc) from exc


def _disconnect(exc: ConnectionClosed) -> WebSocketDisconnect:
    if exc.rcvd is None:
        return WebSocketDisconnect(code=1006)
    return WebSocketDisconnect(code=exc.rcvd.code, reason=exc.rcvd.reason)


def _denial(exc: InvalidStatus) -> WebSocketDenialResponse:
    response = exc.response
    return WebSocketDenialResponse(
        status_code=response.status_code,
        headers=list(response.headers.raw_items()),
        content=bytes(response.body or b""),
    )
