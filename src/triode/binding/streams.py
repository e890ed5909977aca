"""Handlers with `yield`: their items become JSON Lines, server-sent events, or text and bytes."""

from __future__ import annotations

import collections.abc
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, get_args, get_origin

from starlette.responses import JSONResponse, Response
from starlette.responses import StreamingResponse as StarletteStreamingResponse

from triode.binding.calls import is_async_generator, is_generator
from triode.binding.trimmed import trimming_encoder
from triode.binding.trimming import Trim
from triode.http import Call, Reply
from triode.http.events import EventSourceResponse, ServerSentEvent, event_encoder
from triode.http.feed import Encode
from triode.http.streaming import StreamingResponse
from triode.schema import MISSING, ResponseValidationFailed, describe, json_encoder

Open: TypeAlias = Callable[[Call, Any], Awaitable[Reply]]

JSON_LINES = "application/jsonl"
# An error within this time of the first item, or instead of it, is answered as an error; after it
# the response begins without an item.
FIRST_ITEM_SECONDS = 0.5
ITERABLES = (
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.Generator,
    collections.abc.Iterable,
    collections.abc.Iterator,
)


class JSONLinesResponse(StreamingResponse):
    """Send one JSON value a line."""

    media_type = JSON_LINES


def is_stream(call: Callable[..., Any]) -> bool:
    """Whether a handler yields."""
    return is_generator(call) or is_async_generator(call)


def item_annotation(annotation: Any) -> Any:
    """Return the type of the items of a stream, `MISSING` where nothing is said of them."""
    if annotation in ITERABLES or get_origin(annotation) in ITERABLES:
        annotation = (*get_args(annotation), Any)[0]
    is_event = isinstance(annotation, type) and issubclass(annotation, ServerSentEvent)
    return MISSING if annotation in (None, Any) or is_event else annotation


def stream_class(response_class: type[Response] | None) -> type[Response]:
    """Return the class that sends the items of a handler with `yield`."""
    if response_class is None or issubclass(response_class, JSONResponse):
        return JSONLinesResponse
    return response_class


def make_opener(
    annotation: Any,
    response_class: type[Response] | None,
    *,
    status_code: int = 200,
    trim: Trim | None = None,
    where: str | None = None,
) -> Open:
    """Return the function that turns what a handler with `yield` gave into a reply."""
    kind = stream_class(response_class)
    encode = _item_encoder(kind, item_annotation(annotation), trim, where)
    is_ready_made = issubclass(kind, StarletteStreamingResponse)

    async def open_stream(call: Call, items: Any) -> Reply:
        if is_ready_made:
            response = kind(items, status_code=status_code)
        else:
            response = StreamingResponse(items, status_code, media_type=kind.media_type)
        if isinstance(response, StreamingResponse):
            if encode is not None:
                response.encode = encode
            if call.method == "HEAD":
                response.stop()
            else:
                await response.begin(FIRST_ITEM_SECONDS)
        return Reply(b"", response.status_code, None, stream=response)

    return open_stream


def _item_encoder(
    kind: type[Response], annotation: Any, trim: Trim | None, where: str | None
) -> Encode | None:
    """Return what turns an item into bytes, None where the items are text or bytes already."""
    is_events = issubclass(kind, EventSourceResponse)
    if not is_events and not issubclass(kind, JSONLinesResponse):
        return None
    schema = None if annotation is MISSING else describe(annotation)
    encode = json_encoder(schema) if trim is None else trimming_encoder(schema, trim)

    def encode_checked(item: Any) -> bytes:
        try:
            return encode(item)
        except ResponseValidationFailed as exc:
            exc.where = where
            raise

    if is_events:
        return event_encoder(encode_checked)
    return lambda item: encode_checked(item) + b"\n"
