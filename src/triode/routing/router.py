"""A group of routes with a common prefix, tags and dependencies.

`App` is one as well. A router that is included in another stays what it is: routes added to it
later are served too (`tree.py`), and it can be included several times under different prefixes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack
from weakref import WeakSet

from triode.binding.markers import DependsInfo
from triode.errors import RouteError
from triode.later import later
from triode.routing.controller import Controller, controller_routes
from triode.routing.folders import (
    FOLDER_PATH,
    STATIC_MAX_AGE,
    Fallback,
    Frontend,
    StaticFolder,
    make_frontend,
    make_static,
)
from triode.routing.hooks import Hook, LifespanHooks
from triode.routing.mistakes import check_path
from triode.routing.mount import Host, Mount
from triode.routing.names import path_of
from triode.routing.options import (
    RouterKeywords,
    RouterOptions,
    check_prefix,
    make_router_options,
)
from triode.routing.route import Route, RouteKeywords, RouteOptions, make_options
from triode.routing.tree import AnyRoute, Inclusion, Routes
from triode.routing.verbs import Verbs
from triode.routing.websocket import WebSocketRoute

if TYPE_CHECKING:
    from starlette.datastructures import URLPath
    from starlette.responses import Response

    from triode.routing import foreign
else:
    later(globals(), foreign="triode.routing.foreign")

Handler = TypeVar("Handler", bound=Callable[..., Any])
ControllerClass = TypeVar("ControllerClass", bound=type[Controller])
Function = TypeVar("Function", bound=Callable[..., Any])


class Router(Verbs):
    """Routes by decorator, FastAPI's `APIRouter`.

    `routes` are added at once: Triode's own, or Starlette's. `route_class` makes the routes.
    `lifespan`, `on_startup` and `on_shutdown` run with those of the application that includes the
    router. `redirect_slashes` counts where the router is mounted, or served as it is.
    """

    prefix: str = ""

    def __init__(
        self,
        *,
        prefix: str = "",
        routes: Iterable[Any] | None = None,
        route_class: type[Route] = Route,
        redirect_slashes: bool = True,
        lifespan: Any = None,
        on_startup: Iterable[Hook] | None = None,
        on_shutdown: Iterable[Hook] | None = None,
        **options: Unpack[RouterKeywords],
    ) -> None:
        self.prefix = check_prefix(prefix)
        given = make_router_options(options)
        self.tags: Sequence[Any] = given.tags
        self.dependencies: Sequence[DependsInfo] = given.dependencies
        self.responses = given.responses
        self.callbacks: Sequence[Any] = given.callbacks
        self.include_in_schema = given.include_in_schema
        self.deprecated = given.deprecated
        self.default_response_class: type[Response] | None = given.response_class
        self.generate_unique_id_function = given.generate_unique_id_function
        self.route_middleware = given.middleware
        self.strict_content_type = given.strict_content_type
        self.form_limits = given.form_limits
        self.route_class = route_class
        self.redirect_slashes = redirect_slashes
        self.lifespan_hooks = LifespanHooks(lifespan, on_startup, on_shutdown)
        self._parents: WeakSet[Router] = WeakSet()
        self._routes = Routes(self._changed)
        for route in routes or ():
            self._add(foreign.adopt(route))

    @property
    def routes(self) -> Routes:
        """Every route, those of included routers too; may be changed as a list."""
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[AnyRoute]) -> None:
        self._routes.replace(routes)

    def _changed(self) -> None:
        self._routes.forget()
        for parent in list(self._parents):
            parent._changed()

    @property
    def _own_options(self) -> RouterOptions:
        return RouterOptions(
            tuple(self.tags),
            tuple(self.dependencies),
            self.responses,
            tuple(self.callbacks),
            self.include_in_schema,
            self.deprecated,
            self.default_response_class,
            self.generate_unique_id_function,
            self.route_middleware,
            self.strict_content_type,
            self.form_limits,
        )

    # --- add

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        route_class_override: type[Route] | None = None,
        **options: Unpack[RouteKeywords],
    ) -> Route:
        """Add a route; it answers GET unless `methods` says otherwise.

        Raises:
            RouteError: the path makes no sense.
            BindingError: a parameter of the handler cannot be bound.
        """
        check_path(path)
        inner: RouteOptions = make_options(options)
        own = replace(inner, **self._own_options.around(inner))
        make = route_class_override or self.route_class
        route = make(self.prefix + path, endpoint, methods=methods, options=own)
        route.check_names(path)
        self._add(route)
        return route

    def _add(self, route: AnyRoute) -> None:
        self._routes.append(route)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> WebSocketRoute:
        """Add a handler of WebSocket connections."""
        before = (*self.dependencies, *(dependencies or ()))
        around = self.route_middleware
        route = WebSocketRoute(self.prefix + path, endpoint, name, before, middleware=around)
        self._add(route)
        return route

    def add_route(
        self,
        path: str,
        route: Callable[..., Any],
        methods: Iterable[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add Starlette's kind of handler: a function of the request, or an `HTTPEndpoint`.

        Nothing is bound, and the API's documentation leaves it out, as FastAPI's does.
        """
        made = foreign.plain_handler(route, methods)
        options = RouteOptions(name=name or made.name, include_in_schema=False)
        self._add(Route(self.prefix + path, made.handler, methods=made.methods, options=options))

    def add_websocket_route(
        self, path: str, route: Callable[..., Any], name: str | None = None
    ) -> None:
        """Add Starlette's kind of WebSocket handler: a function of the connection."""
        made = foreign.plain_handler(route, None, is_socket=True)
        self._add(WebSocketRoute(self.prefix + path, made.handler, name or made.name))

    def mount(self, path: str, app: Any, name: str | None = None, *, lifespan: bool = True) -> None:
        """Serve an ASGI or WSGI application, or a router, under a path prefix.

        An ASGI application's own start-up and shut-down are run with those of the application
        around it, unless `lifespan` is false.
        """
        around = self.route_middleware
        self._add(Mount(self.prefix + path, app, name, lifespan=lifespan, middleware=around))

    def host(self, host: str, app: Any, name: str | None = None) -> None:
        """Serve an application or a router under a host name: `{user}.example.org`."""
        self._add(Host(host, app, name, middleware=self.route_middleware))

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
        self, router: Router, *, prefix: str = "", **options: Unpack[RouterKeywords]
    ) -> None:
        """Add every route of another router, under a prefix, those added to it later as well.

        Raises:
            RouteError: the prefix is malformed, or a router is included in itself.
        """
        if not isinstance(router, Router):
            raise RouteError(
                f"{router!r} is no router of Triode. Put it into an application of its own "
                f"framework, and mount that: mount({prefix or '/'!r}, application).",
                code="route-include",
            )
        if router is self or router._includes(self):
            raise RouteError(
                "A router cannot be included in itself, nor in one that it includes. "
                "Include another router.",
                code="route-include-self",
            )
        given = make_router_options(options)
        outer = RouterOptions(**self._own_options.around(given))
        self._routes.include(Inclusion(router, self.prefix + check_prefix(prefix), outer))
        router._parents.add(self)

    def _includes(self, router: Router) -> bool:
        return any(parent is self or self._includes(parent) for parent in router._parents)

    def included_routers(self) -> list[Router]:
        """Return the routers included here and below, each once, outer ones first."""
        found: list[Router] = []
        for router in self._routes.included():
            if isinstance(router, Router):
                for each in (router, *router.included_routers()):
                    if each not in found:
                        found.append(each)
        return found

    def add_controller(
        self,
        controller: ControllerClass,
        *,
        prefix: str = "",
        **options: Unpack[RouterKeywords],
    ) -> ControllerClass:
        """Add the routes of a class; returns the class, so that it may decorate it too.

        Raises:
            RouteError: no method of the class is a route.
        """
        own = controller.__router_options__
        inner = Router(route_class=self.route_class, **own)
        for mark, handler in controller_routes(controller):
            if mark.is_socket:
                inner.add_api_websocket_route(mark.path, handler, mark.name)
            else:
                inner.add_api_route(
                    mark.path, handler, methods=mark.methods, **(mark.options or {})
                )
        self.include_router(inner, prefix=prefix, **options)
        return controller

    # --- start and stop

    def on_event(self, event: str) -> Callable[[Function], Function]:
        """Call the decorated function on "startup" or "shutdown".

        Raises:
            ConfigError: there is no such event.
        """

        def decorate(function: Function) -> Function:
            self.lifespan_hooks.add(event, function)
            return function

        LifespanHooks().add(event, lambda: None)  # a mistake is found before it decorates
        return decorate

    def add_event_handler(self, event: str, function: Hook) -> None:
        """Call a function on "startup" or "shutdown".

        Raises:
            ConfigError: there is no such event.
        """
        self.lifespan_hooks.add(event, function)

    # --- look up

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of a named route with its parameters filled in.

        What is mounted as `files` has its names below that: `files:show`. Values that the path
        does not name become the query string.

        Raises:
            RouteError: no route has this name, or the parameters do not fit.
        """
        return path_of(self.routes, name, values)


APIRouter = Router
"""FastAPI's name for a router."""
