"""What `call_next` gives: a response that a function middleware may read, change or replace.

It is that of Starlette: `status_code`, `headers`, `set_cookie`, `background`, `body_iterator`.
The body of one that is complete is there already; one that sends itself (files, mounted
applications) is started, so that its status and headers are those that it sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from triode.errors import TriodeError
from triode.http import Call, Receive, Reply, Scope, Send
from triode.http.call import Message
from triode.http.reply import FRAMING, raw_headers, response_from_reply, settled, stream_reply
from triode.http.streaming import is_plain_stream


async def next_response(call: Call, reply: Reply) -> Response:
    """Return the response that a reply is."""
    if hasattr(reply.stream, "reply_to"):
        reply = await settled(reply, call)
    if reply.stream is None:
        return NextResponse(reply.status, raw_headers(reply), reply.body, reply.background)
    if is_plain_stream(reply.stream):
        return response_from_reply(reply)
    return await start_stream(call, reply)


class NextResponse(Response):
    """A response whose body is known, until `body_iterator` is given another."""

    def __init__(self, status: int, headers: Any, body: bytes, background: Any = None) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = background
        self._iterator: AsyncIterable[Any] | None = None

    @property
    def body_iterator(self) -> AsyncIterable[Any]:
        """The parts of the body."""
        return _once(self.body) if self._iterator is None else self._iterator

    @body_iterator.setter
    def body_iterator(self, iterator: AsyncIterable[Any]) -> None:
        self._iterator = iterator

    def final(self) -> Response:
        """Return what is to be sent: itself, or a stream of the parts it was given."""
        if self._iterator is None:
            return self
        return _streaming(self, self._iterator)


class StartedResponse(Response):
    """A response that is being made by an ASGI application; its parts come as they are read."""

    def __init__(self, start: Message, messages: asyncio.Queue[Any], task: Any) -> None:
        self.status_code = start["status"]
        self.raw_headers = list(start.get("headers", ()))
        self.background: Any = None
        self._parts = _Parts(messages)
        self.body_iterator: AsyncIterable[Any] = self._parts
        self._task: asyncio.Task[None] = task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it through an ASGI server."""
        try:
            start = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **start})
            async for part in self.body_iterator:
                data = part.encode() if isinstance(part, str) else bytes(part)
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            if self.background is not None:
                await self.background()
            await self._parts.end()
        finally:
            self.stop()

    def stop(self) -> None:
        """End the application, if it has not ended yet."""
        self._task.cancel()


async def start_stream(call: Call, reply: Reply) -> StartedResponse:
    """Return the response that a reply's ASGI callable begins.

    Raises:
        Exception: whatever it raised before it began one.
    """
    messages: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)

    async def run() -> None:
        try:
            await stream_reply(reply, call.scope(), call.origin.receive(call), messages.put)
            if reply.background is not None:
                await reply.background()
        except Exception as exc:
            await messages.put(exc)
        else:
            await messages.put(None)

    task = asyncio.get_running_loop().create_task(run())
    try:
        start = await messages.get()
    except asyncio.CancelledError:
        task.cancel()
        raise
    if isinstance(start, Exception):
        raise start
    if start is None or start["type"] != "http.response.start":
        task.cancel()
        raise TriodeError("The application inside ended without a response.", code="no-response")
    return StartedResponse(start, messages, task)


class _Parts:
    """The parts of a body, up to the last one; the application goes on, to its background work."""

    def __init__(self, messages: asyncio.Queue[Any]) -> None:
        self._messages = messages
        self._is_complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._is_complete:
            message = await self._messages.get()
            if isinstance(message, Exception):
                raise message
            if message is None:
                return
            self._is_complete = not message.get("more_body", False)
            if part := message.get("body", b""):
                yield part

    async def end(self) -> None:
        """Wait until the application has ended, if all of its body was read.

        Raises:
            Exception: whatever it raised after its response.
        """
        if self._is_complete:
            message = await self._messages.get()
            if isinstance(message, Exception):
                raise message


async def _once(body: bytes | memoryview) -> AsyncIterator[bytes]:
    if body:
        yield bytes(body)


def _streaming(response: Response, iterator: AsyncIterable[Any]) -> StreamingResponse:
    made = StreamingResponse(iterator, response.status_code, background=response.background)
    made.raw_headers = [pair for pair in response.raw_headers if pair[0].lower() not in FRAMING]
    return made
