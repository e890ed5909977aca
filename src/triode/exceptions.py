"""Errors of requests, under the names that users of FastAPI and Starlette import."""

from triode.errors import BindingError as DependencyScopeError
from triode.errors import TriodeError as FastAPIError
from triode.http.exceptions import (
    HTTPException,
    RequestValidationError,
    ResponseValidationError,
    StarletteHTTPException,
    ValidationException,
    WebSocketException,
    WebSocketRequestValidationError,
)

FastAPIDeprecationWarning = DeprecationWarning

__all__ = [
    "DependencyScopeError",
    "FastAPIDeprecationWarning",
    "FastAPIError",
    "HTTPException",
    "RequestValidationError",
    "ResponseValidationError",
    "StarletteHTTPException",
    "ValidationException",
    "WebSocketException",
    "WebSocketRequestValidationError",
]
