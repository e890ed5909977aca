"""Close a WebSocket whose handler raises, so that the client learns why."""

from __future__ import annotations

import inspect
from typing import Any

from starlette.exceptions import HTTPException, WebSocketException
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from triode.concurrency import run_in_threadpool
from triode.errors import ClientError
from triode.http import (
    Call,
    Receive,
    Reply,
    RequestValidationError,
    Send,
    WebSocketRequestValidationError,
)
from triode.http.call import Message
from triode.http.reply import raw_headers, reply_from_response
from triode.middleware.errors import ErrorBoundary, ExceptionHandler
from triode.middleware.protocol import Run

NORMAL = 1000
POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1
INTERNAL_ERROR = 1011
MAX_REASON = 123  # bytes; RFC 6455, 5.5 and 5.5.1
RAISES_DISCONNECT = "triode.raises_disconnect"
"""The ASGI extension by which a test client asks for the `WebSocketDisconnect` of a handler."""


class SocketWatch:
    """A connection's two ends, and what became of it: opened, closed by us, left by the client."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.is_open = False
        self.is_closed = False

    async def receive(self) -> Message:
        """Return the next ASGI message."""
        message = await self._receive()
        self.is_closed = self.is_closed or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Send one ASGI message."""
        kind = message["type"]
        if kind in ("websocket.close", "websocket.http.response.start"):
            self.is_closed = True
        await self._send(message)
        # Not before: the server may refuse to send an acceptance, and what follows is a 500 then.
        self.is_open = self.is_open or kind == "websocket.accept"


async def serve_socket(call: Call, run: Run, boundary: ErrorBoundary, watch: SocketWatch) -> None:
    """Serve one connection, and close it if the handler leaves it open.

    The application's own handler of an exception is called with the connection. Without one, a
    `WebSocketException` closes it with its code. What would be a 4xx response is one before the
    connection is accepted, where the server can send it, and closes it with 1008 otherwise.
    Anything else is raised.
    """
    try:
        outcome: Any = run(call)
        reply = outcome if isinstance(outcome, Reply) else await outcome
        if isinstance(reply, Reply) and reply.stream is not None:
            await reply.stream(call.scope(), watch.receive, watch.send)
    except WebSocketDisconnect:
        # The client left while the handler listened: that is how conversations end.
        if RAISES_DISCONNECT in (call.scope().get("extensions") or {}):
            raise
    except Exception as exc:
        failure: Exception = exc
        if isinstance(exc, RequestValidationError):
            failure = WebSocketRequestValidationError(exc.errors())
        handler = _own_handler(boundary, failure)
        if handler is not None:
            await _ask(handler, failure, call, watch)
        elif not isinstance(failure, WebSocketException | HTTPException | ClientError):
            raise
        elif not watch.is_closed:
            await _refuse(failure, boundary, call, watch)
    if watch.is_open and not watch.is_closed:
        await close(watch, NORMAL)


def _own_handler(boundary: ErrorBoundary, exc: Exception) -> ExceptionHandler | None:
    """Return the application's handler of an exception that takes the connection.

    Handlers of what has a status answer requests, and are left alone here.
    """
    has_status = isinstance(exc, HTTPException | ClientError)
    if has_status and not isinstance(exc, WebSocketRequestValidationError):
        return None
    for kind in type(exc).__mro__:
        if kind in (Exception, HTTPException, ClientError):
            return None
        if kind in boundary.handlers:
            return boundary.handlers[kind]
    return None


async def _ask(handler: ExceptionHandler, exc: Exception, call: Call, watch: SocketWatch) -> None:
    given = (call.websocket(), exc)
    if inspect.iscoroutinefunction(handler):
        answered = await handler(*given)
    else:
        answered = await run_in_threadpool(handler, *given)
    if watch.is_closed:
        return
    if isinstance(answered, Response) and _takes_reply(call, watch):
        await _deny(reply_from_response(answered), watch)
    else:
        await close(watch, INTERNAL_ERROR)


async def _refuse(exc: Exception, boundary: ErrorBoundary, call: Call, watch: SocketWatch) -> None:
    if isinstance(exc, WebSocketException):
        await close(watch, exc.code, exc.reason or "")
    elif _takes_reply(call, watch):
        # Handlers of these exceptions answer requests; a redirect, say, is no use here.
        await _deny(boundary.default_answer(exc), watch)
    else:
        await close(watch, POLICY_VIOLATION, _reason_of(exc))


def _takes_reply(call: Call, watch: SocketWatch) -> bool:
    """Whether a connection may still be answered by an HTTP response."""
    extensions = call.scope().get("extensions") or {}
    return not watch.is_open and "websocket.http.response" in extensions


async def _deny(reply: Reply, watch: SocketWatch) -> None:
    headers = raw_headers(reply)
    start = {"type": "websocket.http.response.start", "status": reply.status, "headers": headers}
    await watch.send(start)
    await watch.send({"type": "websocket.http.response.body", "body": reply.body})


def _reason_of(exc: Exception) -> str:
    """Return what a close frame says of an error: the first problem, or a detail that is text."""
    if isinstance(exc, WebSocketRequestValidationError):
        first = exc.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    detail = getattr(exc, "detail", "")
    return detail if isinstance(detail, str) else ""


async def close(watch: SocketWatch, code: int, reason: str = "") -> None:
    """Close a connection; a reason longer than a close frame holds is cut."""
    text = reason.encode("utf-8")[:MAX_REASON].decode("utf-8", "ignore")
    await watch.send({"type": "websocket.close", "code": code, "reason": text})
