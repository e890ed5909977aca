"""Paths to handlers: path templates, the matcher, routes and routers."""

from triode.routing.matcher import Matcher
from triode.routing.path import PathTemplate, parse_path
from triode.routing.route import Mount, Route, RouteKeywords, RouteOptions
from triode.routing.router import APIRouter, Router
from triode.routing.websocket import WebSocketRoute

__all__ = [
    "APIRouter",
    "Matcher",
    "Mount",
    "PathTemplate",
    "Route",
    "RouteKeywords",
    "RouteOptions",
    "Router",
    "WebSocketRoute",
    "parse_path",
]
