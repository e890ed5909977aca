"""`@app.middleware("http")`: a function of a request and of what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from triode.http import Call, Reply
from triode.http.reply import reply_from_response, response_from_reply
from triode.middleware.protocol import Run

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

CallNext: TypeAlias = "Callable[[Request], Awaitable[Response]]"
Function: TypeAlias = "Callable[[Request, CallNext], Awaitable[Response]]"


class FunctionMiddleware:
    """Starlette's function middleware, composed into the endpoint."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def wrap(self, run: Run) -> Run:
        """Return an endpoint that calls the function around another."""
        function = self.function

        async def around(call: Call) -> Reply:
            inner: Reply | None = None

            async def call_next(request: Request) -> Response:
                nonlocal inner
                outcome = run(call)
                inner = outcome if isinstance(outcome, Reply) else await outcome
                return response_from_reply(inner)

            reply = reply_from_response(await function(call.request(), call_next))
            if inner is not None:
                reply.error = inner.error
            return reply

        return around
