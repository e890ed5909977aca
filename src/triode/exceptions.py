"""Errors of requests, under the names that users of FastAPI and Starlette import."""

from triode.http.exceptions import (
    HTTPException,
    RequestValidationError,
    ResponseValidationError,
    StarletteHTTPException,
    WebSocketException,
    WebSocketRequestValidationError,
)

__all__ = [
    "HTTPException",
    "RequestValidationError",
    "ResponseValidationError",
    "StarletteHTTPException",
    "WebSocketException",
    "WebSocketRequestValidationError",
]
