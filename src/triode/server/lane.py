"""The lane: answer ordinary requests straight from the HTTP parser.

uvicorn's httptools protocol, subclassed. A request whose route is ours and whose application has
no foreign ASGI middleware becomes a `Call` without an ASGI scope, and its reply is written in the
same step where the handler does not have to wait. Everything else (mounted applications,
WebSockets, streaming replies) takes uvicorn's way, on the same connection.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import httptools

from triode.dispatch import Served
from triode.http import Call, Head, Reply, current_call
from triode.middleware.errors import detail_reply
from triode.server.leaving import LeavingProtocol
from triode.server.limits import (
    BODY_SECONDS,
    HEAD_SECONDS,
    MAX_HEAD,
    MAX_HEADERS,
    MAX_TARGET,
    NOT_REPEATABLE,
    WRITE_SECONDS,
    RefusedError,
    check_headers,
    check_size,
    content_length,
    expects_continue,
    split_target,
)
from triode.server.repeats import RepeatedBlock
from triode.server.sweeper import Sweeper, sweeper_for

logger = logging.getLogger("triode")


class LaneProtocol(LeavingProtocol):
    """One connection: what comes in, and whether it may."""

    parser: httptools.HttpRequestParser

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.sweeper: Sweeper = sweeper_for(server_state, self.loop)
        self.call: Call | None = None
        self.head: Head | None = None
        self.served: Served | None = None
        self.chunks: list[bytes] = []
        self.body_size = 0
        # Bytes of this read, and of the reads since the parser last came forward.
        self.read_size = 0
        self.idle_size = 0
        self.trailers = 0
        self.messages = 0
        self.is_whole = False
        self.is_reading_head = False
        self.is_reading_body = False
        self.unsent = 0
        self.version = "1.1"
        self.block = RepeatedBlock()
        self.is_plain = False
        self.target = b""

    # --- connection

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        super().connection_made(transport)
        self.sweeper.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection; handlers that are running finish."""
        super().connection_lost(exc)
        self.waiting.clear()
        self.is_closing = True
        if self.streaming is not None:
            self.streaming.cancel()

    def shutdown(self) -> None:
        """Close the connection now, or after the response that is under way."""
        if self.is_busy or self.waiting:
            self._close_after_response()
        else:
            self.transport.close()

    def tick(self) -> None:
        """Count a second of silence; close an idle connection, refuse a slow request."""
        if self.flow.write_paused or self.transport.is_closing():
            self._tick_writing()
            return
        if self.is_busy and (not self.is_reading_body or self.flow.read_paused):
            return
        self.silent_seconds += 1
        if self.is_reading_head or self.is_reading_body:
            limit = HEAD_SECONDS if self.is_reading_head else BODY_SECONDS
            if self.silent_seconds > limit:
                self._refuse(RefusedError(408, "The request took too long to arrive."))
        elif self.silent_seconds > self.timeout_keep_alive:
            self.transport.close()

    def _tick_writing(self) -> None:
        """Count a second; give up a client that takes nothing of what it asked for."""
        unsent = self.transport.get_write_buffer_size()
        self.silent_seconds = self.silent_seconds + 1 if unsent == self.unsent else 0
        self.unsent = unsent
        if self.silent_seconds > WRITE_SECONDS:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Stop reading while the client does not take what is written."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        """Go on with what waited, and read again."""
        super().resume_writing()
        self.silent_seconds = 0
        self._next()

    # --- parse

    def data_received(self, data: bytes) -> None:
        """Take in bytes, and serve the requests that are complete by them."""
        if (
            self.block.head is not None
            and not (self.is_busy or self.is_reading_head or self.is_reading_body)
            and not (self.waiting or self.flow.write_paused)
            and self._serve_repeated(data)
        ):
            return
        if not self.is_reading_head:
            self.silent_seconds = 0
        self.messages = 0
        self.is_whole = False
        self.read_size = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if not self._should_upgrade():
                return  # RFC 9110, 7.8: the request was served as if it had not asked
            if self._must_wait():
                self._refuse(RefusedError(400, "A WebSocket cannot be pipelined."))
            else:
                self.handle_websocket_upgrade()
        except httptools.HttpParserCallbackError as exc:
            reason = exc.__context__
            if not isinstance(reason, RefusedError):
                if reason is not None:  # None: more of a request that was refused already
                    logger.exception("Error while reading a request")
                reason = RefusedError(400, "Invalid HTTP request received.")
            self._refuse(reason)
        except httptools.HttpParserError:
            self._refuse(RefusedError(400, "Invalid HTTP request received."))
        else:
            if self.is_reading_head or self.is_reading_body:
                self.idle_size += len(data)
                if self.idle_size > MAX_HEAD:
                    self._refuse(RefusedError(431, "The request's head is too large."))
            elif self.messages == 1 and self.is_whole:
                self._remember(data)

    def _serve_repeated(self, data: bytes) -> bool:
        """Serve a request that repeats the last one's headers; False: it is the parser's."""
        block, table = self.block, self._table()
        if table is None or (self.limit_concurrency is not None and not self._has_room()):
            return False
        aim = block.match(data, table)
        if aim is None:
            return False
        served, size = aim.served, block.body_size
        limit = served.body_limit
        if served.is_asgi or (size and limit is not None and size > limit):
            return False
        call = Call(
            aim.method,
            aim.path,
            aim.query,
            block.head,  # type: ignore[arg-type]
            self,
            aim.params,
            data[-size:] if size else b"",
            limit,
            aim.sent,
            served.route,
            self.lane_app,
        )
        self.silent_seconds = 0
        self.keep_alive = not self.is_closing
        self._serve(call, served)
        return True

    def _remember(self, data: bytes) -> None:
        """Keep the header block of a request that came in one piece."""
        call, self.call = self.call, None
        if call is None or call.body is None or not self.is_plain or not self.keep_alive:
            self.block.forget()
        else:
            self.block.remember(data, cast(Head, self.head), len(call.body))

    def _keeps_alive(self) -> bool:
        """Whether the connection stays open after the request that is being parsed."""
        parser = self.parser
        return (
            self.version == "1.1"
            and not self.is_closing
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def on_message_begin(self) -> None:
        """Begin a request, unless an earlier one ended the connection."""
        if self.is_last or self.transport.is_closing():
            self.is_last = True
            raise RefusedError(400, "The connection is at its end.")
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.is_reading_head = True
        self.is_whole = True
        self.silent_seconds = 0
        self.idle_size = -self.read_size
        self.trailers = 0
        self.call = None

    def on_url(self, url: bytes) -> None:
        """Take in a part of the request target."""
        self.url += url
        if len(self.url) > MAX_TARGET:
            raise RefusedError(414, "The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header; a trailer is dropped, as RFC 9110 (6.5.1) has it."""
        if self.is_reading_head:
            self.headers.append((name.lower(), value))
            return
        self.trailers += 1
        if self.trailers > MAX_HEADERS:
            raise RefusedError(431, "The request has too many trailers.")

    def on_headers_complete(self) -> None:
        """Find what serves the request: the lane, or uvicorn's ASGI way."""
        self.is_reading_head = False
        self.is_reading_body = True
        if self.read_size > MAX_HEAD or self.idle_size >= 0:  # only then it can be too large
            check_size(self.url, self.headers)
        self.idle_size = -self.read_size
        self.version = self.parser.get_http_version()
        names = check_headers(self.headers, self.version)
        self.is_plain = NOT_REPEATABLE.isdisjoint(names)
        self.expect_100_continue = not self.is_plain and expects_continue(self.headers)
        if self.parser.should_upgrade() and self._should_upgrade():
            self.scope = self.new_scope(self.parser.get_method().decode("ascii"), self.headers)
            return
        table = self._table()
        if table is not None and self._has_room():
            method = self.parser.get_method().decode("ascii")
            path, self.target, query = split_target(self.url)
            served, params = table.resolve(method, path)
            if not served.is_asgi:
                self._begin_call(method, path, query, served, params)
                return
        self._begin_cycle()

    def _begin_call(self, method: str, path: str, query: str, served: Served, params: Any) -> None:
        # Kept beside the call, whose head a middleware may replace: see `_remember`.
        head = self.head = Head(self.headers)
        limit = served.body_limit
        target, route = self.target, served.route
        call = Call(
            method, path, query, head, self, params, None, limit, target, route, self.lane_app
        )
        if self.version != "1.1":
            call.extras = {"http_version": self.version}
        self.call, self.served = call, served
        self.chunks = []
        self.body_size = 0
        if limit is not None and content_length(self.headers) > limit:
            raise RefusedError(413, f"The request body is larger than {limit} bytes.")
        if self.expect_100_continue and not self._must_wait():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take in a part of the body."""
        self.idle_size = -self.read_size
        if self.call is None:
            if self.cycle is not None:
                super().on_body(body)
            return
        self.body_size += len(body)
        limit = cast(Served, self.served).body_limit
        if limit is not None and self.body_size > limit:
            raise RefusedError(413, f"The request body is larger than {limit} bytes.")
        self.chunks.append(body)

    def on_message_complete(self) -> None:
        """End a request: serve it, or let it wait for those before it."""
        self.is_reading_body = False
        self.messages += 1
        call, served = self.call, self.served
        if call is None or served is None:
            if self.cycle is not None:
                super().on_message_complete()
                self.is_last = not self.cycle.keep_alive
            return
        call.body = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        keep_alive = self._keeps_alive()
        self.is_last = not keep_alive
        if self._must_wait():
            self.waiting.append((call, served, keep_alive))
            self.flow.pause_reading()
        else:
            self.keep_alive = keep_alive
            self._serve(call, served)

    def _begin_cycle(self) -> None:
        """Begin a request that takes uvicorn's way."""
        path, target, query = split_target(self.url)
        scope = self.new_scope(self.parser.get_method().decode("ascii"), self.headers)
        scope["path"] = self.root_path + path
        scope["raw_path"] = self.root_path.encode("ascii") + target
        scope["query_string"] = query.encode("ascii")
        scope["http_version"] = self.version
        self.cycle = self.new_cycle(scope, keep_alive=self._keeps_alive())
        self.cycle.waiting_for_100_continue = self.expect_100_continue
        if self._must_wait():
            self.waiting.append(self.cycle)
            self.flow.pause_reading()
        else:
            self._start_cycle(self.cycle)

    def _refusal(self, refused: RefusedError) -> Reply:
        """Return the reply to a request that may not be; a 413 has the middleware's headers."""
        table = self._table()
        if refused.status == 413 and self.call is not None and table is not None:
            current_call.set(self.call)
            reply = table.refuse_body(self.call)
            if reply is not None and reply.stream is None:
                return reply
        return detail_reply(refused.status, refused.reason)

    def _refuse(self, refused: RefusedError) -> None:
        """Answer with an error and close; after an unfinished response just close."""
        if self.is_last or self.transport.is_closing():
            return
        self.waiting.clear()
        self.block.forget()
        cycle = self.running
        if self.is_busy and (cycle is None or not cycle.more_body):
            self._close_after_response()
            return
        if cycle is not None:  # it waits for the rest of this very request
            cycle.disconnected = True
            if cycle.response_started:
                self.transport.close()
                return
        reply = self._refusal(refused)
        defaults = self.server_state.default_headers
        self.transport.write(self.wire.encode(reply, defaults, is_head=False, keep_alive=False))
        self.transport.close()
