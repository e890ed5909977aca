"""Leave parts of a response out: `response_model_exclude_none` and its like."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from triode.schema import MISSING, FieldDescription, ObjectSchema, Schema, json_encoder
from triode.schema.kinds.collections import CollectionSchema
from triode.schema.kinds.unions import NullableSchema

Names: TypeAlias = Collection[str] | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Trim:
    """What of a response is sent, as pydantic's `model_dump` has it.

    `include` and `exclude` are names, or a mapping of names to the same of what lies below; in a
    list they mean each item. What was not set is known of pydantic models and mappings; in any
    other object it is what equals the default.
    """

    include: Names = None
    exclude: Names = None
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False

    def apply(self, schema: Schema | None, value: Any, data: Any) -> Any:
        """Return the part of `data` to send; `value` is what it was serialized from."""
        if isinstance(schema, NullableSchema):
            return self.apply(schema.inner, value, data)
        if isinstance(data, list):
            item = schema.item if isinstance(schema, CollectionSchema) else None
            values = value if isinstance(value, list | tuple) else data
            return [self.apply(item, *pair) for pair in zip(values, data, strict=True)]
        if not isinstance(data, dict):
            return data
        fields = schema.fields if isinstance(schema, ObjectSchema) else ()
        known = {each.encoded_name: each for each in fields}
        return {
            key: self._below(key).apply(*self._step(schema, known.get(key), value, key), part)
            for key, part in data.items()
            if self._is_sent(key, part) and self._is_of_interest(schema, known.get(key), value)
        }

    def _is_sent(self, key: str, part: Any) -> bool:
        if self.include is not None and key not in self.include:
            return False
        if self.exclude is not None and key in self.exclude:
            is_whole = not isinstance(self.exclude, Mapping) or self.exclude[key] in (True, ...)
            if is_whole:
                return False
        return not (self.exclude_none and part is None)

    def _is_of_interest(
        self, schema: Schema | None, field: FieldDescription | None, value: Any
    ) -> bool:
        if field is None or not (self.exclude_unset or self.exclude_defaults):
            return True
        held = _part(schema, value, field.name, field.encoded_name)
        is_default = held is MISSING or held == field.make_default()
        names_set = getattr(value, "model_fields_set", None)
        if isinstance(value, Mapping):
            is_unset = held is MISSING
        else:
            is_unset = field.name not in names_set if names_set is not None else is_default
        return not (self.exclude_unset and is_unset) and not (self.exclude_defaults and is_default)

    def _step(
        self, schema: Schema | None, field: FieldDescription | None, value: Any, key: str
    ) -> tuple[Schema | None, Any]:
        if field is None or not isinstance(schema, ObjectSchema):
            return None, value.get(key) if isinstance(value, Mapping) else None
        return schema.node_of(field), _part(schema, value, field.name, key)

    def _below(self, key: str) -> Trim:
        """Return what holds for the part under a key."""
        include, exclude = (
            names.get(key) if isinstance(names, Mapping) else None
            for names in (self.include, self.exclude)
        )
        return Trim(
            include if isinstance(include, Collection) else None,
            exclude if isinstance(exclude, Collection) else None,
            self.exclude_unset,
            self.exclude_defaults,
            self.exclude_none,
        )


def _part(schema: Schema | None, value: Any, name: str, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, value.get(key, MISSING))
    return schema.get(value, name) if isinstance(schema, ObjectSchema) else MISSING


def trimming_encoder(schema: Schema | None, trim: Trim) -> Callable[[Any], bytes]:
    """Return a function that turns a value into JSON without what is left out."""
    whole, encode = json_encoder(schema), json_encoder(None)
    return lambda value: encode(trim.apply(schema, value, msgspec.json.decode(whole(value))))
