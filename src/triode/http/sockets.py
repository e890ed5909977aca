"""`WebSocket`: Starlette's connection, with messages of a declared type.

Types are decoded and encoded as bodies of requests are, by `triode.schema`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Any, TypeVar, overload

from starlette.websockets import WebSocket as StarletteWebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from triode.http.exceptions import WebSocketRequestValidationError
from triode.schema import ValidationFailed, json_decoder, json_encoder

T = TypeVar("T")


@lru_cache(maxsize=256)
def _decoder_of(kind: Any) -> Callable[[bytes], Any]:
    return json_decoder(kind)


@lru_cache(maxsize=256)
def _encoder_of(kind: Any) -> Callable[[Any], bytes]:
    return json_encoder(kind)


class WebSocket(StarletteWebSocket):
    """A WebSocket connection.

    Everything of Starlette's is here. `receive_as`, `iter_as` and `send_as` carry values of a
    type as JSON, in a text or binary message alike.
    """

    @overload
    async def receive_as(self, kind: type[T]) -> T: ...
    @overload
    async def receive_as(self, kind: Any) -> Any: ...
    async def receive_as(self, kind: Any) -> Any:
        """Return the next message as a value of a type.

        Raises:
            WebSocketRequestValidationError: it is none; the connection is closed with 1008 unless
                the handler catches it.
            WebSocketDisconnect: the client left.
        """
        return self._decode(kind, await self._next_content())

    @overload
    def iter_as(self, kind: type[T]) -> AsyncIterator[T]: ...
    @overload
    def iter_as(self, kind: Any) -> AsyncIterator[Any]: ...
    async def iter_as(self, kind: Any) -> AsyncIterator[Any]:
        """Yield messages as values of a type, until the client leaves.

        Raises:
            WebSocketRequestValidationError: a message is none.
        """
        while True:
            try:
                content = await self._next_content()
            except WebSocketDisconnect:
                return
            yield self._decode(kind, content)

    async def send_as(self, value: Any, kind: Any = None, *, binary: bool = False) -> None:
        """Send a value as JSON; with `kind` only what that type declares is sent."""
        content = _encoder_of(kind)(value)
        await (self.send_bytes(content) if binary else self.send_text(content.decode("utf-8")))

    async def _next_content(self) -> bytes:
        if self.application_state is not WebSocketState.CONNECTED:
            raise RuntimeError('WebSocket is not connected. Call "accept" first.')
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        text: str | None = message.get("text")
        if text is None:
            content: bytes = message["bytes"]
            return content
        return text.encode("utf-8", "replace")

    def _decode(self, kind: Any, content: bytes) -> Any:
        try:
            return _decoder_of(kind)(content)
        except ValidationFailed as exc:
            raise WebSocketRequestValidationError(exc.under("message").errors) from exc
