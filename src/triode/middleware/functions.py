"""`@app.middleware("http")`: a function of a request and of what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from triode.errors import TriodeError, place_of
from triode.http import Call, Head, Reply
from triode.http.reply import reply_from_response
from triode.middleware.next_response import NextResponse, StartedResponse, next_response
from triode.middleware.protocol import Run, Traits

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

CallNext: TypeAlias = "Callable[[Request], Awaitable[Response]]"
Function: TypeAlias = "Callable[[Request, CallNext], Awaitable[Response]]"


class FunctionMiddleware(Traits):
    """Starlette's function middleware, composed into the endpoint.

    An exception that nothing inside has answered comes out of `call_next`. If the function lets it
    pass, the reply is the one that the exception has become already.
    """

    def __init__(self, function: Function) -> None:
        self.function = function

    def wrap(self, run: Run) -> Run:
        """Return an endpoint that calls the function around another."""
        function = self.function

        async def around(call: Call) -> Reply:
            inside = _Inside(call, run, function)
            try:
                response = await function(call.request(), inside.call_next)
            except Exception as exc:
                inside.stop_all_but(None)
                if inside.failed is not None and exc is inside.failed.error:
                    return inside.failed
                raise
            inside.stop_all_but(response)
            if isinstance(response, NextResponse):
                response = response.final()
            return reply_from_response(response)

        return around


class _Inside:
    """What comes next, for one request."""

    def __init__(self, call: Call, run: Run, function: Function) -> None:
        self.call = call
        self.run = run
        self.function = function
        self.request = call.request()
        self.before = dict(self.request.scope)
        self.failed: Reply | None = None
        self.started: list[StartedResponse] = []

    async def call_next(self, request: Request) -> Response:
        """Call what is inside, and return its response."""
        await self._take_over(request)
        outcome = self.run(self.call)
        reply = outcome if isinstance(outcome, Reply) else await outcome
        if reply.error is not None:
            self.failed = reply
            raise reply.error
        response = await next_response(self.call, reply)
        if isinstance(response, StartedResponse):
            self.started.append(response)
        return response

    def stop_all_but(self, response: Response | None) -> None:
        """End what was started and is not sent."""
        for started in self.started:
            if started is not response:
                started.stop()

    async def _take_over(self, request: Request) -> None:
        """Let what is inside see what the function has changed.

        Raises:
            TriodeError: it has changed what the route was found by.
        """
        call, scope = self.call, request.scope
        for name in ("path", "method"):
            if scope[name] != self.before[name]:
                raise TriodeError(
                    f"A function middleware has changed the request's {name} to {scope[name]!r}. "
                    "The route is found before it runs. Redirect, or do it in an ASGI middleware.",
                    code="middleware-route",
                    where=place_of(self.function),
                )
        if scope["headers"] != call.head.raw:
            call.head = Head(list(scope["headers"]))
        if scope["query_string"] != self.before["query_string"]:
            call.use_query(scope["query_string"].decode("latin-1"))
        if request is not self.request:
            self.request = request
            await call.use_request(request)
