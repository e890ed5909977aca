"""The shapes of the errors that Triode itself answers with."""

from __future__ import annotations

from triode.openapi.context import Context, Json

JSON = "application/json"


def error_response(description: str, context: Context) -> Json:
    """Return the response of an error with a text: `{"detail": "…"}`."""
    return content(description, JSON, context.named("HTTPError", _error))


def validation_response(context: Context) -> Json:
    """Return the response to a request that is not what the operation takes."""
    schema = context.named("HTTPValidationError", lambda: _invalid(context))
    return content("Validation Error", JSON, schema)


def content(description: str, media_type: str, schema: Json) -> Json:
    """Return a response with a body of one media type."""
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _error() -> Json:
    return {
        "properties": {"detail": {"type": "string", "title": "Detail"}},
        "type": "object",
        "required": ["detail"],
        "title": "HTTPError",
    }


def _invalid(context: Context) -> Json:
    item = context.named("ValidationError", _problem)
    return {
        "properties": {"detail": {"items": item, "type": "array", "title": "Detail"}},
        "type": "object",
        "title": "HTTPValidationError",
    }


def _problem() -> Json:
    place = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    return {
        "properties": {
            "loc": {"items": place, "type": "array", "title": "Location"},
            "msg": {"type": "string", "title": "Message"},
            "type": {"type": "string", "title": "Error Type"},
            "input": {"title": "Input"},
            "ctx": {"type": "object", "title": "Context"},
        },
        "type": "object",
        "required": ["loc", "msg", "type"],
        "title": "ValidationError",
    }
