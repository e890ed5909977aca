"""Between a compiled endpoint and a function of `Request` to `Response`.

FastAPI's guide lets a subclass of the route put its own function around the one that the route
has. A route of the class itself never comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from triode.binding import Endpoint
from triode.http import Call, Reply, require_call
from triode.http.reply import reply_from_response, response_from_reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

RouteHandler: TypeAlias = "Callable[[Request], Coroutine[Any, Any, Response]]"


def request_handler(endpoint: Endpoint) -> RouteHandler:
    """Return the function of a request that an endpoint is.

    The request may be another one than the server made: its body is what the handler gets.
    """

    async def handle(request: Request) -> Response:
        call = require_call("get_route_handler")
        if endpoint.reads_body:
            await call.use_request(request)
        else:
            call.replace_request(request)
        outcome = endpoint.run(call)
        return response_from_reply(outcome if isinstance(outcome, Reply) else await outcome)

    return handle


def endpoint_of(inner: Endpoint, handler: RouteHandler) -> Endpoint:
    """Return an endpoint like `inner` that runs a function of a request instead."""

    async def run(call: Call) -> Reply:
        return reply_from_response(await handler(call.request()))

    return replace(inner, run=run, may_step=False)
