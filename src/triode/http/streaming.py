"""Responses whose body is made while it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from contextvars import copy_context
from typing import Any, TypeGuard

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse as StarletteStreamingResponse

from triode.http.call import Receive, Scope, Send
from triode.http.feed import AHEAD_BYTES, Encode, Feed, TaskFeed, ThreadFeed


class StreamingResponse(StarletteStreamingResponse):
    """Send what an iterator gives, text or bytes, as it comes.

    A plain iterator runs in a thread, an async one in a task. It is stopped when the client is
    gone, and its clean-up (`finally`, `with`) runs then. An exception of its own cuts the
    connection, so that the client knows that something is missing.
    """

    silence_seconds: float | None = None
    """After how many seconds of silence `when_silent` is sent; None for never."""
    when_silent: bytes = b""

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.content = content
        self.encode: Encode = encode_chunk
        self.ahead_bytes = AHEAD_BYTES
        self.status_code = status_code
        self.media_type = self.media_type if media_type is None else media_type
        self.background = background
        self._context = copy_context()
        self._feed: Feed | None = None
        self._chunks: AsyncIterable[Any] | None = None
        self.init_headers(headers)

    @property
    def feed(self) -> Feed:
        """The iterator and its buffer; made when first asked for, on the event loop."""
        if self._feed is None:
            content, context = self.content, self._context
            if isinstance(content, AsyncIterable):
                self._feed = TaskFeed(content, self.encode, context)
            else:
                self._feed = ThreadFeed(content, self.encode, context)
            self._feed.ahead_bytes = self.ahead_bytes
        return self._feed

    @property
    def body_iterator(self) -> AsyncIterable[Any]:
        """The chunks as they are sent; a middleware may put another iterator around it."""
        if self._chunks is None:
            self._chunks = _chunks(self.feed, self.silence_seconds, self.when_silent)
        return self._chunks

    @body_iterator.setter
    def body_iterator(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, chunks: AsyncIterable[Any]
    ) -> None:
        self._chunks = chunks

    def stop(self) -> None:
        """End the iterator; nothing more is sent. Safe to call at any time."""
        self.feed.stop()

    async def end(self) -> None:
        """End the iterator, and wait until its clean-up has run."""
        self.stop()
        await self.feed.until_over()

    async def begin(self, seconds: float) -> None:
        """Start the iterator, and wait for its first item for some time.

        Raises:
            Exception: what the iterator raised before it gave anything. An error can still be
                answered then.
        """
        feed = self.feed
        feed.start()
        try:
            await feed.wait(seconds)
        except BaseException:
            feed.stop()
            raise
        if feed.is_over and not feed.has_chunks:
            feed.take()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response through an ASGI server."""
        if scope["type"] == "websocket":
            send = self._wrap_websocket_denial_send(send)
        watcher = asyncio.ensure_future(self._stop_on_disconnect(receive))
        start = {"status": self.status_code, "headers": self.raw_headers}
        try:
            await send({"type": "http.response.start", **start})
            if scope.get("method") != "HEAD":
                async for chunk in self.body_iterator:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watcher.cancel()
            await self.end()
        if self.background is not None:
            await self.background()

    async def _stop_on_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.stop()

    def __del__(self) -> None:
        # A response that something has put another in the place of: its iterator must not run on.
        if self._feed is not None and not self._feed.is_over:
            self._feed.stop()


def is_plain_stream(stream: Any) -> TypeGuard[StarletteStreamingResponse]:
    """Whether a response is no more than headers and an iterator of chunks."""
    return isinstance(stream, StarletteStreamingResponse) and type(stream).__call__ in (
        StarletteStreamingResponse.__call__,
        StreamingResponse.__call__,
    )


def encode_chunk(chunk: Any) -> bytes:
    """Return the bytes of a piece of text or bytes.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, str):
        return chunk.encode("utf-8")
    if isinstance(chunk, bytearray | memoryview):
        return bytes(chunk)
    raise TypeError(
        f"A stream yields text or bytes, and this one yielded {chunk!r}. Leave out "
        "response_class=StreamingResponse to send JSON Lines."
    )


async def _chunks(feed: Feed, seconds: float | None, when_silent: bytes) -> AsyncIterator[bytes]:
    feed.start()
    try:
        while not feed.is_stopped:
            if not await feed.wait(seconds):
                yield when_silent
            elif data := feed.take():
                yield data
            elif feed.is_over:
                return
    finally:
        feed.stop()
