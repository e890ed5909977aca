"""Paths to handlers: path templates, the matcher, routes, routers and controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triode.later import handing_on

if TYPE_CHECKING:
    from triode.routing.controller import Controller, MethodView
    from triode.routing.hooks import Hook, Lifespan, LifespanHooks
    from triode.routing.matcher import Matcher
    from triode.routing.mount import Host, Mount
    from triode.routing.options import RouterKeywords
    from triode.routing.path import PathTemplate, parse_path
    from triode.routing.route import APIRoute, Route, RouteKeywords, RouteOptions
    from triode.routing.router import APIRouter, Router
    from triode.routing.tree import AnyRoute, Routes
    from triode.routing.websocket import APIWebSocketRoute, WebSocketRoute
else:
    __getattr__ = handing_on(
        globals(),
        {
            "triode.routing.controller": "Controller MethodView",
            "triode.routing.hooks": "Hook Lifespan LifespanHooks",
            "triode.routing.matcher": "Matcher",
            "triode.routing.mount": "Host Mount",
            "triode.routing.options": "RouterKeywords",
            "triode.routing.path": "PathTemplate parse_path",
            "triode.routing.route": "APIRoute Route RouteKeywords RouteOptions",
            "triode.routing.router": "APIRouter Router",
            "triode.routing.tree": "AnyRoute Routes",
            "triode.routing.websocket": "APIWebSocketRoute WebSocketRoute",
        },
    )

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "AnyRoute",
    "Controller",
    "Hook",
    "Host",
    "Lifespan",
    "LifespanHooks",
    "Matcher",
    "MethodView",
    "Mount",
    "PathTemplate",
    "Route",
    "RouteKeywords",
    "RouteOptions",
    "Router",
    "RouterKeywords",
    "Routes",
    "WebSocketRoute",
    "parse_path",
]
