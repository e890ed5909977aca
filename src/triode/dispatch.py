"""From a request to the endpoint that serves it: an application's routes, composed and compiled.

A table is made once and never changed; an application whose routes change makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from triode.binding import Run
from triode.binding.endpoint import Overrides as Replacements
from triode.http import ASGIApp, Call, HTTPException, Reply
from triode.http.call import NO_PARAMS
from triode.middleware import ErrorBoundary, Middleware
from triode.mounted import serve_mounted
from triode.routing import AnyRoute, Host, Matcher, Mount, Route, WebSocketRoute
from triode.routing.path import PathTemplate

# What a path, and a whole address, may hold without a percent sign (RFC 3986, 3.3 and 2.2).
PATH_CHARACTERS = "/:@!$&'()*+,;=~"
URL_CHARACTERS = PATH_CHARACTERS + "%?#[]"


class Served:
    """A route as the server calls it: its endpoint with all middleware around it.

    `reads_body` says that `call.body` must be there before `run` is called; `body_limit` is in
    bytes, None for no limit. `may_step` says that `run` may be stepped without a task until it
    first waits. `is_asgi` marks what only the ASGI way can serve.
    """

    __slots__ = ("body_limit", "is_asgi", "may_step", "reads_body", "route", "run")

    def __init__(
        self,
        run: Run,
        route: Any = None,
        *,
        reads_body: bool = False,
        body_limit: int | None = None,
        is_asgi: bool = False,
    ) -> None:
        self.run = run
        self.route = route
        self.reads_body = reads_body
        self.body_limit = body_limit
        self.is_asgi = is_asgi
        self.may_step = False


class Entry:
    """A served route in the matcher."""

    __slots__ = ("methods", "place", "served", "template")

    def __init__(self, route: Route | WebSocketRoute, served: Served) -> None:
        self.template: PathTemplate = route.template
        self.methods: frozenset[str] = route.methods
        self.place: str = route.place
        self.served = served


class RouteTable:
    """Every route of an application, ready to serve.

    `around` are the middleware, outermost first; `guard` is inside and outside of them and turns
    exceptions into replies. `applications` returns the ASGI application of a mount or host.
    """

    def __init__(
        self,
        routes: Iterable[AnyRoute],
        *,
        applications: Callable[[Mount | Host], ASGIApp],
        guard: ErrorBoundary,
        around: Sequence[Middleware],
        overrides: Replacements,
        body_limit: int | None,
        redirect_slashes: bool,
    ) -> None:
        self._guard = guard
        self._around = tuple(around)
        self._redirect_slashes = redirect_slashes
        self._body_limit = body_limit
        self._matcher: Matcher[Entry] = Matcher()
        self._sockets: Matcher[Entry] = Matcher()
        self._mounts: list[tuple[Mount, Served]] = []
        self.hosts: list[tuple[Host, Served]] = []
        self._applications = applications
        for route in routes:
            self._add(route, overrides)
        self._mounts.sort(key=lambda pair: -len(pair[0].path))
        self._missing = Served(self._compose(_not_found), body_limit=body_limit)
        self.find = self._matcher.find

    def _add(self, route: AnyRoute, overrides: Replacements) -> None:
        if isinstance(route, (Mount, Host)):
            run = serve_mounted(route, self._applications(route), self._guard)
            served = Served(self._compose(run), route, is_asgi=True)
            if isinstance(route, Mount):
                self._mounts.append((route, served))
            else:
                self.hosts.append((route, served))
        elif isinstance(route, WebSocketRoute):
            route.check()
            endpoint = route.compile(overrides) if overrides else route.compiled
            self._sockets.add(Entry(route, Served(endpoint, route, is_asgi=True)))
        else:
            route.check()
            compiled = route.compile(overrides) if overrides else route.compiled
            limit = route.options.max_body_size or self._body_limit
            served = Served(
                self._compose(compiled.run),
                route,
                reads_body=compiled.reads_body,
                body_limit=limit,
            )
            served.may_step = compiled.may_step and not self._around
            self._matcher.add(Entry(route, served))

    def _compose(self, run: Run) -> Run:
        run = self._guard.wrap(run)
        for middleware in reversed(self._around):
            run = middleware.wrap(run)
        return self._guard.wrap(run) if self._around else run

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
            if "GET" in methods:
                methods.add("HEAD")
            methods.add("OPTIONS")
            allow = ", ".join(sorted(methods))
            run = _options(allow) if method == "OPTIONS" else _wrong_method(allow)
            return Served(self._compose(run), body_limit=self._body_limit), NO_PARAMS
        other = path[:-1] if path.endswith("/") else path + "/"
        if self._redirect_slashes and path != "/" and self._is_served(other):
            return Served(self._compose(_redirect(other)), body_limit=self._body_limit), NO_PARAMS
        return self._missing, NO_PARAMS

    def _is_served(self, path: str) -> bool:
        return bool(self._matcher.methods(path)) or self._find_mounted(path) is not None

    def _find_mounted(self, path: str) -> tuple[Served, Any] | None:
        """Return the mount that a path is under; one without the slash is redirected to it."""
        for mount, served in self._mounts:
            found = mount.match(path)
            is_bare = found is not None and len(found[0]) == len(path) and path != ""
            if found is not None and not (is_bare and self._redirect_slashes):
                return served, found[1]
        return None

    def resolve_host(self, host: str) -> tuple[Served, Any] | None:
        """Return what serves a host name, None if the application's own routes do."""
        for route, served in self.hosts:
            found = route.match(host)
            if found is not None:
                return served, found
        return None

    def resolve_socket(self, path: str) -> tuple[Served, Any] | None:
        """Return what serves a WebSocket connection, None if nothing does."""
        found = self._sockets.find("WEBSOCKET", path)
        if found is not None:
            return found[0].served, found[1]
        for mount, served in self._mounts:
            under = mount.match(path)
            if under is not None:
                return served, under[1]
        return None


def _not_found(call: Call) -> Reply:
    raise HTTPException(404, "Not Found")


def _wrong_method(allow: str) -> Callable[[Call], Reply]:
    def refuse(call: Call) -> Reply:
        raise HTTPException(405, "Method Not Allowed", headers={"Allow": allow})

    return refuse


def _options(allow: str) -> Callable[[Call], Reply]:
    def answer(call: Call) -> Reply:
        return Reply(b"", 204, None, [(b"allow", allow.encode("latin-1"))])

    return answer


def _redirect(path: str) -> Callable[[Call], Reply]:
    def answer(call: Call) -> Reply:
        full_path = call.scope().get("root_path", "") + path
        url = call.request().url.replace(path=quote(full_path, safe=PATH_CHARACTERS))
        location = quote(str(url), safe=URL_CHARACTERS)
        return Reply(b"", 307, None, [(b"location", location.encode("ascii"))])

    return answer


class Overrides(dict[Callable[..., Any], Callable[..., Any]]):
    """Dependencies and what replaces them; a change makes the application compile anew."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, key: Callable[..., Any], value: Callable[..., Any]) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Callable[..., Any]) -> None:
        super().__delitem__(key)
        self._changed()

    def clear(self) -> None:
        """Remove every override."""
        super().clear()
        self._changed()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Add or replace several overrides."""
        super().update(*args, **kwargs)
        self._changed()

    def pop(self, *args: Any) -> Any:
        """Remove an override and return what replaced it."""
        value = super().pop(*args)
        self._changed()
        return value
