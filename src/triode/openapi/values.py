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
)


def schema_of_value(schema: Schema, info: FieldInfo, registry: Registry, *, name: str) -> Json:
    """Return the JSON Schema of a parameter, form field or body.

    A default of None is left out, as FastAPI does: "not sent" says the same.
    """
    default: Any = MISSING
    if info.default is not None and info.default_factory is None:
        default = _plain(schema, info.default)
    return document(
        schema.json_schema(registry, "input"), info, registry, name=name, default=default
    )


def _plain(schema: Schema, default: Any) -> Any:
    """Return a default as it is written for its type; as it is where it is of another one."""
    try:
        return default if default is MISSING else schema.serialize(default)
    except ResponseValidationFailed:
        return default
