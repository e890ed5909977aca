"""What a handler raises to answer with an error, and what binding raises for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException

from triode.errors import ClientError
from triode.schema import ResponseValidationFailed as ResponseValidationError
from triode.schema import presentable

__all__ = [
    "BodyTooLarge",
    "HTTPException",
    "RequestValidationError",
    "ResponseValidationError",
    "StarletteHTTPException",
    "WebSocketException",
    "WebSocketRequestValidationError",
]


class HTTPException(StarletteHTTPException):
    """Answer with an HTTP status.

    `detail` may be anything that JSON can hold; it is sent as `{"detail": …}`.
    """

    def __init__(
        self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class RequestValidationError(ClientError):
    """A request that does not fit the handler's signature; answered with 422.

    `body` is the raw body as far as it was read, None where there was none.
    """

    default_code = "request-validation"
    status_code = 422

    def __init__(self, errors: Sequence[Any], *, body: Any = None) -> None:
        self._errors = list(errors)
        self.body = body
        super().__init__(f"{len(self._errors)} problem(s) in the request")

    def errors(self) -> Sequence[Any]:
        """Return every problem, each with type, loc, msg and input."""
        return self._errors

    @property
    def detail(self) -> Any:
        """The problems as JSON can carry them."""
        return [presentable(dict(error)) for error in self._errors]


class WebSocketRequestValidationError(ClientError):
    """A WebSocket's opening request, or a message, that does not fit; closed with 1008."""

    default_code = "websocket-validation"
    status_code = 422

    def __init__(self, errors: Sequence[Any]) -> None:
        self._errors = list(errors)
        super().__init__(f"{len(self._errors)} problem(s) in the request")

    def errors(self) -> Sequence[Any]:
        """Return every problem, each with type, loc, msg and input."""
        return self._errors

    @property
    def detail(self) -> Any:
        """The problems as JSON can carry them."""
        return [presentable(dict(error)) for error in self._errors]


class BodyTooLarge(ClientError):
    """The request body exceeds the limit of its route."""

    default_code = "body-too-large"
    status_code = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit} bytes.")
