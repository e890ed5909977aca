"""Leave parts of a response out: `response_model_exclude_none` and its like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from triode.schema import MISSING, FieldDescription, ObjectSchema, Schema, describe
from triode.schema.kinds.collections import CollectionSchema
from triode.schema.kinds.mappings import MappingSchema
from triode.schema.kinds.unions import NullableSchema

Names: TypeAlias = Collection[str] | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Trim:
    """What of a response is sent, as pydantic's `model_dump` has it.

    `include` and `exclude` are names, or a mapping of names to the same of what lies below; in a
    list they mean each item. What was not set is known of pydantic models and mappings; in any
    other object it is what equals the default. Without `by_alias` fields have their Python names.
    """

    include: Names = None
    exclude: Names = None
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False
    by_alias: bool = True

    def serialize(self, schema: Schema | None, value: Any) -> Any:
        """Return a value as builtins by its declared type, without what is left out."""
        whole = describe(Any) if schema is None else schema
        return self.apply(schema, value, whole.serialize(value))

    def apply(self, schema: Schema | None, value: Any, data: Any) -> Any:
        """Return the part of `data` to send; `value` is what it was serialized from."""
        if isinstance(schema, NullableSchema):
            return self.apply(schema.inner, value, data)
        if isinstance(data, list | tuple):
            item = schema.item if isinstance(schema, CollectionSchema) else None
            values = value if isinstance(value, list | tuple) else data
            return [self.apply(item, *pair) for pair in zip(values, data, strict=True)]
        if not isinstance(data, dict):
            return data
        if isinstance(schema, MappingSchema):
            return self._apply_to_mapping(schema, value, data)
        fields = schema.fields if isinstance(schema, ObjectSchema) else ()
        known = {each.encoded_name: each for each in fields}
        kept: dict[str, Any] = {}
        for key, part in data.items():
            field = known.get(key)
            name = key if field is None else field.name
            if self.exclude_none and part is None:
                continue
            if self.names(name, key) and self._is_of_interest(schema, field, value):
                below = self.below(name, key)
                shown = key if self.by_alias else name
                kept[shown] = below.apply(*self._step(schema, field, value, key), part)
        return kept

    def _apply_to_mapping(self, schema: MappingSchema, value: Any, data: dict[str, Any]) -> Any:
        """Return what is sent of a declared mapping: its nulls are values, as with pydantic."""
        values = value if isinstance(value, Mapping) else data
        return {
            key: self.below(key).apply(schema.value, values.get(key), part)
            for key, part in data.items()
            if self.names(key, key)
        }

    def names(self, name: str, key: str) -> bool:
        """Whether a field is among what is sent; `key` is its name on the wire."""
        if self.include is not None and name not in self.include and key not in self.include:
            return False
        if self.exclude is None:
            return True
        said = name if name in self.exclude else key
        if said not in self.exclude:
            return True
        return isinstance(self.exclude, Mapping) and self.exclude[said] not in (True, ...)

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

    def below(self, *names: str) -> Trim:
        """Return what holds for the part under a key, which may have several names."""
        if self.include is None and self.exclude is None:
            return self
        include, exclude = (_below(given, names) for given in (self.include, self.exclude))
        return replace(self, include=include, exclude=exclude)


def _part(schema: Schema | None, value: Any, name: str, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, value.get(key, MISSING))
    return schema.get(value, name) if isinstance(schema, ObjectSchema) else MISSING


def _below(given: Names, names: tuple[str, ...]) -> Names:
    if not isinstance(given, Mapping):
        return None
    found = next((given[name] for name in names if name in given), None)
    if isinstance(found, Mapping) and "__all__" in found:  # pydantic's word for each item
        found = found["__all__"]
    return found if isinstance(found, Collection) else None
