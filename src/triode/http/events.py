"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from starlette.background import BackgroundTask

from triode.http.streaming import StreamingResponse, encode_chunk
from triode.schema import json_encoder

KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = b": ping\n\n"

# What ends a line of an event stream; other line ends of Unicode are ordinary text there.
_LINE_END = re.compile(r"\r\n|\r|\n")


class ServerSentEvent(Struct, frozen=True, kw_only=True):
    """One event of an event stream.

    `data` is sent as JSON, `raw_data` as it is; only one of them can be given. `event` is the
    name that a page listens for, `id` what the browser sends as `Last-Event-ID` when it comes
    back, `retry` after how many milliseconds it does, `comment` is for nobody.

    Raises:
        ValueError: `event` or `id` has more than one line, or `retry` is negative.
    """

    data: Any = None
    raw_data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be sent as it is meant."""
        if self.data is not None and self.raw_data is not None:
            raise ValueError("Cannot set both 'data' and 'raw_data'. Leave out one of them.")
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None:
                _check_line(name, value)
        if self.id is not None and "\0" in self.id:
            raise ValueError(f"SSE 'id' must not contain a null character: {self.id!r}.")
        if self.retry is not None and not (type(self.retry) is int and self.retry >= 0):
            raise ValueError(f"SSE 'retry' is in milliseconds, 0 or more, not {self.retry!r}.")


def _check_line(name: str, value: str) -> None:
    """Refuse a field of an event that is no single line.

    SECURITY: a line end in a name or id would let who chose it write events of their own.
    """
    if not isinstance(value, str):
        raise ValueError(f"SSE '{name}' must be text, not {value!r}.")
    if _LINE_END.search(value):
        raise ValueError(f"SSE '{name}' must be a single line: {value!r}.")


class EventSourceResponse(StreamingResponse):
    """Send server-sent events as they come.

    In a route with `yield`: `response_class=EventSourceResponse`. After 15 seconds of silence a
    comment is sent, so that no proxy takes the connection for dead.
    """

    media_type = "text/event-stream"
    silence_seconds = KEEP_ALIVE_SECONDS
    when_silent = KEEP_ALIVE

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)
        self.encode = event_or_text
        self.headers.setdefault("cache-control", "no-cache")
        self.headers.setdefault("x-accel-buffering", "no")


def event_encoder(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Return a function that turns an item into an event; `encode` gives the JSON of its data."""

    def encode_item(item: Any) -> bytes:
        if isinstance(item, ServerSentEvent):
            return encode_event(item)
        return b"data: %b\n\n" % encode(item)

    return encode_item


def event_or_text(item: Any) -> bytes:
    """Return the bytes of an event; text and bytes are taken for events that are written."""
    if isinstance(item, str | bytes | bytearray | memoryview):
        return encode_chunk(item)
    return encode_plain(item)


def encode_event(event: ServerSentEvent) -> bytes:
    """Return the bytes of an event."""
    data = event.raw_data
    if data is None and event.data is not None:
        data = _encode_data(event.data).decode("utf-8")
    return format_sse_event(
        data_str=data, event=event.event, id=event.id, retry=event.retry, comment=event.comment
    )


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """Return the bytes of an event whose data is text already.

    Raises:
        ValueError: `event` or `id` has more than one line.
    """
    lines: list[str] = []
    if comment is not None:
        lines += [f": {line}" for line in _LINE_END.split(comment)]
    if event is not None:
        _check_line("event", event)
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += [f"data: {line}" for line in _LINE_END.split(data_str)]
    if id is not None:
        _check_line("id", id)
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry:d}")
    return "\n".join([*lines, "", ""]).encode("utf-8")


_encode_data = json_encoder(None)
encode_plain = event_encoder(_encode_data)
