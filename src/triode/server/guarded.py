"""A connection that ends when its client is too slow, asks for too much, or makes no sense.

The sweeper calls `tick` once a second. What is refused is answered in its turn, and the
connection then closed in a way that lets the client read the answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from triode.http import Reply, current_call
from triode.middleware.errors import detail_reply
from triode.server.leaving import LeavingProtocol
from triode.server.limits import Limits, RefusedError
from triode.server.repeats import RepeatedBlock
from triode.server.sweeper import Sweeper, sweeper_for

LINGER_SECONDS = 5
MAX_LOGGED = 200


class GuardedProtocol(LeavingProtocol):
    """A connection with a client that need not mean well."""

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.url = b""
        self.limits: Limits = getattr(config, "lane_limits", None) or Limits()
        self.block = RepeatedBlock(self.limits)
        self.sweeper: Sweeper = sweeper_for(server_state, self.loop, self.limits)
        self.body_size = 0
        self.body_ticks = 0
        self.write_ticks = 0
        self.unsent = 0
        self.drained = 0
        self.is_reading_head = False
        self.is_reading_body = False
        self.is_lingering = False
        self.is_deaf = False

    # --- connection

    def connection_made(self, transport: Any) -> None:
        """Begin a connection; the longest silent one makes room where there is none."""
        super().connection_made(transport)
        self.sweeper.wake()
        if not self.sweeper.has_room(self):
            self.refuse(RefusedError(503, "The server has too many connections."))

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection; handlers that are running finish."""
        super().connection_lost(exc)
        self.waiting.clear()
        self.unread.clear()
        self.is_closing = True
        if self.body is not None:
            self.body.lose()
        if self.streaming is not None:
            self.streaming.cancel()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio takes either
        """Still answer a client that has closed its own side; True keeps the connection for that.

        A client that is gone looks the same, so whoever watches for that is told, and streams end.
        """
        has_whole_request = not (self.is_deaf or self.is_reading_body or self.is_reading_head)
        is_streaming = self.running is not None or self.streaming is not None
        if not has_whole_request or is_streaming or not (self.is_busy or self.waiting):
            return False
        self.is_last = self.has_ended = True
        if self.lost is not None:
            self.lost.set()
        return True

    def shutdown(self) -> None:
        """Close the connection now, or after the response that is under way."""
        if (self.is_busy or self.waiting or self.is_reading_body) and not self.is_lingering:
            self._close_after_response()
        else:
            self.transport.close()

    @property
    def is_idle(self) -> bool:
        """Whether little is lost if the connection ends: the client may simply ask again."""
        if self.is_lingering or self.has_ended:
            return True
        return not (self.is_busy or self.waiting or self.is_reading_body)

    # --- time

    def tick(self) -> None:
        """Count a second; end a connection whose client has taken too many of them."""
        if self.is_lingering:
            self.silent_seconds += 1
            if self.silent_seconds > LINGER_SECONDS:
                self.transport.abort()
        elif self.flow.write_paused or self.transport.is_closing():
            self._tick_writing()
        elif self.is_reading_body:
            if not self.flow.read_paused:
                self._tick_body()
        elif not self.is_busy:
            self.silent_seconds += 1
            if self.is_reading_head:
                if self.silent_seconds > self.limits.head_seconds:
                    self.refuse(RefusedError(408, "The request took too long to arrive."))
            elif self.silent_seconds > self.timeout_keep_alive:
                self.transport.close()

    def _tick_body(self) -> None:
        self.silent_seconds += 1
        self.body_ticks += 1
        seconds = self.limits.body_seconds
        if (
            self.silent_seconds > seconds
            or self.body_ticks > seconds + self.body_size / self.limits.min_rate
        ):
            self.refuse(RefusedError(408, "The request took too long to arrive."))

    def _tick_writing(self) -> None:
        """Give up a client that takes too little of what it asked for."""
        unsent = self.transport.get_write_buffer_size()
        self.drained += max(0, self.unsent - unsent)
        self.unsent = unsent
        self.write_ticks += 1
        if self.write_ticks > self.limits.write_seconds + self.drained / self.limits.min_rate:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Stop reading while the client does not take what is written."""
        super().pause_writing()
        self.flow.pause_reading()
        self._restart_write_clock()

    def resume_writing(self) -> None:
        """Go on with what waited, and read again."""
        super().resume_writing()
        self._restart_write_clock()
        self.silent_seconds = 0
        self._next()

    def _restart_write_clock(self) -> None:
        self.write_ticks = self.drained = 0
        self.unsent = self.transport.get_write_buffer_size()

    # --- refusal

    def refuse(self, refused: RefusedError) -> None:
        """Answer what cannot be served, in its turn, and end the connection."""
        if self.is_last or self.transport.is_closing():
            return
        self.block.forget()
        self.is_last = self.is_deaf = True
        self.unread.clear()
        if self._is_answered():
            self.transport.close()
        elif self._lose_running():
            has_cycle = self.running is not None and self.running.response_started
            if has_cycle or self.streaming is not None:
                self.transport.close()
            else:
                self.send_refusal(refused)
        else:
            self._drop_unfinished()
            if self._must_wait():
                self.waiting.append(refused)
                self.flow.pause_reading()
            else:
                self.send_refusal(refused)

    def _is_answered(self) -> bool:
        """Whether the request that is still arriving has had its response."""
        if not self.is_reading_body:
            return False
        if self.call is None:
            return self.cycle is not None and self.cycle.response_complete
        return self.body is not None and self.body.is_dropped

    def _lose_running(self) -> bool:
        """Tell the call that is being served that its body will not come; False: it has it."""
        cycle, body = self.running, self.body
        if body is not None and body is self.served_body and not body.is_complete:
            body.lose()
        elif cycle is None or not cycle.more_body:
            return False
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        return True

    def _drop_unfinished(self) -> None:
        """Take the request that is still arriving off those that wait."""
        if not (self.is_reading_body and self.waiting):
            return
        last = self.waiting[-1]
        if isinstance(last, tuple):
            if self.body is not None and last[0].origin is self.body:
                self.waiting.pop()
        elif self.call is None and last is self.cycle:
            self.waiting.pop()

    def _refusal(self, refused: RefusedError) -> Reply:
        """Return the reply to a request that may not be; a 413 has the middleware's headers."""
        table = self._table()
        if refused.status == 413 and self.call is not None and table is not None:
            current_call.set(self.call)
            reply = table.refuse_body(self.call)
            if reply is not None and reply.stream is None:
                return reply
        return detail_reply(refused.status, refused.reason)

    def send_refusal(self, refused: RefusedError) -> None:
        """Write the answer to what cannot be served, and end the connection."""
        self.is_refused = True
        reply = self._refusal(refused)
        defaults = self.server_state.default_headers
        self.transport.write(self.wire.encode(reply, defaults, is_head=False, keep_alive=False))
        if self.access_log:
            target = ascii(self.url[:MAX_LOGGED].decode("latin-1"))[1:-1] or "-"
            self.log_line(self.client, "-", target, "1.1", refused.status)
        self.linger()

    def linger(self) -> None:
        """End the connection, but take in for a while what the client is still sending.

        A connection that is closed with bytes unread is reset, and the client may never see the
        answer (RFC 9112, 9.6).
        """
        self.is_last = self.is_deaf = self.is_closing = True
        self.unread.clear()
        if not self.transport.can_write_eof():  # TLS
            self.transport.close()
            return
        self.is_lingering = True
        self.silent_seconds = 0
        self.transport.write_eof()
        self.flow.resume_reading()
