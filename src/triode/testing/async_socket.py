"""A WebSocket within one process, for async tests; the methods are those of the plain session."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Literal, Self, cast

from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from triode.http.call import ASGIApp, Message, Scope


class AsyncWebSocketSession:
    """One connection, open while the context is: `async with client.websocket_connect(path)`.

    Receiving raises `WebSocketDisconnect` when the application has closed, and what the
    application raised when it has failed.
    """

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self._app = app
        self._scope = scope
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] = []

    async def __aenter__(self) -> Self:
        running = self._app(self._scope, self._to_app.get, self._from_app.put)
        self._task = asyncio.ensure_future(running)
        await self._to_app.put({"type": "websocket.connect"})
        try:
            message = await self._next()
            if message["type"] == "websocket.http.response.start":
                raise await self._denial(message)
        except BaseException:
            self._task.cancel()
            raise
        self.accepted_subprotocol = message.get("subprotocol")
        self.extra_headers = list(message.get("headers") or ())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        if self._task is not None:
            await self._task

    async def send_text(self, data: str) -> None:
        await self._to_app.put({"type": "websocket.receive", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        await self._to_app.put({"type": "websocket.receive", "bytes": data})

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        await (self.send_text(text) if mode == "text" else self.send_bytes(text.encode()))

    async def receive_text(self) -> str:
        return cast(str, (await self._next())["text"])

    async def receive_bytes(self) -> bytes:
        return cast(bytes, (await self._next())["bytes"])

    async def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        message = await self._next()
        return json.loads(message["text" if mode == "text" else "bytes"])

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        await self._to_app.put(
            {"type": "websocket.disconnect", "code": code, "reason": reason or ""}
        )

    async def _next(self) -> Message:
        """Return the application's next message; raise if it has closed, failed or ended."""
        assert self._task is not None
        waiting = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done() and self._from_app.empty():
            waiting.cancel()
            self._task.result()
            raise WebSocketDisconnect(code=1006, reason="the application ended without closing")
        message = await waiting
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason") or "")
        return message

    async def _denial(self, start: Message) -> WebSocketDenialResponse:
        body = b""
        is_whole = False
        while not is_whole:
            message = await self._next()
            body += message.get("body", b"")
            is_whole = not message.get("more_body", False)
        return WebSocketDenialResponse(
            status_code=start["status"], headers=start["headers"], content=body
        )
