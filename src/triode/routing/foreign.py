"""Handlers and routes as Starlette has them, among routes of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from triode.binding.calls import is_async
from triode.binding.signature import name_of
from triode.errors import RouteError, place_of
from triode.http import ASGIApp, Receive, Scope, Send
from triode.routing.functions import redeclared
from triode.routing.mount import Host, Mount
from triode.routing.route import Route, RouteOptions
from triode.routing.tree import AnyRoute
from triode.routing.websocket import WebSocketRoute

EVERY_METHOD = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


@dataclass(frozen=True, slots=True)
class PlainHandler:
    """A handler of Starlette's kind as one of ours."""

    handler: Callable[..., Any]
    name: str
    methods: tuple[str, ...]


class ForwardedResponse(Response):
    """Whatever an ASGI application answers."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def plain_handler(
    given: Callable[..., Any], methods: Iterable[str] | None, *, is_socket: bool = False
) -> PlainHandler:
    """Return a function of a request (or connection), or a class like `HTTPEndpoint`, as a handler.

    Raises:
        RouteError: it takes no argument that the request could be.
    """
    name = getattr(given, "__name__", type(given).__name__)
    target = given
    while isinstance(target, partial):
        target = target.func
    if inspect.isroutine(target):
        return PlainHandler(
            _with_request(given, WebSocket if is_socket else Request),
            name,
            tuple(methods) if methods is not None else ("GET",),
        )
    chosen = tuple(methods) if methods is not None else EVERY_METHOD
    if is_socket:
        return PlainHandler(_serving_socket(given), name, chosen)
    return PlainHandler(_forwarding(given), name, chosen)


def _with_request(given: Callable[..., Any], kind: type) -> Callable[..., Any]:
    """Return a function whose first parameter is declared as the request."""
    parameters = list(inspect.signature(given).parameters.values())
    first = parameters[0] if parameters else None
    if first is None or first.kind is first.VAR_KEYWORD:
        raise RouteError(
            f"{name_of(given)} takes no argument, and gets the request. "
            "Give it one, or use add_api_route.",
            code="route-plain-handler",
            where=place_of(given),
        )
    if isinstance(given, FunctionType) and not hasattr(given, "__wrapped__"):
        parameters[0] = first.replace(annotation=kind)
        declared = inspect.Signature(parameters, return_annotation=Response)
        return redeclared(given, declared)
    return _calling_async(given, kind) if is_async(given) else _calling(given, kind)


def _calling(given: Callable[..., Any], kind: type) -> Callable[..., Any]:
    """Return a function that calls a method or a wrapped function with the request."""

    def handler(request: Any) -> Any:
        return given(request)

    handler.__annotations__ = {"request": kind, "return": Response}
    return handler


def _calling_async(given: Callable[..., Any], kind: type) -> Callable[..., Any]:
    async def handler(request: Any) -> Any:
        return await given(request)

    handler.__annotations__ = {"request": kind, "return": Response}
    return handler


def _forwarding(app: ASGIApp) -> Callable[..., Any]:
    async def forward(request: Request) -> ForwardedResponse:
        return ForwardedResponse(app)

    forward.__annotations__ = {"request": Request, "return": ForwardedResponse}
    return forward


def _serving_socket(app: ASGIApp) -> Callable[..., Any]:
    async def serve(websocket: WebSocket) -> None:
        await app(websocket.scope, websocket.receive, websocket.send)

    serve.__annotations__ = {"websocket": WebSocket, "return": None}
    return serve


def adopt(route: Any) -> AnyRoute:
    """Return a route of ours for one of ours or of Starlette's.

    Raises:
        RouteError: it is neither.
    """
    if isinstance(route, (Route, Mount, Host, WebSocketRoute)):
        return route
    kind = next((base.__name__ for base in type(route).__mro__ if _is_starlette(base)), None)
    if kind == "Route":
        made = plain_handler(route.endpoint, route.methods)
        options = RouteOptions(name=route.name, include_in_schema=False)
        return Route(route.path, made.handler, methods=made.methods, options=options)
    if kind == "WebSocketRoute":
        made = plain_handler(route.endpoint, None, is_socket=True)
        return WebSocketRoute(route.path, made.handler, route.name)
    if kind == "Mount":
        return Mount(route.path, route.app, route.name or None)
    if kind == "Host":
        return Host(route.host, route.app, route.name or None)
    raise RouteError(
        f"{route!r} is no route. Give routes of triode.routing or of starlette.routing.",
        code="route-foreign",
    )


def _is_starlette(base: type) -> bool:
    return base.__module__ == "starlette.routing"
