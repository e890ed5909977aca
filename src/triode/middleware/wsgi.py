"""`WSGIMiddleware`: a WSGI application (Flask, Django) as an ASGI one.

The application runs in a thread. Bodies are handed over piece by piece in both directions, each
only when the other side has taken the one before. What the application sees of a request is in
`environ.py`.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import io
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias

from starlette.requests import ClientDisconnect

from triode.concurrency import ThreadPool
from triode.errors import TriodeError
from triode.http import Receive, Scope, Send
from triode.http.call import Message, RawHeaders
from triode.middleware.environ import build_environ, has_body

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]
WSGIApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BUFFER_SIZE = 64 * 1024
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# Their own threads, so that a slow WSGI application keeps none from the handlers.
_pool = ThreadPool()


class WSGIMiddleware:
    """A WSGI application, to be mounted: `app.mount("/old", WSGIMiddleware(flask_app))`.

    `app.mount` does this by itself for what is plainly a WSGI application.
    """

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a WebSocket is refused."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
        elif scope["type"] == "http":
            await Exchange(self.app, scope, receive, send).serve()


def is_wsgi(app: Any) -> bool:
    """Whether something is a WSGI application: a plain callable of exactly two arguments."""
    if inspect.isclass(app) or not callable(app):
        return False
    target = app if inspect.isroutine(app) else type(app).__call__
    if inspect.iscoroutinefunction(target):
        return False
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return len(parameters) == 2 and all(each.kind in positional for each in parameters)


class Exchange:
    """One request and its response, between the event loop and the thread."""

    def __init__(self, app: WSGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.app = app
        self.loop = asyncio.get_running_loop()
        self.receive = receive
        self.send = send
        self.body = BodyReader(self)
        self.environ = build_environ(scope, io.BufferedReader(self.body, BUFFER_SIZE))
        self.start: Message | None = None
        self.is_started = False
        self.is_gone = False
        self.watcher: asyncio.Task[None] | None = None
        self.is_whole = not has_body(scope)

    # --- on the event loop

    async def serve(self) -> None:
        """Run the application and send what it answers."""
        context = contextvars.copy_context()
        try:
            await _pool.submit(partial(context.run, self._run))
            if not self.is_gone:
                await self._send(b"", more_body=False)
        finally:
            self.is_gone = True  # the thread stops at its next piece
            if self.watcher is not None:
                self.watcher.cancel()

    async def _send(self, chunk: bytes, *, more_body: bool) -> None:
        """Send a piece of the body, the head before the first one."""
        if self.is_whole and self.watcher is None:
            self.watcher = self.loop.create_task(self._watch())
        if not self.is_started:
            if self.start is None:
                raise _broken("has not called start_response before its body")
            self.is_started = True
            await self.send(self.start)
        await self.send({"type": "http.response.body", "body": chunk, "more_body": more_body})

    async def _watch(self) -> None:
        """Note when the client is gone; only once the whole body has been read."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True

    # --- in the thread

    def _run(self) -> None:
        iterable = self.app(self.environ, self._start_response)
        try:
            for chunk in iterable:
                if self.is_gone:
                    return
                if chunk:
                    self._write(chunk)
            if self.start is None:
                raise _broken("has not called start_response")
        finally:
            close = getattr(iterable, "close", None)
            if close is not None:
                close()

    def _write(self, chunk: bytes) -> None:
        if self.is_gone:
            raise ClientDisconnect
        self.wait_for(self._send(bytes(chunk), more_body=True))

    def wait_for(self, coroutine: Any) -> Any:
        """Run a coroutine on the event loop, and wait for it in the thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """Take the head of the response, as PEP 3333 has it."""
        try:
            if exc_info is not None and self.is_started:
                raise exc_info[1].with_traceback(exc_info[2])
            if exc_info is None and self.start is not None:
                raise _broken("has called start_response twice")
        finally:
            exc_info = None  # or the traceback would hold itself
        self.start = {
            "type": "http.response.start",
            "status": _status_of(status),
            "headers": _raw_headers(headers),
        }
        return self._write


class BodyReader(io.RawIOBase):
    """The request's body as a file, read from the event loop piece by piece."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; 0 at the end of the body.

        Raises:
            ClientDisconnect: the client left before the body was whole.
        """
        exchange = self._exchange
        while not self._rest and not exchange.is_whole:
            message = exchange.wait_for(exchange.receive())
            if message["type"] == "http.disconnect":
                exchange.is_gone = True
                raise ClientDisconnect("The client left before its whole body had come.")
            self._rest = memoryview(message.get("body", b""))
            exchange.is_whole = not message.get("more_body", False)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _broken(what: str) -> TriodeError:
    return TriodeError(f"The mounted WSGI application {what}.", code="wsgi")


def _status_of(status: str) -> int:
    code = status.partition(" ")[0]
    if len(code) != 3 or not code.isascii() or not code.isdecimal() or code < "100":
        raise _broken(f"answers with the status {status!r}. PEP 3333 asks for one like '200 OK'")
    return int(code)


def _raw_headers(headers: list[tuple[str, str]]) -> RawHeaders:
    raw: RawHeaders = []
    for name, value in headers:
        if name.lower() in HOP_BY_HOP:
            raise _broken(f"sets the header {name!r}, which is the server's")
        if any(character in "\r\n\0" for character in name + value):
            raise _broken(f"sets the header {name!r} to {value!r}, which cannot be sent")
        raw.append((name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")))
    return raw
