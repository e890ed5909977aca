"""Put middleware of ours around an endpoint, or around an ASGI application.

The order is that of Starlette: the first of a sequence is the outermost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send, current_call
from triode.http.asgi import EXTRAS, call_from_scope, send_reply
from triode.middleware.errors import ErrorBoundary
from triode.middleware.protocol import EndpointMiddleware, Run, SocketRun, Traits, trait
from triode.middleware.sockets import SocketWatch, serve_socket


def compose(run: Run, around: Sequence[EndpointMiddleware], guard: ErrorBoundary) -> Run:
    """Return an endpoint inside of middleware; each sees an error as the reply it becomes."""
    run = guard.wrap(run)
    for middleware in reversed(around):
        run = middleware.wrap(run)
        if trait(middleware, "may_raise"):
            run = guard.wrap(run)
    return run


def compose_socket(run: SocketRun, around: Sequence[EndpointMiddleware]) -> SocketRun:
    """Return the endpoint of a connection inside of those middleware that know connections."""
    for middleware in reversed(around):
        wrap_socket = getattr(middleware, "wrap_socket", None)
        if wrap_socket is not None:
            run = wrap_socket(run)
    return run


def nearest(
    outer: Sequence[EndpointMiddleware], inner: Sequence[EndpointMiddleware]
) -> tuple[EndpointMiddleware, ...]:
    """Return the middleware of a route inside those of its application.

    A setting that both have is taken from the inner ones, and stands where the outer one stood.
    """
    found = list(outer)
    for middleware in inner:
        places = [i for i, known in enumerate(found) if type(known) is type(middleware)]
        if places and trait(middleware, "is_setting"):
            found[places[-1]] = middleware
        else:
            found.append(middleware)
    return tuple(found)


class Around:
    """Middleware of ours around an ASGI application, itself an ASGI application.

    `owner` is the application of Triode's that it belongs to, None for none. `body_limit` is in
    bytes, for middleware that reads the body.
    """

    def __init__(
        self,
        app: ASGIApp,
        around: Sequence[EndpointMiddleware],
        guard: ErrorBoundary,
        *,
        owner: Any = None,
        body_limit: int | None = None,
    ) -> None:
        self.app = app
        self.guard = guard
        self.owner = owner
        self.body_limit = body_limit
        self.run = compose(self._pass_on, around, guard)
        self.run_socket = compose_socket(self._pass_socket_on, around)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        watch = SocketWatch(receive, send) if scope["type"] == "websocket" else None
        if watch is not None:
            receive, send = watch.receive, watch.send
        call = call_from_scope(scope, receive, send)
        call.app = self.owner
        call.body_limit = self.body_limit
        current_call.set(call)
        if watch is not None:
            await serve_socket(call, self.run_socket, self.guard, watch)
            return
        outcome = self.run(call)
        reply = outcome if isinstance(outcome, Reply) else await outcome
        await send_reply(reply, call, send)
        if reply.error is not None:
            raise reply.error

    def _pass_on(self, call: Call) -> Reply:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            scope[EXTRAS] = call.extras
            await self.guard.serve(self.app, call, scope, receive, send)

        reply = Reply(b"")
        reply.stream = serve
        return reply

    async def _pass_socket_on(self, call: Call) -> Reply:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            scope[EXTRAS] = call.extras
            await self.app(scope, receive, send)

        reply = Reply(b"")
        reply.stream = serve
        return reply


class OwnMiddleware(Traits):
    """A middleware of Triode's.

    `app.add_middleware(…)` composes it into the endpoints. Given an ASGI application it is an ASGI
    middleware as well: `CORSMiddleware(app, allow_origins=[…])`.
    """

    def __init__(self, app: ASGIApp | None = None) -> None:
        self.app = app
        self._around: Around | None = None

    def setup(self, app: Any) -> None:
        """Add hooks to the application that takes this middleware; most need none."""

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        return run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope around `app`."""
        if self._around is None:
            if self.app is None:
                raise TypeError(f"{type(self).__name__} has no application to stand around.")
            self._around = Around(self.app, (self,), ErrorBoundary({}))
        await self._around(scope, receive, send)
