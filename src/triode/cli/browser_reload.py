"""Pages that reload themselves while one works: a small script in every page of `triode dev`.

The script holds a WebSocket, which ends with the server, and asks again until the next one is
there. Python files start a new server; templates and static files are watched here.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from starlette.responses import Response
from starlette.websockets import WebSocket
from watchfiles import Change, DefaultFilter, awatch

from triode.app import App
from triode.cli.page_policy import admit_script
from triode.http import ASGIApp, Call, Head, Receive, Reply, Scope, Send
from triode.http.accept import prefers_html
from triode.http.call import Message, RawHeaders
from triode.middleware.protocol import Run
from triode.routing import Route, WebSocketRoute
from triode.routing.route import RouteOptions

SOCKET_PATH = "/_triode/reload"
SCRIPT_PATH = f"{SOCKET_PATH}.js"
WATCHED_SUFFIXES = (
    *(".html", ".htm", ".jinja", ".jinja2", ".j2", ".md", ".txt"),
    *(".css", ".js", ".mjs", ".svg"),
)
_HTML = b"text/html"
# What is compressed cannot be added to; and a page that the browser kept has an old version in it,
# which would make it reload for ever.
_NOT_ASKED = (b"accept-encoding", b"if-none-match", b"if-modified-since")
_NOT_SENT = (b"etag", b"last-modified", b"cache-control")
_NO_STORE = (b"cache-control", b"no-store")


@cache
def script() -> bytes:
    """Return the script."""
    return (files("triode.cli") / "assets" / "reload.js").read_bytes()


class PageFilter(DefaultFilter):
    """Lets through the files that pages are made of, and that need no new server."""

    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith(WATCHED_SUFFIXES) and super().__call__(change, path)


class BrowserReload:
    """Tells the pages of one application of changes; attach it before the application starts.

    `version` is another one in every process and after every change of a file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = secrets.token_hex(4)
        self._changes = 0
        self._sockets: set[WebSocket] = set()
        self._stop = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        """What is served now."""
        return f"{self._process}.{self._changes}"

    def setup(self, app: App) -> None:
        """Add the script, its socket and the middleware that puts it into pages."""
        hidden = RouteOptions(include_in_schema=False)
        # Not by a decorator: the application's own dependencies are for its own routes.
        app.routes.append(Route(SCRIPT_PATH, self.send_script, options=hidden))
        app.routes.append(WebSocketRoute(SOCKET_PATH, self.tell))
        app.add_middleware(ScriptMiddleware, reload=self)
        app.add_startup(self._start)
        app.add_shutdown(self._end)

    async def send_script(self) -> Response:
        """Answer with the script."""
        headers = {"cache-control": "no-cache"}
        return Response(script(), media_type="text/javascript", headers=headers)

    async def tell(self, websocket: WebSocket) -> None:
        """Say the version now, and again after every change, until the page is gone."""
        await websocket.accept()
        self._sockets.add(websocket)
        try:
            await websocket.send_text(self.version)
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self._sockets.discard(websocket)

    async def changed(self) -> None:
        """Tell every page that something is new."""
        self._changes += 1
        told = [socket.send_text(self.version) for socket in self._sockets]
        await asyncio.gather(*told, return_exceptions=True)  # one may be leaving just now

    async def _start(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def _end(self) -> None:
        self._stop.set()
        if self._watching is not None:
            await self._watching

    async def _watch(self) -> None:
        found = awatch(
            self.folder,
            watch_filter=PageFilter(),
            stop_event=self._stop,
            ignore_permission_denied=True,
        )
        async for _ in found:
            await self.changed()


class ScriptMiddleware:
    """Puts the script at the end of HTML pages, and lets the pages' policies allow it."""

    def __init__(self, reload: BrowserReload) -> None:
        self.reload = reload

    def wrap(self, run: Run) -> Run:
        """Return an endpoint whose pages have the script."""

        async def wait(call: Call, outcome: Awaitable[Reply]) -> Reply:
            return self.add_to(call, await outcome)

        def endpoint(call: Call) -> Reply | Awaitable[Reply]:
            # A page that a form's POST gave is not asked for again: it would be sent twice.
            if call.method != "GET" or not prefers_html(call.header(b"accept")):
                return run(call)
            call.head = Head([pair for pair in call.head.raw if pair[0] not in _NOT_ASKED])
            outcome = run(call)
            return self.add_to(call, outcome) if isinstance(outcome, Reply) else wait(call, outcome)

        return endpoint

    def add_to(self, call: Call, reply: Reply) -> Reply:
        """Return a reply with the script in it, if it is a page."""
        root = str(call.scope().get("root_path", "")).rstrip("/")
        if reply.stream is not None:
            reply.stream = self._streamed(reply.stream, root, reply.headers or [])
            reply.headers = None
            return reply
        if (reply.media or b"").startswith(_HTML) and _takes_more(reply.status, reply.headers):
            reply.headers, nonce = admit_script(_unkept(reply.headers or []))
            reply.body += self._tag(root, nonce)
        return reply

    def _tag(self, root: str, nonce: str) -> bytes:
        said = f' nonce="{escape(nonce)}"' if nonce else ""
        address = f"{root}{SCRIPT_PATH}?v={self.reload.version}"
        return f'\n<script src="{escape(address)}" defer{said}></script>\n'.encode()

    def _streamed(self, stream: ASGIApp, root: str, more: RawHeaders) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            tag = b""

            async def add(message: Message) -> None:
                nonlocal tag
                if message["type"] == "http.response.start":
                    headers = [*message.get("headers", ()), *more]
                    if _is_page(message["status"], headers):
                        headers, nonce = admit_script(_unkept(headers))
                        tag = self._tag(root, nonce)
                        headers = [_longer(name, value, len(tag)) for name, value in headers]
                    message = {**message, "headers": headers}
                elif tag and not message.get("more_body", False):
                    message = {**message, "body": message.get("body", b"") + tag}
                await send(message)

            await stream(scope, receive, add)

        return run


def _is_page(status: int, headers: RawHeaders) -> bool:
    is_html = any(name == b"content-type" and value.startswith(_HTML) for name, value in headers)
    return is_html and _takes_more(status, headers)


def _takes_more(status: int, headers: RawHeaders | None) -> bool:
    is_whole = status not in (204, 206, 304)
    return is_whole and not any(name == b"content-encoding" for name, _ in headers or ())


def _unkept(headers: RawHeaders) -> RawHeaders:
    """Return headers that make a browser ask again each time."""
    return [*(pair for pair in headers if pair[0] not in _NOT_SENT), _NO_STORE]


def _longer(name: bytes, value: bytes, size: int) -> tuple[bytes, bytes]:
    return (name, b"%d" % (int(value) + size)) if name == b"content-length" else (name, value)
