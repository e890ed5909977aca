"""What a handler raises to answer with an error, and what binding raises for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException

from triode.errors import ClientError
from triode.schema import ResponseValidationFailed as ResponseValidationError
from triode.schema import presentable
from triode.schema.problems import summary_of

__all__ = [
    "BodyTooLarge",
    "HTTPException",
    "RequestValidationError",
    "ResponseValidationError",
    "StarletteHTTPException",
    "ValidationException",
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


class ValidationException(ClientError):
    """What a client sent does not fit a handler's signature; `where` names the handler."""

    default_code = "request-validation"
    status_code = 422

    def __init__(self, errors: Sequence[Any]) -> None:
        self._errors = list(errors)
        count = len(self._errors)
        told = summary_of(self._errors)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the request: {told}")

    def errors(self) -> Sequence[Any]:
        """Return every problem, each with type, loc, msg and input."""
        return self._errors

    @property
    def detail(self) -> Any:
        """The problems as JSON can carry them."""
        return [presentable(dict(error)) for error in self._errors]


class RequestValidationError(ValidationException):
    """A request that does not fit the handler's signature; answered with 422.

    `body` is what was sent: JSON as Python's builtins, anything else as bytes; None where there
    was nothing, or a form in parts.
    """

    def __init__(self, errors: Sequence[Any], *, body: Any = None) -> None:
        super().__init__(errors)
        self.body = body


class WebSocketRequestValidationError(ValidationException):
    """A connection that does not fit its handler's signature.

    Unless the application has a handler for it (of the `WebSocket` and this), the connection is
    refused with 422, or closed with 1008 if it was accepted.
    """


class BodyTooLarge(ClientError):
    """The request body exceeds the limit of its route."""

    default_code = "body-too-large"
    status_code = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit} bytes.")
