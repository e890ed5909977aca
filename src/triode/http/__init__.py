"""The thin seam over Starlette: what an endpoint gets and gives, on lane and ASGI alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triode.later import handing_on

if TYPE_CHECKING:
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
else:
    __getattr__ = handing_on(
        globals(),
        {
            "triode.http.call": "ASGIApp Call Head Receive Reply Scope Send",
            "triode.http.current": "current_call require_call",
            "triode.http.exceptions": "BodyTooLarge HTTPException RequestValidationError "
            "ResponseValidationError WebSocketException WebSocketRequestValidationError",
        },
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
