"""Write a response that is made while it is sent, straight to the connection.

The lane's own way for streams, without ASGI messages in between: the body's chunks are framed as
RFC 9112 (7.1) has it, or counted where the length is known.
"""

from __future__ import annotations

import asyncio

from starlette.responses import StreamingResponse as StarletteStreamingResponse
from uvicorn.protocols.http.flow_control import FlowControl

from triode.http.call import Call, RawHeaders
from triode.http.streaming import StreamingResponse, encode_chunk
from triode.server.wire import asks_to_close

# After how much of a body the loop gets its turn, though neither side had to wait.
TURN_BYTES = 256 * 1024


class BodyMismatchError(RuntimeError):
    """A body that is not as long as its Content-Length says."""


class StreamWriter:
    """Writes the body of one response to a connection, no faster than the client takes it.

    `headers` are those to send. An HTTP/1.0 client knows no chunks: the end of the connection is
    the end of a body whose length is not known, and `ends_connection` is true.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        flow: FlowControl,
        call: Call,
        stream: StarletteStreamingResponse,
        added: RawHeaders | None,
    ) -> None:
        self.stream = stream
        self._transport = transport
        self._flow = flow
        self._has_body = call.method != "HEAD" and stream.status_code not in (204, 304)
        raw = [(name.lower(), value) for name, value in (*stream.raw_headers, *(added or ()))]
        self.headers: RawHeaders = [pair for pair in raw if pair[0] != b"transfer-encoding"]
        lengths = [int(value) for name, value in self.headers if name == b"content-length"]
        self._length = lengths[0] if lengths else None
        version = (call.extras or {}).get("http_version", "1.1")
        is_unframed = self._has_body and self._length is None
        self._is_chunked = is_unframed and version == "1.1"
        self._is_open_ended = is_unframed and not self._is_chunked
        if self._is_chunked:
            self.headers.append((b"transfer-encoding", b"chunked"))
        self.ends_connection = self._is_open_ended or asks_to_close(self.headers)

    async def write_body(self) -> None:
        """Write every chunk and the end.

        Raises:
            BodyMismatchError: there is more or less than the length says.
            Exception: what the iterator raised.
        """
        if not self._has_body:
            return
        sent = turn = 0
        async for chunk in self.stream.body_iterator:
            data = chunk if type(chunk) is bytes else encode_chunk(chunk)
            if not data:
                continue  # an empty chunk would be the end of the body
            sent += len(data)
            if self._length is not None and sent > self._length:
                raise BodyMismatchError(f"The body is longer than its length, {self._length}.")
            self._write(data)
            if self._flow.write_paused:
                await self._flow.drain()
                turn = sent
            elif sent - turn > TURN_BYTES:
                turn = sent
                await asyncio.sleep(0)
        if self._length is not None and sent < self._length:
            raise BodyMismatchError(f"The body has {sent} bytes of {self._length}.")
        if self._is_chunked:
            self._transport.write(b"0\r\n\r\n")

    def _write(self, data: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def cut(self) -> None:
        """End the connection so that the client knows that the body is not whole."""
        if self._is_open_ended:
            self._transport.abort()
        else:
            self._transport.close()  # what was written arrives; the end of the body does not

    def stop(self) -> None:
        """Stop what makes the body."""
        if isinstance(self.stream, StreamingResponse):
            self.stream.stop()
