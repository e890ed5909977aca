"""Hand a call on to an application that is mounted, or that has a host name of its own.

What the application sees is its own: its root path, its state, its names. Names that it does not
know are looked up around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send
from triode.http.asgi import is_under
from triode.middleware.errors import ErrorBoundary
from triode.middleware.protocol import SocketRun
from triode.routing import Host, Mount
from triode.routing.names_inside import NamesInside


def serve_mounted(
    mount: Mount | Host, app: ASGIApp, boundary: ErrorBoundary
) -> Callable[[Call], Reply]:
    """Return an endpoint that an ASGI application answers."""

    def answer(call: Call) -> Reply:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            inner = inner_scope(scope, call, mount, app)
            await boundary.serve(app, call, inner, receive, send)

        reply = Reply(b"")
        reply.stream = serve
        return reply

    return answer


def serve_mounted_socket(mount: Mount | Host, app: ASGIApp) -> SocketRun:
    """Return what has an ASGI application serve a connection."""

    async def answer(call: Call) -> Reply:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await app(inner_scope(scope, call, mount, app), receive, send)

        reply = Reply(b"")
        reply.stream = serve
        return reply

    return answer


def inner_scope(scope: Scope, call: Call, mount: Mount | Host, app: ASGIApp) -> Scope:
    """Return the scope of a call as the application sees it."""
    root: str = scope.get("root_path", "")
    outer_root: str = scope.get("app_root_path", root)
    inner = {**scope, "root_path": root + _prefix(mount, call.path)}
    if root and not is_under(scope["path"], root):
        # A proxy took the root path away; to an application inside, a path has it (ASGI 2.3).
        inner["path"] = root + scope["path"]
        inner["raw_path"] = quote(root).encode() + (
            scope.get("raw_path") or quote(scope["path"]).encode()
        )
    state = getattr(call.app, "mounted_states", {}).get(id(mount.app))
    if state:
        inner["state"] = {**scope.get("state", {}), **state}
    finder: Any = app
    if hasattr(app, "url_path_for"):
        inner["router"] = NamesInside(finder, scope["router"], outer_root)
        inner["app_root_path"] = inner["root_path"]
    else:
        inner["app_root_path"] = outer_root
    return inner


def _prefix(mount: Mount | Host, path: str) -> str:
    found = mount.match(path) if isinstance(mount, Mount) else None
    return found[0] if found is not None else ""
