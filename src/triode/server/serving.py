"""Serve calls on a connection: run the endpoint, write the reply, go on with what waits.

What comes in, and whether it may, is `lane.py`; uvicorn's ASGI way is `cycles.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeAlias, cast
from weakref import WeakKeyDictionary

from starlette.responses import StreamingResponse
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from triode.app import App
from triode.dispatch import RouteTable, Served
from triode.http import Call, Receive, Reply, Scope, Send, current_call
from triode.http.events import EventSourceResponse
from triode.http.reply import join_background, settled, stream_reply
from triode.http.streaming import is_plain_stream
from triode.middleware.errors import detail_reply
from triode.server.access import log_access
from triode.server.bodies import StreamedBody
from triode.server.cycles import CycleProtocol
from triode.server.limits import RefusedError
from triode.server.loop import start_task, step
from triode.server.repeats import RepeatedBlock
from triode.server.streams import StreamWriter
from triode.server.unread import Unread
from triode.server.wire import UnsendableError, Wire, asks_to_close, check_stream, wire_for

logger = logging.getLogger("triode")

SERVER_ERROR = b"Internal Server Error"
TEXT = b"text/plain; charset=utf-8"

Waiting: TypeAlias = tuple[Call, Served, bool] | RequestResponseCycle | RefusedError


class ServingProtocol(CycleProtocol):
    """A connection that serves one call after the other, in the order they came.

    `waiting` are the requests, and refusals of such, that came while another was being served.
    `is_last` says that the connection takes no more of them, `is_refused` that nothing more is to
    be written. `body` is the body of the last request that is served while it arrives,
    `served_body` that of the call being served. `unread` are bytes that the parser has not seen,
    because enough requests wait already.
    """

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        application = config.loaded_app
        self.lane_app: App | None = application if isinstance(application, App) else None
        self.wire: Wire = wire_for(server_state)
        self.waiting: deque[Waiting] = deque()
        self.silent_seconds = 0
        self.is_busy = False
        self.keep_alive = True
        self.is_last = False
        self.is_refused = False
        self.is_advancing = False
        self.call: Call | None = None
        self.body: StreamedBody | None = None
        self.served_body: StreamedBody | None = None
        self.unread = Unread()
        self.block = RepeatedBlock()
        # Whether a reply is more than bytes to write: a line to log, a body still arriving.
        self.is_watched = self.access_log
        self.clean_context = clean_context_of(server_state)
        self.streaming: asyncio.Task[None] | None = None
        self.writer: StreamWriter | None = None

    def _table(self) -> RouteTable | None:
        """Return the application's routes, None if the lane may not serve it."""
        app = self.lane_app
        if app is None or not app.is_on_lane or app.root_path:
            return None
        table = app._table or app.table
        return None if table.hosts else table

    def _must_wait(self) -> bool:
        """Whether a request has to wait for earlier responses."""
        return self.is_busy or self.flow.write_paused or bool(self.waiting)

    def _has_room(self) -> bool:
        limit = self.limit_concurrency
        return limit is None or len(self.tasks) < limit

    def _serve(self, call: Call, served: Served) -> None:
        current_call.set(call)
        # What a handler sets in a context variable is its own, as it would be in a task.
        context = copy_context()
        if served.leaves:
            self._serve_and_leave(call, served, context)
            return
        try:
            outcome = context.run(served.run, call)
        except BaseException as exc:
            outcome = error_reply(exc)
        if type(outcome) is Reply:
            if not self._finish_plain(call, outcome):
                self._finish(call, outcome)
            return
        self.is_busy = True
        coroutine = cast("Coroutine[Any, Any, Reply]", outcome)
        if served.may_step:
            try:
                reply, task = step(self.loop, coroutine, context)
            except Exception as exc:
                reply, task = error_reply(exc), None
            if task is None:
                self.is_busy = False
                if not self._finish_plain(call, cast(Reply, reply)):
                    self._finish(call, cast(Reply, reply))
                return
        else:
            task = start_task(self.loop, coroutine, context)
        if task.done():
            self._finish_task(call, task)
        else:
            self.tasks.add(cast(Any, task))
            task.add_done_callback(partial(self._finish_task, call))

    def _finish_task(self, call: Call, task: asyncio.Task[Reply]) -> None:
        self.tasks.discard(cast(Any, task))
        if task.cancelled():
            self._finish(call, self._cancelled_reply())
            return
        error = task.exception()
        self._finish(call, task.result() if error is None else error_reply(error))

    def _serve_and_leave(self, call: Call, served: Served, context: Context) -> None:
        """Serve a call whose dependencies are left once its reply is sent: see `leaving.py`."""
        raise NotImplementedError

    def _cancelled_reply(self) -> Reply:
        if self.is_closing:  # the server's end, which has been logged
            return detail_reply(503, "The server is shutting down.")
        return error_reply(asyncio.CancelledError("The handler was cancelled."))

    def _finish_plain(self, call: Call, reply: Reply) -> bool:
        """Write a reply that has nothing special about it; False: it has, or the connection."""
        if (
            reply.headers is not None
            or reply.stream is not None
            or reply.background is not None
            or reply.error is not None
            or not self.keep_alive
            or self.is_closing
            or self.is_watched
            or call.method == "HEAD"
        ):
            return False
        try:
            data = self.wire.encode_plain(reply, self.server_state.default_headers)
        except UnsendableError:
            return False  # `_finish` meets it again, and says so.
        self.transport.write(data)
        self.server_state.total_requests += 1
        return True

    def _finish(self, call: Call, reply: Reply) -> None:
        """Write a reply and go on with the next request."""
        if reply.error is not None:
            logger.error("Exception in %s %s", call.method, call.path, exc_info=reply.error)
        if reply.stream is not None:
            self._stream(call, reply)
            return
        if self.is_refused or self.transport.is_closing():
            self._after_reply(call, reply)
            return
        keep_alive = self._stays()
        is_head = call.method == "HEAD"
        defaults = self.server_state.default_headers
        try:
            data = self.wire.encode(reply, defaults, is_head=is_head, keep_alive=keep_alive)
        except UnsendableError as exc:
            logger.error("Exception in %s %s", call.method, call.path, exc_info=exc)
            reply = Reply(SERVER_ERROR, 500, TEXT)
            data = self.wire.encode(reply, defaults, is_head=is_head, keep_alive=keep_alive)
        self.transport.write(data)
        if self.access_log:
            self._log_access(call, reply.status)
        if not keep_alive or (reply.headers is not None and asks_to_close(reply.headers)):
            self._end()
        self._after_reply(call, reply)

    def _after_reply(self, call: Call, reply: Reply) -> None:
        if reply.background is not None:
            task = self.loop.create_task(_run_background(reply.background, call))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        self.server_state.total_requests += 1
        if self.served_body is not None:
            self._leave_body()
        if self.is_busy:
            self.is_busy = False
            self._next()

    def _stays(self) -> bool:
        """Whether the connection stays open after the response that is about to begin.

        A client that was not asked for its body may send it or not (RFC 9110, 10.1.1).
        """
        body = self.served_body
        return self.keep_alive and not self.is_closing and not (body and body.needs_continue)

    def _end(self) -> None:
        """End the connection after a response."""
        if self.served_body is not None and not self.served_body.is_complete:
            self.linger()
        else:
            self.transport.close()

    def linger(self) -> None:
        """End the connection so that a client that is still sending sees its response."""
        raise NotImplementedError

    def send_refusal(self, refused: RefusedError) -> None:
        """Write the answer to what cannot be served, and end the connection."""
        raise NotImplementedError

    def parse_unread(self) -> bool:
        """Go on with the bytes that the parser has not seen; return whether that took its time."""
        raise NotImplementedError

    def _leave_body(self) -> None:
        """Let go of the body of the call that was served."""
        body, self.served_body = self.served_body, None
        self.is_watched = self.access_log
        if body is not None:
            body.drop()

    def _start_streamed(self, call: Call, served: Served, body: StreamedBody) -> None:
        self.served_body = body
        self.is_watched = True
        self._serve(call, served)

    def _next(self) -> None:
        """Serve the requests that waited for the last one, as far as they need not wait."""
        if self.is_advancing or self.transport.is_closing():
            return
        self.is_advancing = True
        had_turn = False
        while not self.transport.is_closing():
            if not self.waiting:
                if not self.unread:
                    break
                if had_turn:  # a long pipeline, or many chunks: others take their turn
                    self.flow.pause_reading()
                    self.block.forget()  # what comes meanwhile must not overtake what is unread
                    self.loop.call_soon(self._next)
                    break
                # Also when busy: it may be the body of the call being served.
                had_turn = self.clean_context.copy().run(self.parse_unread)
            elif self.is_busy or self.flow.write_paused:
                break
            else:
                # Whoever comes here may have set context variables for a request of his own.
                self.clean_context.copy().run(self._serve_waiting, self.waiting.popleft())
        self.is_advancing = False
        if self.has_ended and not (self.is_busy or self.waiting):
            self.transport.close()
        self.read_on()

    def _serve_waiting(self, item: Waiting) -> None:
        if isinstance(item, RequestResponseCycle):
            self._start_cycle(item)
        elif isinstance(item, RefusedError):
            self.send_refusal(item)
        else:
            call, served, self.keep_alive = item
            if isinstance(call.origin, StreamedBody):
                self._start_streamed(call, served, call.origin)
            else:
                self._serve(call, served)

    def read_on(self) -> None:
        """Read again, if nothing keeps the connection from it."""
        if not (
            self.waiting
            or self.unread
            or self.flow.write_paused
            or (self.body is not None and self.body.is_full)
        ):
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """Go on after a response that took uvicorn's way."""
        self.server_state.total_requests += 1
        self.is_busy = False
        self.running = None
        self.silent_seconds = 0
        if self.served_body is not None:
            self._leave_body()
        if not self.transport.is_closing():
            self.loop.call_soon(self._next)

    def _stream(self, call: Call, reply: Reply) -> None:
        """Send a reply that sends itself, through uvicorn's response cycle."""
        if self.is_refused or self.transport.is_closing():
            self._after_reply(call, reply)
            return
        try:
            check_stream(reply)
        except UnsendableError as exc:
            self._finish(call, error_reply(exc))
            return
        self.is_busy = True
        if is_plain_stream(reply.stream):
            self._start_chunks(call, reply, reply.stream)
            return
        if hasattr(reply.stream, "reply_to"):
            task = self.loop.create_task(settled(reply, call))
            self.tasks.add(cast(Any, task))
            task.add_done_callback(partial(self._finish_task, call))
            return
        cycle = self.running = self.new_cycle(call.scope(), keep_alive=self._stays())
        cycle.body = bytearray(call.body or b"")
        cycle.more_body = False
        cycle.disconnected = self.is_refused
        cycle.message_event.set()

        async def send_stream(scope: Scope, receive: Receive, send: Send) -> None:
            await stream_reply(reply, scope, receive, send)
            if reply.background is not None:
                await reply.background()

        self._start_asgi_task(cycle, cast(Any, send_stream))

    def _start_chunks(self, call: Call, reply: Reply, stream: StreamingResponse) -> None:
        writer = self.writer = StreamWriter(self.transport, self.flow, call, stream, reply.headers)
        self.keep_alive = self._stays() and not writer.ends_connection
        head = self.wire.encode_head(
            stream.status_code,
            writer.headers,
            self.server_state.default_headers,
            keep_alive=self.keep_alive,
        )
        self.transport.write(head)
        if self.access_log:
            self._log_access(call, stream.status_code)
        self.streaming = self.loop.create_task(writer.write_body())
        self.tasks.add(self.streaming)
        self.streaming.add_done_callback(partial(self._finish_chunks, call, reply, writer))

    def _finish_chunks(
        self, call: Call, reply: Reply, writer: StreamWriter, task: asyncio.Task[None]
    ) -> None:
        self.tasks.discard(task)
        self.streaming = self.writer = None
        writer.stop()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("Exception in %s %s", call.method, call.path, exc_info=error)
            writer.cut()
        elif task.cancelled() or not self.keep_alive or self.is_closing:
            self._end()
        self.silent_seconds = 0
        reply.background = join_background(writer.stream.background, reply.background)
        self._after_reply(call, reply)

    def _start_cycle(self, cycle: RequestResponseCycle) -> None:
        self.is_busy = True
        self.running = cycle
        has_room = self._has_room()
        app = self.app if has_room else service_unavailable
        self._start_asgi_task(cycle, cast(Any, app))

    def _close_after_response(self) -> None:
        self.is_closing = self.is_last = True
        if self.writer is not None and isinstance(self.writer.stream, EventSourceResponse):
            self.writer.stop()  # it may be endless, and its client comes back by itself
        for cycle in (self.running, self.cycle):
            if cycle is not None:
                cycle.keep_alive = False

    def _log_access(self, call: Call, status: int) -> None:
        target = call.target.decode("ascii")
        if call.query:
            target = f"{target}?{call.query}"
        version = (call.extras or {}).get("http_version", "1.1")
        self.log_line(call.client, call.method, target, version, status)

    def log_line(
        self, client: tuple[str, int] | None, method: str, target: str, version: str, status: int
    ) -> None:
        """Write a line of the access log, in the form that uvicorn's formatter knows."""
        address = "{}:{}".format(*client) if client else ""
        # SECURITY: a quotation mark would let a client end the request's part of the line.
        target = target.replace('"', "%22")
        log_access(self.access_logger, address, method, target, version, status)


def error_reply(exc: BaseException) -> Reply:
    """Return the reply to what went past every middleware."""
    reply = Reply(SERVER_ERROR, 500, TEXT)
    reply.error = exc if isinstance(exc, Exception) else RuntimeError(repr(exc))
    return reply


async def _run_background(background: Any, call: Call) -> None:
    try:
        await background()
    except Exception:
        logger.exception("Exception in a background task of %s %s", call.method, call.path)


_clean_contexts: WeakKeyDictionary[Any, Context] = WeakKeyDictionary()


def clean_context_of(server_state: Any) -> Context:
    """Return the context variables as they were when a server got its first connection.

    uvloop runs all connections in one context, so a later one would find the last request of
    another in it, and that one the request before: none of them would ever be freed.
    """
    context = _clean_contexts.get(server_state)
    if context is None:
        context = _clean_contexts[server_state] = copy_context()
    return context
