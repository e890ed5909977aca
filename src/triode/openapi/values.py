"""The schema of one bound value: its type's schema, with the name and default of the value."""

from __future__ import annotations

from typing import Any

from triode.openapi.context import Json
from triode.schema import (
    MISSING,
    FieldInfo,
    Registry,
    ResponseValidationFailed,
    Schema,
    document,
    title_of,
)


def schema_of_value(schema: Schema, info: FieldInfo, registry: Registry, *, name: str) -> Json:
    """Return the JSON Schema of a parameter, form field or body.

    A default of None is left out, as FastAPI does: "not sent" says the same.
    """
    default: Any = MISSING
    if info.default is not None and info.default_factory is None:
        default = _plain(schema, info.default)
    found = document(
        schema.json_schema(registry, "input"), info, registry, name=name, default=default
    )
    if "$ref" not in found:
        found.setdefault("title", title_of(name))
    return found


def schema_of_text(schema: Schema, info: FieldInfo, registry: Registry, *, name: str) -> Json:
    """Return the JSON Schema of a value that is text on the wire, where bytes are no base64."""
    found = schema_of_value(schema, info, registry, name=name)
    if schema.kind == "bytes":
        found.pop("contentEncoding")
        lengths = {"minLength": info.min_length, "maxLength": info.max_length}
        found.update((word, length) for word, length in lengths.items() if length is not None)
    return found


def openapi_examples(info: FieldInfo) -> Json:
    """Return what stands beside a schema for the examples that are OpenAPI's, not JSON Schema's."""
    return {"examples": dict(info.openapi_examples)} if info.openapi_examples else {}


def _plain(schema: Schema, default: Any) -> Any:
    """Return a default as it is written for its type; as it is where it is of another one."""
    try:
        return default if default is MISSING else schema.serialize(default)
    except ResponseValidationFailed:
        return default
