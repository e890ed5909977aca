"""The application: routes, middleware, error handling and lifespan, put together.

`App` composes the rooms below it and knows neither `db`, `auth` nor `admin`: they attach
themselves through `setup(app)`. `framework.Triode` is the class that users meet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, Unpack

from triode.errors import ConfigError, did_you_mean
from triode.hosting import Hosting
from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send, current_call
from triode.http.accept import prefers_html
from triode.later import later, load_all, on_demand
from triode.middleware.mistakes import check_exception_handler
from triode.middleware.stack import MiddlewareStack, RouteMiddleware
from triode.openapi.setup import Documentation
from triode.openapi.version import OPENAPI_VERSION
from triode.openapi.webhooks import Webhooks
from triode.overrides import Overrides
from triode.routing import AnyRoute, Hook, Route, Router, RouterKeywords, WebSocketRoute

if TYPE_CHECKING:
    from starlette import datastructures
    from starlette.datastructures import State

    from triode import dispatch, error_pages, lifespan
    from triode.dispatch import RouteTable, Served
    from triode.http import asgi, exits
    from triode.middleware import errors, functions, proxies, sockets
    from triode.middleware.errors import ErrorBoundary, ExceptionHandler
    from triode.middleware.proxies import TrustedProxies
    from triode.routing import names_inside
else:
    later(
        globals(),
        datastructures="starlette.datastructures",
        dispatch="triode.dispatch",
        lifespan="triode.lifespan",
        asgi="triode.http.asgi",
        exits="triode.http.exits",
        errors="triode.middleware.errors",
        functions="triode.middleware.functions",
        proxies="triode.middleware.proxies",
        sockets="triode.middleware.sockets",
        names_inside="triode.routing.names_inside",
    )
    on_demand(globals(), error_pages="triode.error_pages")

logger = logging.getLogger("triode")

ROUTER_OPTIONS = (
    *(name for name in RouterKeywords.__annotations__ if name != "middleware"),
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

    `max_body_size` is in bytes, None for no limit. `strict_content_type` refuses JSON that is sent
    without a content type, `form_limits` says how much a form may hold. With `problem_details`
    errors are answered as RFC 9457 has it. `trusted_proxies` are the networks of proxies whose
    headers are believed, or how many there are; see `TrustedProxies`.
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
    problem_details: bool
    trusted_proxies: TrustedProxies | Sequence[str] | str | int | None


class Attachable(Protocol):
    """A part of an application that attaches itself: a database, accounts, an admin."""

    def setup(self, app: Any) -> None:
        """Add routes, hooks and middleware to the application."""
        ...


class App(Hosting):
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
    openapi_version: str = OPENAPI_VERSION
    openapi_schema: dict[str, Any] | None = None
    docs_url: str | None = "/docs"
    redoc_url: str | None = "/redoc"
    root_path: str = ""
    root_path_in_servers: bool = True
    separate_input_output_schemas: bool = True
    swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect"
    swagger_ui_init_oauth: Mapping[str, Any] | None = None
    swagger_ui_parameters: Mapping[str, Any] | None = None
    max_body_size: int | None = MAX_BODY_SIZE
    problem_details: bool = False

    def __init__(
        self, *, title: str = "Triode", version: str = "0.1.0", **options: Unpack[AppOptions]
    ) -> None:
        given: dict[str, Any] = dict(options)
        self._table: RouteTable | None = None
        self._stack: ASGIApp | None = None
        super().__init__(**{name: given.pop(name) for name in ROUTER_OPTIONS if name in given})
        self.title = title
        self.version = version
        self.webhooks = Webhooks()
        self.extensions: dict[type, Any] = {}
        self.exception_handlers: dict[Any, ExceptionHandler] = dict(
            given.pop("exception_handlers", None) or {}
        )
        self._overrides = Overrides(self._changed)
        self.middlewares = MiddlewareStack(self, given.pop("middleware", None) or ())
        self._route_middleware = RouteMiddleware(self)
        self.is_on_lane = not self.middlewares.foreign
        """Whether the lane may serve this application: no foreign ASGI middleware is around it."""
        self.trusted_proxies = given.pop("trusted_proxies", None)
        for name, value in given.items():
            if name not in AppOptions.__annotations__:
                raise ConfigError(
                    f"{type(self).__name__} takes no option {name!r}."
                    f"{did_you_mean(name, AppOptions.__annotations__)}",
                    code="app-option",
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

    def exception_handler(self, key: int | type[Exception]) -> Callable[[Function], Function]:
        """Answer an exception class or a status code by the decorated function."""

        def decorate(function: Function) -> Function:
            self.add_exception_handler(key, function)
            return function

        return decorate

    def add_exception_handler(self, key: int | type[Exception], handler: ExceptionHandler) -> None:
        """Answer an exception class or a status code by a function of request and exception.

        Raises:
            ConfigError: the key is neither, or the handler cannot be called.
        """
        check_exception_handler(key, handler)
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
            self.add_middleware(functions.FunctionMiddleware, function=function)
            return function

        return decorate

    def add_middleware(self, factory: Callable[..., Any], *args: Any, **options: Any) -> None:
        """Add a middleware outside of those that are there.

        A class with `wrap` is composed into the endpoints, and so is one that derives from
        Starlette's `BaseHTTPMiddleware`. Any other is taken for an ASGI middleware: it is called
        with the application, and the application leaves the lane.
        """
        self.middlewares.add(factory, args, options)
        self.is_on_lane = not self.middlewares.foreign
        self._changed()

    @property
    def trusted_proxies(self) -> TrustedProxies | None:
        """The proxies whose headers are believed, None for none."""
        outermost = self.middlewares.outermost
        if outermost is None or not isinstance(outermost, proxies.ProxyMiddleware):
            return None
        return outermost.proxies

    @trusted_proxies.setter
    def trusted_proxies(self, given: TrustedProxies | Sequence[str] | str | int | None) -> None:
        trusted = None if given is None else proxies.TrustedProxies.of(given)
        self.middlewares.outermost = proxies.ProxyMiddleware(trusted) if trusted else None
        self._changed()

    @property
    def dependency_overrides(self) -> Overrides:
        """Dependencies and what replaces them, as tests do; may be replaced as a whole."""
        return self._overrides

    @dependency_overrides.setter
    def dependency_overrides(
        self, overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None
    ) -> None:
        self._overrides = Overrides(self._changed)
        self._overrides.update(overrides or {})

    @property
    def state(self) -> State:
        """Whatever the program keeps for its handlers."""
        own = vars(self)
        if "state" not in own:
            own.setdefault("state", datastructures.State())  # two threads may be the first to ask
        state: State = own["state"]
        return state

    @state.setter
    def state(self, state: State) -> None:
        vars(self)["state"] = state

    # --- serve

    @property
    def table(self) -> RouteTable:
        """The routes ready to serve, compiled when first asked for.

        Raises:
            RouteError: two routes have the same path and method.
        """
        if self._table is None:
            load_all()  # so that no request waits for an import
            self._table = dispatch.RouteTable(
                self.routes,
                applications=self._application_of,
                guard=self._boundary(),
                around=self.middlewares.inner,
                made=self._route_middleware,
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
        self._stack = None

    @property
    def router(self) -> App:
        """The application itself, which is FastAPI's `app.router` too."""
        return self

    def _application_around(self, router: Router) -> ASGIApp:
        app = App(openapi_url=None, debug=self.debug, redirect_slashes=router.redirect_slashes)
        app.include_router(router)
        app.exception_handlers, app.state = self.exception_handlers, self.state
        app._overrides = self._overrides
        return app

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document: `openapi_schema` where it was set, else that of the routes.

        An application may be given an `openapi` of its own; it is served what that returns.
        """
        return self.openapi_schema or self.documentation.document()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        app: ASGIApp = self._serve
        if not self.is_on_lane:
            if self._stack is None:
                guard = self._boundary()
                limit = self.table.body_limit
                self._stack = self.middlewares.build(self._serve, guard, limit)
            app = self._stack
        if scope["type"] == "websocket":
            await _closing(app, scope, receive, send)
        else:
            await app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "lifespan":
            await lifespan.run_lifespan(self, scope, receive, send)
        elif kind == "websocket":
            await self._serve_socket(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._call_from(scope, receive, send)
        found = self._resolve_host(call, is_socket=False)
        served, call.params = found or self.table.resolve(call.method, call.path)
        try:
            reply = await self.answer(call, served)
            await asgi.send_reply(reply, call, send)
        except BaseException as exc:
            if call.exits is not None:
                await exits.leave(call.exits, exc)
            raise
        if call.exits is not None:
            await exits.leave(call.exits)
        if reply.error is not None:
            # Raised again after the 500 is sent: the server logs it, the test client shows it.
            raise reply.error

    async def answer(self, call: Call, served: Served) -> Reply:
        """Return the reply to a call."""
        call.app = self
        call.route = served.route
        call.body_limit = served.body_limit
        current_call.set(call)
        outcome = served.run(call)
        return outcome if isinstance(outcome, Reply) else await outcome

    def _call_from(self, scope: Scope, receive: Receive, send: Send) -> Call:
        if self.root_path and not scope.get("root_path"):
            scope["root_path"] = self.root_path
        call = asgi.call_from_scope(scope, receive, send)
        outer = scope.get("router")
        if outer is not None and outer is not self:  # this application is mounted in another
            root = scope.get("root_path", "")
            names = names_inside.NamesInside(self, outer, scope.get("app_root_path", ""))
            call.extras = {**(call.extras or {}), "router": names, "app_root_path": root}
        return call

    def _resolve_host(self, call: Call, *, is_socket: bool) -> tuple[Served, Any] | None:
        table = self.table
        if not table.hosts:
            return None
        return table.resolve_host(call.header(b"host") or "", is_socket=is_socket)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = sockets.SocketWatch(receive, send)
        call = self._call_from(scope, watch.receive, watch.send)
        found = self._resolve_host(call, is_socket=True) or self.table.resolve_socket(call.path)
        if found is None:
            await asgi.close_socket(receive, send)
            return
        served, call.params = found
        call.app = self
        call.route = served.route
        current_call.set(call)
        await sockets.serve_socket(call, served.run, self._boundary(), watch)

    def _boundary(self) -> ErrorBoundary:
        return errors.ErrorBoundary(self.exception_handlers, present=self._present)

    def _present(self, call: Call, exc: Exception, reply: Reply) -> Reply:
        """Return an error as a page, to a browser or while debugging; else the reply as it is."""
        is_debugged = self.debug and reply.error is not None
        if not is_debugged and not prefers_html(call.header(b"accept")):
            return reply
        return error_pages.present(self, call, exc, reply)


async def _closing(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a WebSocket, and say by a close frame that its handler failed."""
    watch = sockets.SocketWatch(receive, send)
    try:
        await app(scope, watch.receive, watch.send)
    except Exception:
        if watch.is_open and not watch.is_closed:
            await sockets.close(watch, sockets.INTERNAL_ERROR)
        raise
