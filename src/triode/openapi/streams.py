"""Describe what a handler with `yield` sends, item by item.

OpenAPI 3.2 has the word `itemSchema` for it. A document of 3.1 with that word in it is refused by
validators and generators of clients, so there the schema is that of a text with items in it.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from triode.binding.streams import JSON_LINES, item_annotation
from triode.http.events import EventSourceResponse
from triode.openapi.context import Context, Json
from triode.schema import MISSING, describe, title_of


def describe_stream(
    response_class: type[Response], annotation: Any, operation_id: str, context: Context
) -> Json:
    """Return the media type object of a stream."""
    is_events = issubclass(response_class, EventSourceResponse)
    if not is_events and response_class.media_type != JSON_LINES:
        return {"schema": {"type": "string"}}
    item = _item_schema(item_annotation(annotation), operation_id, context)
    described = _event_schema(item) if is_events else item or {}
    if context.has_item_schema:
        return {"itemSchema": described}
    return {
        "schema": {
            "type": "string",
            "description": "Server-sent events." if is_events else "One JSON value a line.",
            "contentMediaType": response_class.media_type,
            "contentSchema": described,
        }
    }


def _item_schema(annotation: Any, operation_id: str, context: Context) -> Json | None:
    if annotation is MISSING:
        return None
    described = dict(context.sent(describe(annotation)))
    if described and "$ref" not in described:
        described.setdefault("title", title_of(f"StreamItem_{operation_id}"))
    return described


def _event_schema(item: Json | None) -> Json:
    """Return the schema of one server-sent event (OpenAPI 3.2, 4.14.4)."""
    data: Json = {"type": "string"}
    if item is not None:
        data |= {"contentMediaType": "application/json", "contentSchema": item}
    schema: Json = {
        "type": "object",
        "properties": {
            "data": data,
            "event": {"type": "string"},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
    }
    if item is not None:
        schema["required"] = ["data"]
    return schema
