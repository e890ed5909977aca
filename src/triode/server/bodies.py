"""A request body that is handed on while it arrives.

For an endpoint that does not need the whole body before it begins: `request.stream()`, uploads.
What nobody has taken yet is bounded: the connection is not read while there is enough of it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from starlette.requests import ClientDisconnect

from triode.http import Call, Receive, Scope
from triode.http.call import Message
from triode.http.reply import replay

HIGH_WATER = 64 * 1024
SMALL = 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def append_part(parts: list[bytes | bytearray], part: bytes) -> None:
    """Append a part of a body; small ones run together.

    SECURITY: a body in chunks of two bytes would take twenty times its size as a list.
    """
    if len(part) < SMALL and parts:
        last = parts[-1]
        if isinstance(last, bytearray):
            last += part
            return
        part = bytearray(part)  # type: ignore[assignment]
    parts.append(part)


def join_parts(parts: list[bytes | bytearray]) -> bytes:
    """Return the parts of a body as one."""
    if len(parts) == 1 and isinstance(parts[0], bytes):
        return parts[0]
    return b"".join(parts)


class Connection(Protocol):
    """The connection that a body comes in on."""

    transport: Any
    flow: Any
    client: tuple[str, int] | None
    scheme: Any

    def make_scope(self, call: Call) -> Scope:
        """Return the ASGI scope of a call."""
        ...

    def read_on(self) -> None:
        """Read again, if nothing else keeps the connection from it."""
        ...

    async def wait_for_disconnect(self) -> Message:
        """Wait until the client is gone."""
        ...


class StreamedBody:
    """The origin of a call whose body has not arrived yet.

    With `needs_continue` the client sends nothing before it is asked to, which the first read does.
    """

    def __init__(
        self, connection: Connection, parts: list[bytes | bytearray], *, needs_continue: bool
    ) -> None:
        self.connection = connection
        self.parts = parts
        self.size = sum(map(len, parts))
        self.needs_continue = needs_continue
        self.is_complete = False
        self.is_dropped = False
        self._is_lost = False
        self._is_read = False
        self._failure: Exception | None = None
        self._changed = asyncio.Event()
        if self.is_full:
            connection.flow.pause_reading()

    @property
    def is_full(self) -> bool:
        """Whether more has arrived than should wait here."""
        return self.size > HIGH_WATER

    # --- what the connection says

    def put(self, part: bytes) -> None:
        """Take in a part of the body."""
        if self.is_dropped:
            return
        append_part(self.parts, part)
        self.size += len(part)
        if self.is_full:
            self.connection.flow.pause_reading()
        self._changed.set()

    def finish(self) -> None:
        """Note that the body is complete."""
        self.is_complete = True
        self._changed.set()

    def fail(self, failure: Exception) -> None:
        """Let whoever reads on raise `failure`."""
        self._failure = failure
        self._changed.set()

    def lose(self) -> None:
        """Note that the rest will never arrive."""
        self._is_lost = True
        self._changed.set()

    def drop(self) -> None:
        """Throw away what nobody took and what is still to come: the call is answered."""
        self.is_dropped = True
        self.parts, self.size = [], 0
        self.connection.read_on()

    # --- the origin of the call

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of whoever connected."""
        return self.connection.client

    @property
    def scheme(self) -> str | None:
        """The scheme of the connection."""
        scheme: str | None = self.connection.scheme
        return scheme

    def make_scope(self, call: Call) -> Scope:
        """Return the ASGI scope of the call."""
        return self.connection.make_scope(call)

    async def read_body(self, call: Call) -> bytes:
        """Return the whole body.

        Raises:
            ClientDisconnect: the client left before it was complete.
            BodyTooLarge: it is larger than the limit of its route.
        """
        parts = []
        while True:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message["body"])
            if not message["more_body"]:
                return b"".join(parts)

    def receive(self, call: Call) -> Receive:
        """Return an ASGI receive callable: over the body if it was read before."""
        if call.body is not None:
            return replay(call.body, self.connection.wait_for_disconnect)
        return self._next

    async def _next(self) -> Message:
        if self._is_read:
            return await self.connection.wait_for_disconnect()
        if self.needs_continue and not (self.parts or self.connection.transport.is_closing()):
            self.connection.transport.write(CONTINUE)
        self.needs_continue = False
        while not (self.parts or self.is_complete or self._is_lost or self._failure):
            self._changed.clear()
            await self._changed.wait()
        if self._failure is not None:
            raise self._failure
        if self._is_lost and not self.parts:
            return {"type": "http.disconnect"}
        body = join_parts(self.parts)
        self.parts, self.size = [], 0
        self._is_read = self.is_complete
        self.connection.read_on()
        return {"type": "http.request", "body": body, "more_body": not self.is_complete}
