"""Close a WebSocket whose handler raises what a client can mend."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException, WebSocketException
from starlette.websockets import WebSocketDisconnect

from triode.errors import ClientError
from triode.http import Call, Receive, Reply, Send
from triode.http.call import Message
from triode.http.exceptions import RequestValidationError, WebSocketRequestValidationError
from triode.http.reply import raw_headers
from triode.middleware.errors import ErrorBoundary
from triode.middleware.protocol import Run

POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1
# The errors whose handlers take a `WebSocket`.
FOR_SOCKETS = (WebSocketException, WebSocketRequestValidationError)


async def serve_socket(
    call: Call, run: Run, boundary: ErrorBoundary, receive: Receive, send: Send
) -> None:
    """Serve one connection.

    A `WebSocketException` closes it with its code. What would be a 4xx response is one before
    the connection is accepted, where the server can send it, and closes it with 1008 after that.
    Any other exception goes to the application's handler of its class, with the connection.
    """
    is_open = False
    is_closed = False

    async def watch(message: Message) -> None:
        nonlocal is_open, is_closed
        is_open = is_open or message["type"] == "websocket.accept"
        is_closed = is_closed or message["type"] == "websocket.close"
        await send(message)

    call.origin.send = watch  # type: ignore[attr-defined]
    try:
        outcome: Any = run(call)
        reply = outcome if isinstance(outcome, Reply) else await outcome
        if isinstance(reply, Reply) and reply.stream is not None:
            await reply.stream(call.scope(), receive, watch)
    except WebSocketDisconnect:
        return  # The client left while the handler listened: that is how conversations end.
    except (WebSocketException, HTTPException, ClientError) as raised:
        exc: Exception = raised
        if isinstance(exc, RequestValidationError):
            exc = WebSocketRequestValidationError(exc.errors())
        handler = boundary.handler_for(exc)
        if handler is not None and isinstance(exc, FOR_SOCKETS):
            await handler(call.websocket(), exc)
        elif not is_closed:
            await _refuse(exc, call, send, is_open=is_open)
    except Exception as exc:
        handler = boundary.handler_for(exc)
        # That of every exception answers requests; a connection's is the server's to log.
        if handler is None or handler in map(boundary.handlers.get, (Exception, 500)):
            raise
        await handler(call.websocket(), exc)


async def _refuse(exc: Exception, call: Call, send: Send, *, is_open: bool) -> None:
    if isinstance(exc, WebSocketException):
        await send({"type": "websocket.close", "code": exc.code, "reason": exc.reason or ""})
        return
    extensions = call.scope().get("extensions") or {}
    if is_open or "websocket.http.response" not in extensions:
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
        return
    # Handlers of exceptions take a request, and a connection is none.
    reply = ErrorBoundary({}).default_answer(exc)
    headers = raw_headers(reply)
    start = {"type": "websocket.http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": reply.body})
