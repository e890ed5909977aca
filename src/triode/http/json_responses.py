"""JSON responses, written by the encoder that Triode writes everything with."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse as StarletteJSONResponse

from triode.schema import json_encoder

_encode = json_encoder(None)


class JSONResponse(StarletteJSONResponse):
    """Send a value as JSON, as it is; dates, UUIDs, dataclasses and models included."""

    def render(self, content: Any) -> bytes:
        """Return the JSON of a value."""
        return _encode(content)


class ORJSONResponse(JSONResponse):
    """FastAPI's name; the same as `JSONResponse` here, and needs no orjson."""


class UJSONResponse(JSONResponse):
    """FastAPI's name; the same as `JSONResponse` here, and needs no ujson."""


PLAIN_JSON = frozenset({StarletteJSONResponse, JSONResponse, ORJSONResponse, UJSONResponse})
"""The classes that say no more than that a result is JSON."""
