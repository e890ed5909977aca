"""From a request to the endpoint that serves it: an application's routes, composed and compiled.

A table is made once and never changed; an application whose routes change makes a new one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextvars import copy_context
from typing import Any, cast
from urllib.parse import quote

from triode.binding import Run
from triode.binding.endpoint import Overrides
from triode.http import ASGIApp, BodyTooLarge, Call, HTTPException, Reply
from triode.http.call import NO_PARAMS
from triode.middleware.composition import compose, compose_socket, nearest
from triode.middleware.errors import ErrorBoundary
from triode.middleware.protocol import EndpointMiddleware, trait
from triode.middleware.stack import RouteMiddleware
from triode.mounted import serve_mounted, serve_mounted_socket
from triode.routing import AnyRoute, Host, Matcher, Mount, Route, WebSocketRoute
from triode.routing.folders import FOLDER_PATH
from triode.routing.path import PathTemplate

# What a path, and a whole address, may hold without a percent sign (RFC 3986, 3.3 and 2.2).
PATH_CHARACTERS = "/:@!$&'()*+,;=~"
URL_CHARACTERS = PATH_CHARACTERS + "%?#[]"


class Served:
    """A route as the server calls it: its endpoint with all middleware around it.

    `body_limit` is in bytes, None for no limit. `reads_body` says that the endpoint needs the whole
    body, `may_step` that `run` may be stepped without a task until it first waits, `leaves` that it
    may leave something to be cleaned up in `call.exits`. `is_asgi` marks what only the ASGI way can
    serve.
    """

    __slots__ = ("body_limit", "is_asgi", "leaves", "may_step", "reads_body", "route", "run")

    def __init__(
        self,
        run: Run,
        route: Any = None,
        *,
        body_limit: int | None = None,
        is_asgi: bool = False,
    ) -> None:
        self.run = run
        self.route = route
        self.body_limit = body_limit
        self.is_asgi = is_asgi
        self.may_step = False
        self.reads_body = False
        self.leaves = False


class Entry:
    """A served route in the matcher; `rest` serves its path where it has not the method."""

    __slots__ = ("methods", "place", "rest", "served", "template")

    def __init__(self, route: Route | WebSocketRoute, served: Served, rest: Served) -> None:
        self.template: PathTemplate = route.template
        self.methods: frozenset[str] = route.methods
        self.place: str = route.place
        self.served = served
        self.rest = rest


class RouteTable:
    """Every route of an application, ready to serve.

    `around` are the middleware, outermost first, `made` makes those of single routes; `guard`
    turns exceptions into replies. `applications` gives what is mounted as an ASGI application.
    """

    def __init__(
        self,
        routes: Iterable[AnyRoute],
        *,
        applications: Callable[[Mount | Host], ASGIApp],
        guard: ErrorBoundary,
        around: Sequence[EndpointMiddleware],
        made: RouteMiddleware,
        overrides: Overrides,
        body_limit: int | None,
        redirect_slashes: bool,
    ) -> None:
        self._guard = guard
        self._around = tuple(around)
        self._made = made
        self._overrides = overrides
        self._redirect_slashes = redirect_slashes
        self._body_limit = body_limit
        self._limits: set[int | None] = set()
        self._matcher: Matcher[Entry] = Matcher()
        self._sockets: Matcher[Entry] = Matcher()
        self._mounts: list[tuple[Mount, Served, Served]] = []
        self.hosts: list[tuple[Host, Served, Served]] = []
        self._applications = applications
        self._fallbacks: list[tuple[str, Served]] = []
        self._missing = self._serve(_not_found, self._around)
        self._too_large = self._serve(_too_large, self._around)
        self._redirects = self._serve(self._redirect, self._around)
        self._rests = {self._around: self._serve(self._answer_rest, self._around)}
        for route in routes:
            self._add(route)
        self._mounts.sort(key=lambda mounted: -len(mounted[0].path))
        self._fallbacks.sort(key=lambda fallback: -len(fallback[0]))
        self.find = self._matcher.find
        # What a server keeps of this table's request lines: see `server/repeats.py`.
        self.lines: dict[bytes, Any] = {}

    def _add(self, route: AnyRoute) -> None:
        around = nearest(self._around, self._made.make(route.middleware, repr(route)))
        if isinstance(route, (Mount, Host)):
            app = self._applications(route)
            served = self._serve(
                serve_mounted(route, app, self._guard), around, route, is_asgi=True
            )
            run = compose_socket(serve_mounted_socket(route, app), around)
            socket = Served(run, route, is_asgi=True)
            if isinstance(route, Mount):
                self._mounts.append((route, served, socket))
            else:
                self.hosts.append((route, served, socket))
        elif isinstance(route, WebSocketRoute):
            route.check()
            endpoint = route.compile(self._overrides) if self._overrides else route.compiled
            served = Served(compose_socket(endpoint, around), route, is_asgi=True)
            self._sockets.add(Entry(route, served, self._missing))
        else:
            self._add_route(route, around)

    def _add_route(self, route: Route, around: tuple[EndpointMiddleware, ...]) -> None:
        route.check()
        compiled = route.compile(self._overrides) if self._overrides else route.compiled
        run = _reading(compiled.run) if compiled.reads_body else compiled.run
        served = self._serve(run, around, route)
        served.body_limit = route.options.max_body_size or self._body_limit
        self._limits.add(served.body_limit)
        served.may_step = compiled.may_step and all(trait(each, "may_step") for each in around)
        served.reads_body = compiled.reads_body
        served.leaves = compiled.leaves
        if around not in self._rests:
            self._rests[around] = self._serve(self._answer_rest, around)
        if getattr(route.handler, "is_fallback", False):
            self._fallbacks.append((route.path.removesuffix(FOLDER_PATH), served))
        else:
            self._matcher.add(Entry(route, served, self._rests[around]))

    def _serve(
        self,
        run: Run,
        around: Sequence[EndpointMiddleware],
        route: Any = None,
        *,
        is_asgi: bool = False,
    ) -> Served:
        composed = compose(run, around, self._guard)
        return Served(composed, route, body_limit=self._body_limit, is_asgi=is_asgi)

    @property
    def body_limit(self) -> int | None:
        """The size of the largest body that any route takes, None for no limit."""
        limits = {self._body_limit, *self._limits}
        return None if None in limits else max(limit for limit in limits if limit is not None)

    def resolve(self, method: str, path: str) -> tuple[Served, Any]:
        """Return what serves a request, and the path's parameters as text."""
        found = self.find(method, path)
        if found is not None:
            return found[0].served, found[1]
        return self.resolve_rest(method, path)

    def resolve_rest(self, method: str, path: str) -> tuple[Served, Any]:
        """Return what serves a request that no route answers as it is."""
        if method == "HEAD":
            found = self.find("GET", path)
            if found is not None:
                return found[0].served, found[1]
        mounted = self._find_mounted(path)
        if mounted is not None:
            return mounted
        methods = self._matcher.methods(path)
        if methods:
            entry, _ = self.find(min(methods), path) or (None, None)
            return (self._missing if entry is None else entry.rest), NO_PARAMS
        if self._redirect_slashes and path != "/" and self._matcher.methods(_other(path)):
            return self._redirects, NO_PARAMS
        for prefix, served in self._fallbacks:
            if path == prefix or path.startswith(prefix + "/"):
                return served, {"path": path[len(prefix) + 1 :]}
        return self._missing, NO_PARAMS

    def _find_mounted(self, path: str) -> tuple[Served, Any] | None:
        for mount, served, _ in self._mounts:
            under = mount.match(path)
            if under is not None:
                return served, under[1]
        return None

    def resolve_host(self, host: str, *, is_socket: bool) -> tuple[Served, Any] | None:
        """Return what serves a host name, None if the application's own routes do."""
        for route, served, socket in self.hosts:
            found = route.match(host)
            if found is not None:
                return (socket if is_socket else served), found
        return None

    def refuse_body(self, call: Call) -> Reply | None:
        """Return the 413 to a call whose body is too large, inside of the middleware.

        None: one of them, or the handler of the exception, has to wait, or wants a task.
        """
        outcome = self._too_large.run(call)
        if isinstance(outcome, Reply):
            return outcome
        coroutine = cast("Coroutine[Any, Any, Reply]", outcome)
        try:
            copy_context().run(coroutine.send, None)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply if reply.error is None else None
        coroutine.close()
        return None

    def resolve_socket(self, path: str) -> tuple[Served, Any] | None:
        """Return what serves a WebSocket connection, None if nothing does."""
        found = self._sockets.find("WEBSOCKET", path)
        if found is not None:
            return found[0].served, found[1]
        for mount, _, served in self._mounts:
            under = mount.match(path)
            if under is not None:
                return served, under[1]
        return None

    def _answer_rest(self, call: Call) -> Reply:
        """Say which methods a path has, to OPTIONS and to whoever asked for another."""
        methods = self._matcher.methods(call.path)
        if "GET" in methods:
            methods.add("HEAD")
        methods.add("OPTIONS")
        allow = ", ".join(sorted(methods))
        if call.method == "OPTIONS":
            return Reply(b"", 204, None, [(b"allow", allow.encode("latin-1"))])
        raise HTTPException(405, "Method Not Allowed", headers={"Allow": allow})

    def _redirect(self, call: Call) -> Reply:
        full_path = call.scope().get("root_path", "") + _other(call.path)
        url = call.request().url.replace(path=quote(full_path, safe=PATH_CHARACTERS))
        location = quote(str(url), safe=URL_CHARACTERS)
        return Reply(b"", 307, None, [(b"location", location.encode("ascii"))])


def _other(path: str) -> str:
    """Return a path with the slash at its end that it has not, or without the one it has."""
    return path[:-1] if path.endswith("/") else path + "/"


def _reading(run: Run) -> Run:
    """Return an endpoint that reads the body before another, where it was not read yet."""

    async def read_first(call: Call) -> Reply:
        await call.read()
        outcome = run(call)
        return outcome if isinstance(outcome, Reply) else await outcome

    def reads(call: Call) -> Reply | Awaitable[Reply]:
        return run(call) if call.body is not None else read_first(call)

    return reads


def _too_large(call: Call) -> Reply:
    raise BodyTooLarge(call.body_limit or 0)


def _not_found(call: Call) -> Reply:
    raise HTTPException(404, "Not Found")
