"""A route for WebSocket connections."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from triode.binding.description import Dependency
from triode.binding.markers import DependsInfo
from triode.binding.signature import name_of, read_signature
from triode.errors import BindingError, RouteError, place_of
from triode.later import later
from triode.routing.options import RouterOptions
from triode.routing.path import PathTemplate, no_match, parse_path

if TYPE_CHECKING:
    from starlette import datastructures
    from starlette.datastructures import URLPath

    from triode.binding import sockets
    from triode.binding.endpoint import Overrides
    from triode.binding.sockets import SocketEndpoint
else:
    later(globals(), datastructures="starlette.datastructures", sockets="triode.binding.sockets")


class WebSocketRoute:
    """A path and the handler of its connections; FastAPI's `APIWebSocketRoute`.

    Parameters and dependencies are bound as for HTTP.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        dependencies: Sequence[DependsInfo] | None = None,
        *,
        middleware: Sequence[Any] = (),
    ) -> None:
        self.handler = endpoint
        self.dependencies = tuple(dependencies or ())
        self.middleware = tuple(middleware)
        self.name: Any = name or getattr(endpoint, "__name__", type(endpoint).__name__)
        self.methods = frozenset({"WEBSOCKET"})
        self._compiled: SocketEndpoint | None = None
        self._move(path)
        try:
            self._read_handler()
        except BindingError as exc:
            # The prefix of a router above may name the parameter: `check` has the last word.
            if exc.code != "binding-not-in-path":
                raise

    def _move(self, path: str) -> None:
        self.path = path
        self.template: PathTemplate = parse_path(
            path or "/", where=lambda: f" (handler {self.place})"
        )
        self.path_format = self.template.format if path else ""

    def _read_handler(self) -> Dependency:
        return read_signature(self.handler, path_names=self.template.names)

    @property
    def endpoint(self) -> Callable[..., Any]:
        """The handler, under FastAPI's name."""
        return self.handler

    @property
    def place(self) -> str:
        """The handler and its file:line, for messages."""
        return f"{name_of(self.handler)}, {place_of(inspect.unwrap(self.handler))}"

    def check(self) -> None:
        """Find what is wrong with the route where it is served.

        Raises:
            RouteError: neither the route nor a router has a path.
            BindingError: a path parameter is nowhere in the path.
        """
        if not self.path:
            raise RouteError(
                f"The WebSocket route of {self.place} has an empty path, and no router gives it "
                'a prefix. Write "/", or include its router with a prefix.',
                code="route-empty",
            )
        _ = self.compiled

    @property
    def compiled(self) -> SocketEndpoint:
        """The compiled endpoint, without overrides."""
        if self._compiled is None:
            self._compiled = self.compile()
        return self._compiled

    def compile(self, overrides: Overrides | None = None) -> SocketEndpoint:
        """Return the compiled endpoint."""
        return sockets.compile_socket(
            self.handler,
            dependencies=self.dependencies,
            overrides=overrides,
            path_names=self.template.names,
        )

    def under(self, prefix: str, outer: RouterOptions) -> Self:
        """Return the route below a prefix, inside of a router's dependencies and middleware."""
        made = copy(self)
        made.middleware = (*outer.middleware, *self.middleware)
        made.dependencies = (*outer.dependencies, *self.dependencies)
        made._compiled = None
        made._move(prefix + self.path)
        return made

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the route's path, if this is its name.

        Raises:
            RouteError: it has another name, or the parameters do not fit.
        """
        if name != self.name:
            raise no_match(f'This route is named "{self.name}", not "{name}".')
        return datastructures.URLPath(self.template.fill(values), protocol="websocket")

    def __repr__(self) -> str:
        return f"<WebSocketRoute {self.path} {name_of(self.handler)}>"


APIWebSocketRoute = WebSocketRoute
"""FastAPI's name for a WebSocket route."""
