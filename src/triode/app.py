"""The application: routes, middleware, error handling and lifespan, put together.

`App` composes the rooms below it and knows neither `db`, `auth` nor `admin`: they attach
themselves through `setup(app)`. `framework.Triode` is the class that users meet.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, TypeVar, Unpack

from starlette.datastructures import State
from starlette.requests import ClientDisconnect

from triode.dispatch import Overrides, RouteTable, Served
from triode.errors import ClientError, ConfigError
from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send, current_call
from triode.http.asgi import call_from_scope, close_socket, send_reply
from triode.lifespan import run_foreign, run_hooks, run_lifespan
from triode.middleware import ErrorBoundary, ExceptionHandler, FunctionMiddleware, Middleware
from triode.middleware.sockets import INTERNAL_ERROR, SocketWatch, close, serve_socket
from triode.middleware.wsgi import WSGIMiddleware, is_wsgi
from triode.openapi.setup import Documentation
from triode.openapi.webhooks import Webhooks
from triode.routing import (
    AnyRoute,
    Hook,
    Host,
    Mount,
    Route,
    Router,
    RouterKeywords,
    WebSocketRoute,
)
from triode.routing.names import NamesInside

logger = logging.getLogger("triode")

ROUTER_OPTIONS = (
    *RouterKeywords.__annotations__,
    "routes",
    "route_class",
    "redirect_slashes",
    "lifespan",
    "on_startup",
    "on_shutdown",
)
MAX_BODY_SIZE = 16 * 1024 * 1024
Component = TypeVar("Component")
Function = TypeVar("Function", bound=Callable[..., Any])


class AppOptions(RouterKeywords, total=False):
    """What an application takes besides its title and version; names and meanings are FastAPI's.

    `max_body_size` is in bytes, None for no limit.
    """

    debug: bool
    summary: str | None
    description: str | None
    terms_of_service: str | None
    contact: Mapping[str, Any] | None
    license_info: Mapping[str, Any] | None
    servers: Sequence[Mapping[str, Any]]
    openapi_tags: Sequence[Mapping[str, Any]]
    openapi_external_docs: Mapping[str, Any] | None
    openapi_url: str | None
    docs_url: str | None
    redoc_url: str | None
    root_path: str
    root_path_in_servers: bool
    separate_input_output_schemas: bool
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: Mapping[str, Any] | None
    swagger_ui_parameters: Mapping[str, Any] | None
    routes: Iterable[Any] | None
    route_class: type[Route]
    lifespan: Any
    on_startup: Iterable[Hook] | None
    on_shutdown: Iterable[Hook] | None
    exception_handlers: Mapping[Any, ExceptionHandler] | None
    redirect_slashes: bool
    max_body_size: int | None


class Attachable(Protocol):
    """A part of an application that attaches itself: a database, accounts, an admin."""

    def setup(self, app: Any) -> None:
        """Add routes, hooks and middleware to the application."""
        ...


class App(Router):
    """A web application: an ASGI callable, and what the lane serves directly."""

    debug: bool = False
    summary: str | None = None
    description: str | None = None
    terms_of_service: str | None = None
    contact: Mapping[str, Any] | None = None
    license_info: Mapping[str, Any] | None = None
    servers: Sequence[Mapping[str, Any]] = ()
    openapi_tags: Sequence[Mapping[str, Any]] = ()
    openapi_external_docs: Mapping[str, Any] | None = None
    openapi_url: str | None = "/openapi.json"
    docs_url: str | None = "/docs"
    redoc_url: str | None = "/redoc"
    root_path: str = ""
    root_path_in_servers: bool = True
    separate_input_output_schemas: bool = True
    swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect"
    swagger_ui_init_oauth: Mapping[str, Any] | None = None
    swagger_ui_parameters: Mapping[str, Any] | None = None
    max_body_size: int | None = MAX_BODY_SIZE

    def __init__(
        self, *, title: str = "Triode", version: str = "0.1.0", **options: Unpack[AppOptions]
    ) -> None:
        given: dict[str, Any] = dict(options)
        self._table: RouteTable | None = None
        self._applications: dict[int, tuple[Any, ASGIApp]] = {}
        super().__init__(**{name: given.pop(name) for name in ROUTER_OPTIONS if name in given})
        self.title = title
        self.version = version
        self.state = State()
        self.webhooks = Webhooks()
        self.extensions: dict[type, Any] = {}
        self.mounted_states: dict[int, dict[str, Any]] = {}
        self.is_running = False
        self.exception_handlers: dict[Any, ExceptionHandler] = dict(
            given.pop("exception_handlers", None) or {}
        )
        self._overrides = Overrides(self._changed)
        self._middleware: list[Middleware] = []
        self._foreign: list[tuple[Callable[..., ASGIApp], dict[str, Any]]] = []
        self._stack: ASGIApp | None = None
        for name, value in given.items():
            if name not in AppOptions.__annotations__:
                raise ConfigError(
                    f"{type(self).__name__} takes no option {name!r}.", code="app-option"
                )
            setattr(self, name, value)
        self.documentation = Documentation(self)
        self.documentation.setup()

    # --- parts

    def attach(self, component: Component) -> Component:
        """Attach a part through its `setup(app)`; a second one of its class replaces nothing.

        Raises:
            ConfigError: a part of this class is attached already.
        """
        kind = type(component)
        if kind in self.extensions:
            raise ConfigError(
                f"This application has a {kind.__name__} already. Attach one only.",
                code="app-attached-twice",
            )
        self.extensions[kind] = component
        component.setup(self)  # type: ignore[attr-defined]
        return component

    def extension(self, kind: type[Component]) -> Component | None:
        """Return the attached part of a class, None if there is none."""
        for known, component in self.extensions.items():
            if issubclass(known, kind):
                return component  # type: ignore[no-any-return]
        return None

    def add_startup(self, hook: Hook) -> None:
        """Call a function before the first request."""
        self.lifespan_hooks.startup.append(hook)

    def add_shutdown(self, hook: Hook) -> None:
        """Call a function after the last request."""
        self.lifespan_hooks.shutdown.append(hook)

    def exception_handler(self, key: int | type[Exception]) -> Callable[[Function], Function]:
        """Answer an exception class or a status code by the decorated function."""

        def decorate(function: Function) -> Function:
            self.add_exception_handler(key, function)
            return function

        return decorate

    def add_exception_handler(self, key: int | type[Exception], handler: ExceptionHandler) -> None:
        """Answer an exception class or a status code by a function of request and exception."""
        self.exception_handlers[key] = handler
        self._changed()

    def middleware(self, kind: str = "http") -> Callable[[Function], Function]:
        """Wrap every endpoint in the decorated function of a request and `call_next`.

        Raises:
            ConfigError: `kind` is not "http".
        """
        if kind != "http":
            raise ConfigError(
                f'There is no middleware kind "{kind}". Write @app.middleware("http").',
                code="app-middleware-kind",
            )

        def decorate(function: Function) -> Function:
            self.add_middleware(FunctionMiddleware, function=function)
            return function

        return decorate

    def add_middleware(self, factory: Callable[..., Any], *args: Any, **options: Any) -> None:
        """Add a middleware outside of those that are there.

        A class with `wrap` is composed into the endpoints. Any other is taken for an ASGI
        middleware: it is called with the application, and the application leaves the lane.
        """
        if hasattr(factory, "wrap"):
            self._middleware.insert(0, factory(*args, **options))
        else:
            self._foreign.insert(0, (_with_arguments(factory, args), options))
            self._stack = None
        self._changed()

    @property
    def dependency_overrides(self) -> Overrides:
        """Dependencies and what replaces them, as tests do; may be replaced as a whole."""
        return self._overrides

    @dependency_overrides.setter
    def dependency_overrides(
        self, overrides: Mapping[Callable[..., Any], Callable[..., Any]]
    ) -> None:
        self._overrides = Overrides(self._changed)
        self._overrides.update(overrides)

    # --- serve

    @property
    def is_on_lane(self) -> bool:
        """Whether the lane may serve this application.

        Not with a foreign ASGI middleware around it, nor with host names of its own.
        """
        return not self._foreign and not any(isinstance(route, Host) for route in self.routes)

    @property
    def table(self) -> RouteTable:
        """The routes ready to serve, compiled when first asked for.

        Raises:
            RouteError: two routes have the same path and method.
        """
        if self._table is None:
            self._table = RouteTable(
                self.routes,
                applications=self._application_of,
                guard=ErrorBoundary(self.exception_handlers, debug=self.debug),
                around=self._middleware,
                overrides=self._overrides,
                body_limit=self.max_body_size,
                redirect_slashes=self.redirect_slashes,
            )
        return self._table

    def _add(self, route: AnyRoute) -> None:
        if isinstance(route, (Route, WebSocketRoute)):
            route.check()
        super()._add(route)

    def include_router(
        self, router: Router, *, prefix: str = "", **options: Unpack[RouterKeywords]
    ) -> None:
        """Add every route of a router, under a prefix, those added to it later as well.

        Raises:
            RouteError: the prefix is malformed, or a router is included in itself.
            BindingError: a parameter of a handler cannot be bound under this prefix.
        """
        super().include_router(router, prefix=prefix, **options)
        for route in self.routes:
            if isinstance(route, (Route, WebSocketRoute)):
                route.check()

    def _changed(self) -> None:
        super()._changed()
        self._table = None
        self._applications.clear()

    @property
    def router(self) -> App:
        """The application itself, which is FastAPI's `app.router` too."""
        return self

    def _application_of(self, mount: Mount | Host) -> ASGIApp:
        """Return what is mounted as an ASGI application."""
        given = mount.app
        known = self._applications.get(id(given))
        if known is None:
            known = self._applications[id(given)] = (given, self._as_application(given))
        return known[1]

    def _as_application(self, given: Any) -> ASGIApp:
        if isinstance(given, Router) and not isinstance(given, App):
            app = App(openapi_url=None, debug=self.debug, redirect_slashes=given.redirect_slashes)
            app.include_router(given)
            app.exception_handlers, app.state = self.exception_handlers, self.state
            app._overrides = self._overrides
            return app
        if is_wsgi(given):
            return WSGIMiddleware(given)
        application: ASGIApp = given
        return application

    @asynccontextmanager
    async def lifespan_context(self, app: Any = None) -> AsyncIterator[dict[str, Any]]:
        """Start the application with all that belongs to it, and stop it at the end of the block.

        What is mounted starts last and stops first, unless it runs already. The value is what the
        lifespans yielded. `app` is what they are given, this application if left out.
        """
        async with AsyncExitStack() as stack:
            owners = [self, *self.included_routers()]
            state = await stack.enter_async_context(run_hooks(owners, app or self))
            for mount in {id(each.app): each for each in self._mounts()}.values():
                await self._start_mounted(mount, stack)
            self.is_running = True
            try:
                yield state
            finally:
                self.is_running = False

    def _mounts(self) -> list[Mount | Host]:
        return [
            route
            for route in self.routes
            if isinstance(route, Host) or (isinstance(route, Mount) and route.lifespan)
        ]

    async def _start_mounted(self, mount: Mount | Host, stack: AsyncExitStack) -> None:
        application = self._application_of(mount)
        if isinstance(application, WSGIMiddleware):
            return
        if not isinstance(application, App):
            life = run_foreign(application, repr(mount))
        elif application.is_running:
            return
        else:
            life = application.lifespan_context()
        self.mounted_states[id(mount.app)] = await stack.enter_async_context(life)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return self.documentation.document()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        app: ASGIApp = self._serve
        if self._foreign:
            if self._stack is None:
                self._stack = self._build_stack()
            app = self._stack
        if scope["type"] == "websocket":
            await _closing(app, scope, receive, send)
        else:
            await app(scope, receive, send)

    def _build_stack(self) -> ASGIApp:
        stack: ASGIApp = self._serve
        for factory, options in reversed(self._foreign):
            stack = factory(stack, **options)
        return stack

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "lifespan":
            await run_lifespan(self, scope, receive, send)
        elif kind == "websocket":
            await self._serve_socket(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._call_from(scope, receive, send)
        served, call.params = self._resolve_host(call) or self.table.resolve(call.method, call.path)
        reply = await self.answer(call, served)
        await send_reply(reply, call, send)
        if reply.error is not None:
            # Raised again after the 500 is sent: the server logs it, the test client shows it.
            raise reply.error

    async def answer(self, call: Call, served: Served) -> Reply:
        """Return the reply to a call, its body read first where the endpoint needs it."""
        call.app = self
        call.route = served.route
        call.body_limit = served.body_limit
        current_call.set(call)
        if served.reads_body and call.body is None:
            try:
                await call.read()
            except (ClientError, ClientDisconnect) as exc:
                answered = ErrorBoundary(self.exception_handlers).answer(call, exc)
                return answered if isinstance(answered, Reply) else await answered
        outcome = served.run(call)
        return outcome if isinstance(outcome, Reply) else await outcome

    def _call_from(self, scope: Scope, receive: Receive, send: Send) -> Call:
        if self.root_path:
            scope["root_path"] = self.root_path
        call = call_from_scope(scope, receive, send)
        outer = scope.get("router")
        if outer is not None:  # this application is mounted in another
            root = scope.get("root_path", "")
            names = NamesInside(self, outer, scope.get("app_root_path", ""))
            call.extras = {"router": names, "app_root_path": root}
        return call

    def _resolve_host(self, call: Call) -> tuple[Served, Any] | None:
        table = self.table
        return table.resolve_host(call.header(b"host") or "") if table.hosts else None

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = SocketWatch(receive, send)
        call = self._call_from(scope, watch.receive, watch.send)
        found = self._resolve_host(call) or self.table.resolve_socket(call.path)
        if found is None:
            await close_socket(receive, send)
            return
        served, call.params = found
        call.app = self
        call.route = served.route
        current_call.set(call)
        boundary = ErrorBoundary(self.exception_handlers, debug=self.debug)
        await serve_socket(call, served.run, boundary, watch)


async def _closing(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a WebSocket, and say by a close frame that its handler failed."""
    watch = SocketWatch(receive, send)
    try:
        await app(scope, watch.receive, watch.send)
    except Exception:
        if watch.is_open and not watch.is_closed:
            await close(watch, INTERNAL_ERROR)
        raise


def _with_arguments(
    factory: Callable[..., ASGIApp], args: tuple[Any, ...]
) -> Callable[..., ASGIApp]:
    if not args:
        return factory

    def make(app: ASGIApp, **options: Any) -> ASGIApp:
        return factory(app, *args, **options)

    return make
