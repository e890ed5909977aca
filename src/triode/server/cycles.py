"""Where the lane meets uvicorn's ASGI way: scopes, response cycles, and calls as ASGI requests."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from triode.http import Call, Receive, Scope
from triode.http.call import Message
from triode.http.reply import replay
from triode.server.wire import UnsendableError, check_header


class LaneCycle(RequestResponseCycle):
    """A response of an ASGI application, or one that sends itself."""

    async def send(self, message: Any) -> None:
        """Send one ASGI message.

        Raises:
            UnsendableError: the status or a header cannot be sent. Nothing was, so that the client
                gets a 500.
        """
        if message["type"] == "http.response.start" and not self.response_started:
            message = self._checked(message)
        await super().send(message)

    def _checked(self, message: Any) -> Any:
        status = message["status"]
        if status not in STATUS_LINE or status < 200:
            raise UnsendableError(f"{status} is no status of a stream. It must be 200 to 599.")
        headers = [
            (bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())
        ]
        for name, value in headers:
            check_header(name, value)
        own = {name for name, _ in headers}
        self.default_headers = [pair for pair in self.default_headers if pair[0] not in own]
        # What is sent as chunks is for the server to know.
        return {**message, "headers": [pair for pair in headers if pair[0] != b"transfer-encoding"]}


class UnframedCycle(LaneCycle):
    """A response to HTTP/1.0, which knows no chunks: the connection's end is a stream's end."""

    has_length = False

    async def send(self, message: Any) -> None:
        """Send one ASGI message."""
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            self.has_length = any(name.lower() == b"content-length" for name, _ in headers)
            self.chunked_encoding = None if self.has_length else False
        elif not self.has_length:
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


class CycleProtocol(HttpToolsProtocol):
    """A connection that is the origin of calls, and can serve an ASGI application too."""

    is_closing = False
    running: RequestResponseCycle | None = None
    lost: asyncio.Event | None = None
    # Whether the client has closed its own side: it sends no more, but may still read.
    has_ended = False

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection, and wake those who wait for that."""
        super().connection_lost(exc)
        self.is_closing = True
        if self.running is not None:
            self.running.disconnected = True
            self.running.message_event.set()
        if self.lost is not None:
            self.lost.set()

    def new_scope(self, method: str, headers: Any) -> Any:
        """Return the parts of an ASGI scope that do not depend on the request target."""
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "method": method,
            "headers": headers,
            "state": self.app_state.copy(),
        }

    def new_cycle(self, scope: Any, *, keep_alive: bool) -> RequestResponseCycle:
        """Return a response cycle of uvicorn's, not yet started."""
        kind = LaneCycle if scope["http_version"] == "1.1" else UnframedCycle
        return kind(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=keep_alive and not self.is_closing,
            on_response=self.on_response_complete,
        )

    # --- the origin of the calls

    def make_scope(self, call: Call) -> Scope:
        """Return the ASGI scope of a call."""
        scope = self.new_scope(call.method, call.head.raw)
        scope["path"] = self.root_path + call.path
        scope["raw_path"] = self.root_path.encode("ascii") + call.target
        scope["query_string"] = call.query.encode("ascii")
        return cast(Scope, scope)

    async def read_body(self, call: Call) -> bytes:
        """Return the whole body; on the lane it is there before the call is made."""
        return call.body or b""

    def receive(self, call: Call) -> Receive:
        """Return an ASGI receive callable over the body."""
        return replay(call.body or b"", self.wait_for_disconnect)

    async def wait_for_disconnect(self) -> Message:
        """Wait until the client is gone."""
        if self.lost is None:
            self.lost = asyncio.Event()
        if not (self.has_ended or self.transport.is_closing()):
            await self.lost.wait()
        return {"type": "http.disconnect"}
