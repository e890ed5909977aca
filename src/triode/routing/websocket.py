"""A route for WebSocket connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from triode.binding.endpoint import Overrides
from triode.binding.markers import DependsInfo
from triode.binding.signature import name_of
from triode.binding.sockets import SocketEndpoint, compile_socket
from triode.errors import place_of
from triode.routing.path import PathTemplate, parse_path


class WebSocketRoute:
    """A path and the handler of its connections; parameters are bound as for HTTP."""

    def __init__(
        self,
        path: str,
        handler: Callable[..., Any],
        name: str | None = None,
        dependencies: Sequence[DependsInfo] = (),
        *,
        middleware: Sequence[Any] = (),
    ) -> None:
        self.path = path
        self.handler = handler
        self.dependencies = tuple(dependencies)
        self.middleware = tuple(middleware)
        self.name = name or getattr(handler, "__name__", type(handler).__name__)
        self.methods = frozenset({"WEBSOCKET"})
        self.template: PathTemplate = parse_path(path, where=lambda: f" (handler {self.place})")
        self.endpoint: SocketEndpoint = self.compile()

    @property
    def place(self) -> str:
        """The handler and its file:line, for messages."""
        return f"{name_of(self.handler)}, {place_of(self.handler)}"

    def compile(self, overrides: Overrides | None = None) -> SocketEndpoint:
        """Return the compiled endpoint."""
        return compile_socket(
            self.handler,
            dependencies=self.dependencies,
            overrides=overrides,
            path_names=self.template.names,
        )

    def under(
        self, prefix: str, dependencies: Sequence[DependsInfo], middleware: Sequence[Any] = ()
    ) -> WebSocketRoute:
        """Return the same route below a prefix, inside of dependencies and middleware."""
        return WebSocketRoute(
            prefix + self.path,
            self.handler,
            self.name,
            (*dependencies, *self.dependencies),
            middleware=(*middleware, *self.middleware),
        )

    def __repr__(self) -> str:
        return f"<WebSocketRoute {self.path} {name_of(self.handler)}>"
