"""The default answers to exceptions, for handlers that do something first and then the usual."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from triode.http.exceptions import RequestValidationError, WebSocketRequestValidationError
from triode.http.problem_details import PROBLEM_JSON, problem_details
from triode.http.reply import response_from_reply
from triode.middleware.errors import http_error_reply
from triode.middleware.sockets import POLICY_VIOLATION


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Return the usual response to an `HTTPException`."""
    if exc.status_code >= 400 and _is_problem(request):
        return _problem(request, exc, exc.status_code)
    return response_from_reply(http_error_reply(exc))


async def request_validation_exception_handler(
    request: Request, exc: RequestValidationError
) -> Response:
    """Return the usual response to a request that does not fit: 422 with every problem."""
    if _is_problem(request):
        return _problem(request, exc, exc.status_code)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close the connection as one that does not fit, the problems as the reason."""
    # RFC 6455, 5.5.1: the frame holds at most 123 bytes of it.
    reason = str(exc.detail).encode()[:123].decode("utf-8", "ignore")
    await websocket.close(code=POLICY_VIOLATION, reason=reason)


def _is_problem(request: Request) -> bool:
    return bool(getattr(request.scope.get("app"), "problem_details", False))


def _problem(request: Request, exc: Exception, status: int) -> Response:
    return JSONResponse(
        problem_details(exc, status, request.url.path),
        status_code=status,
        headers=getattr(exc, "headers", None),
        media_type=PROBLEM_JSON.decode(),
    )
