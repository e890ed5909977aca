"""A group of routes with a common prefix, tags and dependencies.

`App` is one as well. `include_router` copies the routes that are there from one to another, so a
router can be included several times under different prefixes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, Unpack

from starlette.datastructures import URLPath
from starlette.responses import Response

from triode.binding.markers import DependsInfo
from triode.binding.mistakes import check_path_names
from triode.binding.signature import name_of
from triode.errors import RouteError
from triode.http import ASGIApp
from triode.routing.folders import (
    FOLDER_PATH,
    STATIC_MAX_AGE,
    Fallback,
    Frontend,
    StaticFolder,
    make_frontend,
    make_static,
)
from triode.routing.mistakes import check_path
from triode.routing.route import Mount, Route, RouteKeywords, RouteOptions, make_options
from triode.routing.websocket import WebSocketRoute

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Router:
    """Routes by decorator, FastAPI's `APIRouter`.

    `middleware` stand around its routes only, inside those of the application, the first one
    outermost: `[Middleware(RateLimitMiddleware, limit="10/minute")]`.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[str] = (),
        dependencies: Sequence[Any] = (),
        responses: dict[int | str, dict[str, Any]] | None = None,
        include_in_schema: bool = True,
        deprecated: bool | None = None,
        default_response_class: type[Response] | None = None,
        middleware: Sequence[Any] = (),
    ) -> None:
        if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
            raise RouteError(
                f'The prefix "{prefix}" must start with "/" and not end with one.',
                code="route-prefix",
            )
        self.prefix = prefix
        self.tags = tuple(tags)
        self.dependencies: tuple[DependsInfo, ...] = tuple(dependencies)
        self.responses = dict(responses or {})
        self.include_in_schema = include_in_schema
        self.deprecated = deprecated
        self.default_response_class = default_response_class
        self.route_middleware = tuple(middleware)
        self.routes: list[Route | Mount | WebSocketRoute] = []

    # --- add

    def add_api_route(
        self,
        path: str,
        handler: Callable[..., Any],
        *,
        methods: Iterable[str] = ("GET",),
        **options: Unpack[RouteKeywords],
    ) -> Route:
        """Add a route.

        Raises:
            RouteError: the path makes no sense.
            BindingError: a parameter of the handler cannot be bound.
        """
        check_path(path)
        own = self._with_defaults(make_options(options))
        route = Route(self.prefix + path, handler, methods=methods, options=own)
        # Those of a prefix are for whoever wants them.
        names = [name for name in route.template.names if f"{{{name}" in path]
        check_path_names(route.dependant, names, route.path, name_of(handler))
        self._add(route)
        return route

    def _add(self, route: Route | Mount | WebSocketRoute) -> None:
        self.routes.append(route)

    def _with_defaults(self, options: RouteOptions) -> RouteOptions:
        return replace(
            options,
            tags=(*self.tags, *options.tags),
            dependencies=(*self.dependencies, *options.dependencies),
            responses={**self.responses, **options.responses},
            include_in_schema=self.include_in_schema and options.include_in_schema,
            deprecated=options.deprecated or self.deprecated,
            response_class=options.response_class or self.default_response_class,
            middleware=(*self.route_middleware, *options.middleware),
        )

    def route(
        self,
        path: str,
        *,
        methods: Iterable[str] = ("GET",),
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
        self, path: str, name: str | None = None, *, dependencies: Sequence[Any] = ()
    ) -> Callable[[Handler], Handler]:
        """Add the decorated handler for WebSocket connections."""

        def decorate(handler: Handler) -> Handler:
            before = (*self.dependencies, *dependencies)
            around = self.route_middleware
            self._add(WebSocketRoute(self.prefix + path, handler, name, before, middleware=around))
            return handler

        return decorate

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Serve an ASGI application under a path prefix."""
        self._add(Mount(self.prefix + path, app, name, middleware=self.route_middleware))

    def static(
        self,
        path: str,
        directory: str | os.PathLike[str],
        *,
        name: str = "static",
        max_age: int = STATIC_MAX_AGE,
        follow_symlinks: bool = False,
    ) -> None:
        """Serve the files of a directory.

        `url_for("static", path="app.css")` gives a name with the file's hash, which a browser
        keeps for ever; under its own name a file is kept for `max_age` seconds.

        Raises:
            RouteError: there is no such directory.
        """
        handler = make_static(directory, max_age=max_age, follow_symlinks=follow_symlinks)
        self._add_folder(path, handler, name)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve what a frontend's build has made, where no other route answers.

        `fallback` is the page for paths that are no file: "index.html" for a browser that
        navigates, "404.html" with its status, "auto" for the one that is there. `check_dir`
        "auto" only warns in `triode dev` where the directory is missing.

        Raises:
            RouteError: the directory or the fallback page is missing.
        """
        self._add_folder(path, make_frontend(directory, fallback, check_dir), "frontend")

    def _add_folder(self, path: str, handler: StaticFolder | Frontend, name: str) -> None:
        if not path.startswith("/"):
            raise RouteError(
                f'The path "{path}" does not start with "/". Write "/{path}".',
                code="route-no-slash",
            )
        self.add_api_route(
            path.rstrip("/") + FOLDER_PATH,
            handler,
            methods=("GET", "HEAD"),
            name=name,
            include_in_schema=False,
            response_model=None,
        )

    def include_router(
        self,
        router: Router,
        *,
        prefix: str = "",
        tags: Sequence[str] = (),
        dependencies: Sequence[Any] = (),
        responses: dict[int | str, dict[str, Any]] | None = None,
        include_in_schema: bool = True,
        deprecated: bool | None = None,
        default_response_class: type[Response] | None = None,
    ) -> None:
        """Add every route of another router, under a prefix.

        Raises:
            RouteError: the prefix is malformed, or a router is included in itself.
        """
        if not isinstance(router, Router):
            raise RouteError(
                f"{router!r} is no Router, so it cannot be included. Mount an application: "
                "app.mount(path, application).",
                code="route-include",
            )
        if router is self:
            raise RouteError("A router cannot be included in itself.", code="route-include-self")
        outer = Router(
            prefix=prefix,
            tags=(*self.tags, *tags),
            dependencies=(*self.dependencies, *dependencies),
            responses={**self.responses, **(responses or {})},
            include_in_schema=self.include_in_schema and include_in_schema,
            deprecated=deprecated,
            default_response_class=default_response_class or self.default_response_class,
            middleware=self.route_middleware,
        )
        start = self.prefix + prefix
        for route in router.routes:
            if isinstance(route, Mount):
                around = (*outer.route_middleware, *route.middleware)
                self._add(Mount(start + route.path, route.app, route.name, middleware=around))
            elif isinstance(route, WebSocketRoute):
                self._add(route.under(start, outer.dependencies, outer.route_middleware))
            else:
                options = outer._with_defaults(route.options)
                self._add(
                    Route(start + route.path, route.handler, methods=route.methods, options=options)
                )

    # --- look up

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of a named route with its parameters filled in.

        Raises:
            RouteError: no route has this name, or the parameters do not fit.
        """
        error: RouteError | None = None
        for route in self.routes:
            if isinstance(route, Mount):
                if route.name == name and set(values) == {"path"}:
                    return URLPath(f"{route.path}/{str(values['path']).lstrip('/')}")
                continue
            if route.name == name:
                try:
                    return URLPath(route.template.fill(values), protocol="http")
                except RouteError as exc:
                    error = exc
        if error is not None:
            raise error
        known = sorted({route.name for route in self.routes if route.name})
        raise RouteError(
            f'No route is named "{name}". Known are: {", ".join(known) or "none"}.',
            code="route-unknown-name",
        )


APIRouter = Router
"""FastAPI's name for a router."""
