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
from triode.http import Call, Head
from triode.http.exceptions import BodyTooLarge
from triode.server.bodies import CONTINUE, StreamedBody, append_part, join_parts
from triode.server.guarded import GuardedProtocol
from triode.server.limits import (
    MAX_HANDSHAKE_LINE,
    NOT_REPEATABLE,
    RefusedError,
    body_too_large,
    check_headers,
    check_size,
    expects_continue,
)
from triode.server.targets import ASTERISK, origin_form, split_target

logger = logging.getLogger("triode")

# What the parser gets at a time, in bytes, in heads and in lines of a chunked body: it bounds how
# many requests a client can make wait, and how long it keeps others waiting. `SMALL` is below that.
PIECE = 8 * 1024
MOST_HEADS = 32
MOST_LINES = 256
SMALL = 2 * 1024


class LaneProtocol(GuardedProtocol):
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
        self.head: Head | None = None
        self.served: Served | None = None
        self.chunks: list[bytes | bytearray] = []
        self.body_limit: int | None = None
        # What the client says that the body has, 0 where it does not say.
        self.body_length = 0
        # Bytes of this read, and of the reads since the parser last came forward.
        self.read_size = 0
        self.idle_size = 0
        self.trailers = 0
        self.messages = 0
        self.is_whole = False
        self.is_upgrading = False
        self.version = "1.1"
        self.is_plain = False
        self.target = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection; handlers that are running finish."""
        super().connection_lost(exc)
        # A call knows its connection: kept here, half a body would wait for the garbage collector.
        self.call = self.served = None
        self.chunks = []

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
        if self.is_deaf:
            return
        is_body = self.is_reading_body and self.body_length - self.body_size >= len(data)
        if (is_body or len(data) <= SMALL) and not self.unread:
            self._parse(data)
        else:
            self.unread.put(data)
            if not self.is_advancing:
                self._next()

    def parse_unread(self) -> bool:
        """Go on with the bytes that the parser has not seen; return whether that took its time."""
        left = self.body_length - self.body_size if self.is_reading_body else 0
        if left > PIECE:
            self._parse(self.unread.take(left))
            return False
        if self.is_reading_body:
            self._parse(self.unread.take_marked(PIECE, b"\r\n", MOST_LINES))
        else:
            self._parse(self.unread.take_marked(PIECE, b"\r\n\r\n", MOST_HEADS))
        return self.messages > 0 or not self.body_length

    def _parse(self, data: bytes) -> None:
        if self.is_reading_body:
            self.silent_seconds = 0
        self.messages = 0
        self.is_whole = False
        self.read_size = len(data)
        rest: bytes | None = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            rest = data[exc.args[0] :]
        except httptools.HttpParserCallbackError as exc:
            reason = exc.__context__
            if not isinstance(reason, RefusedError):
                if reason is not None:  # None: more of a request that was refused already
                    logger.exception("Error while reading a request")
                reason = RefusedError(400, "Invalid HTTP request received.")
            self.refuse(reason)
        except httptools.HttpParserError:
            self.refuse(RefusedError(400, "Invalid HTTP request received."))
        else:
            if self.is_reading_head or self.is_reading_body:
                self._parse_on()
            elif self.messages == 1 and self.is_whole:
                self._remember(data)
        if rest is not None:  # not above: within an `except`, what else is raised has its context
            self._upgrade(rest)

    def _parse_on(self) -> None:
        """Look at a request of which there is more to come."""
        self.idle_size += self.read_size
        if self.idle_size > self.limits.max_head:
            self.refuse(RefusedError(431, "The request's head is too large."))
        elif self.is_reading_head and len(self.headers) > self.limits.max_headers:
            self.refuse(RefusedError(431, "The request has too many headers."))
        elif self.is_reading_body and self.body is None and self.call is not None:
            served = cast(Served, self.served)
            if not served.reads_body:
                self._begin_streamed(self.call, served)

    def _begin_streamed(self, call: Call, served: Served) -> None:
        """Serve a call whose endpoint need not wait for the whole body."""
        needs_continue = self.expect_100_continue and not self.body_size
        call.origin = self.body = StreamedBody(self, self.chunks, needs_continue=needs_continue)
        keep_alive = self._keeps_alive()
        if self._must_wait():
            self.waiting.append((call, served, keep_alive))
            self.flow.pause_reading()
        else:
            self.keep_alive = keep_alive
            self._start_streamed(call, served, self.body)

    def _upgrade(self, rest: bytes) -> None:
        """Change to WebSocket, or read a request as if it had not asked (RFC 9110, 7.8)."""
        if not self.is_upgrading:
            if rest or self.unread or self._must_wait():
                self.refuse(RefusedError(400, "A WebSocket cannot be pipelined."))
            else:
                self.is_deaf = self.is_last = True
                self.handle_websocket_upgrade()
            return
        self.is_upgrading = False
        lines = [b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, b"1.1")]
        lines += [b"%b: %b\r\n" % pair for pair in self.headers if pair[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._parse(b"".join(lines) + b"\r\n" + rest)

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
        self.idle_size = -self.read_size if self.messages else 0
        self.trailers = 0
        self.call = self.body = None
        self.body_size = self.body_length = self.body_ticks = 0
        self.body_limit = self.limits.max_body

    def on_url(self, url: bytes) -> None:
        """Take in a part of the request target."""
        self.url += url
        if len(self.url) > self.limits.max_target:
            raise RefusedError(414, "The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header; a trailer is dropped, as RFC 9110 (6.5.1) has it."""
        if self.is_reading_head:
            self.headers.append((name.lower(), value))
            return
        self.trailers += 1
        if self.trailers > self.limits.max_headers:
            raise RefusedError(431, "The request has too many trailers.")

    def on_headers_complete(self) -> None:
        """Find what serves the request: the lane, or uvicorn's ASGI way."""
        self.is_reading_head = False
        self.is_reading_body = True
        limits, parser = self.limits, self.parser
        if self.read_size > limits.max_head or not self.is_whole:  # only then it can be too large
            check_size(self.url, self.headers, limits.max_head)
        self.idle_size = -self.read_size
        self.version = parser.get_http_version()
        names = check_headers(self.headers, self.version, limits.max_headers)
        self.is_plain = NOT_REPEATABLE.isdisjoint(names)
        if b"content-length" in names:
            self.body_length = int(self.headers[names.index(b"content-length")][1])
        if self.url[:1] != b"/":
            # SECURITY: the host is that of the target, not of the block, which may be repeated.
            self.is_plain = False
        self.url = origin_form(self.url, self.headers)
        method = parser.get_method().decode("ascii")
        if method == "CONNECT":
            raise RefusedError(400, "This server is no proxy.")
        if not self.is_plain:
            self.expect_100_continue = expects_continue(self.headers)
            if parser.should_upgrade():
                if self._may_upgrade():
                    self.scope = self.new_scope(method, self.headers)
                else:
                    self.is_upgrading = True
                return
        path, self.target, query = split_target(self.url)
        if path == "*":
            if method != "OPTIONS":
                raise RefusedError(400, "Only OPTIONS has the request target *.")
            self._begin_call(method, path, query, ASTERISK, {})
            return
        table = self._table()
        if table is not None and self._has_room():
            served, params = table.resolve(method, path)
            if not served.is_asgi:
                self._begin_call(method, path, query, served, params)
                return
        self._begin_cycle(method, path, query)

    def _may_upgrade(self) -> bool:
        """Whether a request becomes a WebSocket; False: it is served as if it had not asked.

        Raises:
            RefusedError: it does, but it cannot.
        """
        if self.version != "1.1" or not self._should_upgrade():
            return False
        if self.body_length or any(name == b"transfer-encoding" for name, _ in self.headers):
            raise RefusedError(400, "A WebSocket handshake has no body.")
        longest = max(len(name) + len(value) for name, value in self.headers)
        if len(self.headers) > 120 or max(longest, len(self.url)) > MAX_HANDSHAKE_LINE:
            raise RefusedError(431, "The WebSocket handshake is too large.")
        if not self._has_room():
            raise RefusedError(503, "The server is busy.")
        return True

    def _begin_call(self, method: str, path: str, query: str, served: Served, params: Any) -> None:
        # Kept beside the call, whose head a middleware may replace: see `_remember`.
        head = self.head = Head(self.headers)
        limit, cap = served.body_limit, self.body_limit
        if cap is not None and (limit is None or limit > cap):
            limit = cap
        target, route = self.target, served.route
        call = Call(
            method, path, query, head, self, params, None, limit, target, route, self.lane_app
        )
        if self.version != "1.1":
            call.extras = {"http_version": self.version}
        self.call, self.served = call, served
        self.chunks = []
        self.body_limit = limit
        if limit is not None and self.body_length > limit:
            raise body_too_large(limit)
        if self.expect_100_continue and served.reads_body and not self._must_wait():
            self.transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Take in a part of the body."""
        self.idle_size = -self.read_size
        self.body_size += len(body)
        if self.body_limit is not None and self.body_size > self.body_limit:
            if self.body is not None:
                self.body.fail(BodyTooLarge(self.body_limit))
            raise body_too_large(self.body_limit)
        if self.body is not None:
            self.body.put(body)
        elif self.call is not None:
            append_part(self.chunks, body)
        elif self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request: serve it, or let it wait for those before it."""
        self.is_reading_body = False
        self.messages += 1
        self.silent_seconds = 0
        call, served = self.call, self.served
        if self.body is not None:
            self.body.finish()
            self.is_last = self.is_last or not self._keeps_alive()
            return
        if self.is_upgrading:
            return
        if call is None or served is None:
            if self.cycle is not None:
                super().on_message_complete()
                self.is_last = not self.cycle.keep_alive
            return
        call.body = join_parts(self.chunks)
        keep_alive = self._keeps_alive()
        self.is_last = not keep_alive
        if self._must_wait():
            self.waiting.append((call, served, keep_alive))
            self.flow.pause_reading()
        else:
            self.keep_alive = keep_alive
            self._serve(call, served)

    def _begin_cycle(self, method: str, path: str, query: str) -> None:
        """Begin a request that takes uvicorn's way."""
        limit = self.body_limit
        if limit is not None and self.body_length > limit:
            raise body_too_large(limit)
        scope = self.new_scope(method, self.headers)
        scope["path"] = self.root_path + path
        scope["raw_path"] = self.root_path.encode("ascii") + self.target
        scope["query_string"] = query.encode("ascii")
        scope["http_version"] = self.version
        self.cycle = self.new_cycle(scope, keep_alive=self._keeps_alive())
        self.cycle.waiting_for_100_continue = self.expect_100_continue
        if self._must_wait():
            self.waiting.append(self.cycle)
            self.flow.pause_reading()
        else:
            self._start_cycle(self.cycle)
