"""The thin seam over Starlette: what an endpoint gets and gives, on lane and ASGI alike."""

from triode.http.call import ASGIApp, Call, Head, Receive, Reply, Scope, Send
from triode.http.current import current_call, require_call
from triode.http.exceptions import (
    BodyTooLarge,
    HTTPException,
    RequestValidationError,
    ResponseValidationError,
    WebSocketException,
    WebSocketRequestValidationError,
)

__all__ = [
    "ASGIApp",
    "BodyTooLarge",
    "Call",
    "HTTPException",
    "Head",
    "Receive",
    "Reply",
    "RequestValidationError",
    "ResponseValidationError",
    "Scope",
    "Send",
    "WebSocketException",
    "WebSocketRequestValidationError",
    "current_call",
    "require_call",
]
