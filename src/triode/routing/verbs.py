"""The decorators of a router: one for every method of HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, Unpack

from triode.routing.mistakes import check_path
from triode.routing.route import Route, RouteKeywords
from triode.routing.websocket import WebSocketRoute

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Verbs(ABC):
    """Routes by decorator."""

    @abstractmethod
    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        route_class_override: type[Route] | None = None,
        **options: Unpack[RouteKeywords],
    ) -> Route:
        """Add a route."""

    @abstractmethod
    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> WebSocketRoute:
        """Add a handler of WebSocket connections."""

    @abstractmethod
    def add_websocket_route(
        self, path: str, route: Callable[..., Any], name: str | None = None
    ) -> None:
        """Add Starlette's kind of WebSocket handler."""

    def route(
        self,
        path: str,
        *,
        methods: Iterable[str] | None = None,
        **options: Unpack[RouteKeywords],
    ) -> Callable[[Handler], Handler]:
        """Add the decorated handler for several methods, as Flask has it."""
        check_path(path)

        def decorate(handler: Handler) -> Handler:
            self.add_api_route(path, handler, methods=methods, **options)
            return handler

        return decorate

    api_route = route  # FastAPI's name for it

    def get(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for GET."""
        return self.route(path, methods=("GET",), **options)

    def post(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for POST."""
        return self.route(path, methods=("POST",), **options)

    def put(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for PUT."""
        return self.route(path, methods=("PUT",), **options)

    def patch(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for PATCH."""
        return self.route(path, methods=("PATCH",), **options)

    def delete(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for DELETE."""
        return self.route(path, methods=("DELETE",), **options)

    def head(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for HEAD; GET handlers answer it without one."""
        return self.route(path, methods=("HEAD",), **options)

    def options(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for OPTIONS; without one `Allow` is answered."""
        return self.route(path, methods=("OPTIONS",), **options)

    def trace(self, path: str, **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
        """Add the decorated handler for TRACE."""
        return self.route(path, methods=("TRACE",), **options)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Any] | None = None
    ) -> Callable[[Handler], Handler]:
        """Add the decorated handler for WebSocket connections."""

        def decorate(handler: Handler) -> Handler:
            self.add_api_websocket_route(path, handler, name, dependencies=dependencies)
            return handler

        return decorate

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[Handler], Handler]:
        """Add the decorated function of a connection, as Starlette has it: nothing is bound."""

        def decorate(handler: Handler) -> Handler:
            self.add_websocket_route(path, handler, name)
            return handler

        return decorate
