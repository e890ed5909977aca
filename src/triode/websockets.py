"""WebSockets, under the names that users of FastAPI and Starlette import."""

from starlette.websockets import WebSocketDisconnect, WebSocketState

from triode.http.sockets import WebSocket

__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketState"]
