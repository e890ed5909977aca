"""The ASGI side of the seam: calls that an ASGI server brings, replies sent through one."""

from __future__ import annotations

from typing import Any

from starlette.requests import ClientDisconnect

from triode.http.call import Call, Head, Message, Receive, Reply, Scope, Send
from triode.http.exceptions import BodyTooLarge
from triode.http.reply import raw_headers, stream_reply
from triode.http.sockets import WebSocket

# Where middleware of ours outside of an ASGI middleware leaves what it knows for those inside.
EXTRAS = "triode.extras"


def call_from_scope(scope: Scope, receive: Receive, send: Send) -> Call:
    """Return the call that an ASGI scope describes.

    The path is what follows the scope's root path, as ASGI 2.3 and Starlette have it.
    """
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if root_path and is_under(path, root_path):
        path = path[len(root_path) :] or "/"
    call = Call(
        scope.get("method", "WEBSOCKET"),
        path,
        scope.get("query_string", b"").decode("latin-1"),
        Head(list(scope["headers"])),
        AsgiOrigin(scope, receive, send),
    )
    call.extras = scope.get(EXTRAS)
    return call


def is_under(path: str, root_path: str) -> bool:
    """Return whether a path begins with a root path; "/apiary" does not with "/api"."""
    return path.startswith(root_path) and path[len(root_path) :][:1] in ("", "/")


async def send_reply(reply: Reply, call: Call, send: Send) -> None:
    """Send a reply through an ASGI server, background work included."""
    if reply.stream is not None:
        await stream_reply(reply, call.scope(), call.origin.receive(call), send)
    else:
        body = b"" if call.method == "HEAD" else reply.body
        await send(
            {"type": "http.response.start", "status": reply.status, "headers": raw_headers(reply)}
        )
        await send({"type": "http.response.body", "body": body})
    if reply.background is not None:
        await reply.background()


class AsgiOrigin:
    """A call that came in through an ASGI server."""

    __slots__ = ("_receive", "_socket", "scope", "send")

    def __init__(self, scope: Scope, receive: Any, send: Any) -> None:
        self.scope = scope
        self._receive = receive
        self.send = send
        self._socket: WebSocket | None = None

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of whoever connected to the server."""
        client = self.scope.get("client")
        return None if client is None else (client[0], client[1])

    @property
    def scheme(self) -> str | None:
        """The scheme of the connection."""
        return self.scope.get("scheme")

    def make_scope(self, call: Call) -> Scope:
        """Return the server's own scope."""
        return self.scope

    async def read_body(self, call: Call) -> bytes:
        """Return the whole body."""
        limit = call.body_limit
        declared = call.head.values.get(b"content-length", b"")
        if limit is not None and declared.isdigit() and int(declared[:20]) > limit:
            raise BodyTooLarge(limit)  # before any of it is waited for
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if limit is not None and size > limit:
                raise BodyTooLarge(limit)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def websocket(self, call: Call) -> WebSocket:
        """Return the connection as Starlette knows it; the same object each time."""
        if self._socket is None:
            self._socket = WebSocket(call.scope(), self._receive, self.send)
        return self._socket

    def receive(self, call: Call) -> Receive:
        """Return receive: over the body if it was read already, else the server's own."""
        size = 0
        is_replayed = False

        async def receive() -> Message:
            nonlocal size, is_replayed
            if call.body is not None and not size and not is_replayed:
                is_replayed = True
                return {"type": "http.request", "body": call.body, "more_body": False}
            message: Message = await self._receive()
            size += len(message.get("body", b""))
            if call.body_limit is not None and size > call.body_limit:
                raise BodyTooLarge(call.body_limit)
            return message

        return receive


async def close_socket(receive: Receive, send: Send, code: int = 1000) -> None:
    """Refuse a WebSocket that no route serves; before acceptance the client sees a 403."""
    await receive()
    await send({"type": "websocket.close", "code": code, "reason": ""})
