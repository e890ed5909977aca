"""Classes that bring their own description in `__schema__`."""

from __future__ import annotations

from typing import Any

from triode.errors import SchemaError
from triode.schema.describe import describe, name_of
from triode.schema.metadata import Parts
from triode.schema.node import Schema
from triode.schema.objects import ObjectSchema


def own(parts: Parts) -> Schema | None:
    """Describe a class by its `__schema__`."""
    found = getattr(parts.bare, "__schema__", None)
    if found is None or not isinstance(parts.bare, type):
        return None
    made = found if isinstance(found, Schema) else found()
    if not isinstance(made, Schema):
        raise SchemaError(
            f"{name_of(parts.bare)}.__schema__ is {made!r}. It must be an ObjectSchema, or a "
            "callable without arguments that makes one.",
            code="schema-bad-own-schema",
        )
    return made


def variant(parts: Parts) -> Schema | None:
    """Describe `Create[T]` and `Patch[T]`."""
    if parts.variant is None:
        return None
    base: Any = describe(parts.bare)
    if not isinstance(base, ObjectSchema):
        raise SchemaError(
            f"{parts.variant.value.capitalize()}[{name_of(parts.bare)}] makes no sense: "
            f"{name_of(parts.bare)} has no fields. Name a model, struct or dataclass.",
            code="schema-variant-without-fields",
        )
    return base.variant(parts.variant)
