"""From a request to the endpoint that serves it: an application's routes, composed and compiled.

A table is made once and never changed; an application whose routes change makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from triode.binding import Run
from triode.binding.endpoint import Overrides
from triode.http import Call, HTTPException, Reply
from triode.http.call import NO_PARAMS
from triode.middleware import ErrorBoundary, Middleware
from triode.routing import Matcher, Mount, Route, WebSocketRoute
from triode.routing.folders import FOLDER_PATH
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
    exceptions into replies.
    """

    def __init__(
        self,
        routes: Iterable[Route | Mount | WebSocketRoute],
        *,
        guard: ErrorBoundary,
        around: Sequence[Middleware],
        overrides: Overrides,
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
        self._fallbacks: list[tuple[str, Served]] = []
        for route in routes:
            self._add(route, overrides)
        self._mounts.sort(key=lambda pair: -len(pair[0].path))
        self._fallbacks.sort(key=lambda pair: -len(pair[0]))
        self._missing = Served(self._compose(_not_found), body_limit=body_limit)
        self.find = self._matcher.find
        # What a server keeps of this table's request lines: see `server/repeats.py`.
        self.lines: dict[bytes, Any] = {}

    def _add(self, route: Route | Mount | WebSocketRoute, overrides: Overrides) -> None:
        if isinstance(route, Mount):
            served = Served(self._compose(_mounted(route, self._guard)), route, is_asgi=True)
            self._mounts.append((route, served))
        elif isinstance(route, WebSocketRoute):
            endpoint = route.compile(overrides) if overrides else route.endpoint
            self._sockets.add(Entry(route, Served(endpoint, route, is_asgi=True)))
        else:
            compiled = route.compile(overrides) if overrides else route.endpoint
            limit = route.options.max_body_size or self._body_limit
            served = Served(
                self._compose(compiled.run),
                route,
                reads_body=compiled.reads_body,
                body_limit=limit,
            )
            served.may_step = compiled.may_step and not self._around
            if getattr(route.handler, "is_fallback", False):
                self._fallbacks.append((route.path.removesuffix(FOLDER_PATH), served))
            else:
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
        methods = self._matcher.methods(path)
        if not methods:
            for mount, served in self._mounts:
                if mount.matches(path):
                    return served, NO_PARAMS
        if methods:
            if "GET" in methods:
                methods.add("HEAD")
            methods.add("OPTIONS")
            allow = ", ".join(sorted(methods))
            run = _options(allow) if method == "OPTIONS" else _wrong_method(allow)
            return Served(self._compose(run), body_limit=self._body_limit), NO_PARAMS
        other = path[:-1] if path.endswith("/") else path + "/"
        if self._redirect_slashes and path != "/" and self._matcher.methods(other):
            return Served(self._compose(_redirect(other)), body_limit=self._body_limit), NO_PARAMS
        for prefix, served in self._fallbacks:
            if path == prefix or path.startswith(prefix + "/"):
                return served, {"path": path[len(prefix) + 1 :]}
        return self._missing, NO_PARAMS

    def resolve_socket(self, path: str) -> tuple[Served, Any] | None:
        """Return what serves a WebSocket connection, None if nothing does."""
        found = self._sockets.find("WEBSOCKET", path)
        if found is not None:
            return found[0].served, found[1]
        for mount, served in self._mounts:
            if mount.matches(path):
                return served, NO_PARAMS
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


def _mounted(mount: Mount, boundary: ErrorBoundary) -> Callable[[Call], Reply]:
    def answer(call: Call) -> Reply:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            inner = {**scope, "root_path": scope.get("root_path", "") + mount.path}
            # The application finds its own routes by name, below its own root.
            inner.pop("router", None)
            inner.pop("app_root_path", None)
            await boundary.serve(mount.app, call, inner, receive, send)

        reply = Reply(b"")
        reply.stream = serve
        return reply

    return answer
