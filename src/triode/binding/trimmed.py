"""Write a response without what `response_model_exclude_none` and its like leave out.

The declared type is walked once, and what comes of it reads an object's fields straight into
what msgspec writes. A value that is not exactly what is declared goes the slow way, through
`Trim.serialize`, which checks and filters it first.

PERF: 1,000 Structs of four fields without their nulls: 52 ms by encoding, decoding and trimming
again, 0.9 ms in one walk (CPython 3.11).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from msgspec import UNSET

from triode.binding.trimming import Trim
from triode.schema import MISSING, ObjectSchema, Schema, adapter_encoder, json_encoder
from triode.schema.kinds.collections import CollectionSchema
from triode.schema.kinds.mappings import MappingSchema
from triode.schema.kinds.unions import NullableSchema

Walk: TypeAlias = Callable[[Any], Any]

LISTS = frozenset({list, tuple, set, frozenset})


class UnexpectedError(Exception):
    """A value is not exactly of the declared type; the slow way knows what to do with it."""


def trimming_encoder(schema: Schema | None, trim: Trim) -> Callable[[Any], bytes]:
    """Return a function that turns a value into JSON without what is left out."""
    encode, serialize = json_encoder(None), trim.serialize
    if schema is None:
        return lambda value: encode(serialize(None, value))
    adapter = schema.adapter_of_all
    if adapter is not None and trim.include is None and trim.exclude is None:
        return adapter_encoder(
            schema,
            adapter,
            by_alias=trim.by_alias,
            exclude_unset=trim.exclude_unset,
            exclude_defaults=trim.exclude_defaults,
            exclude_none=trim.exclude_none,
        )
    walk = _Walker().make(schema, trim)

    def encode_trimmed(value: Any) -> bytes:
        try:
            kept = walk(value)
        except UnexpectedError:
            kept = serialize(schema, value)
        return encode(kept)

    return encode_trimmed


class _Walker:
    """Makes the functions of one declared type; a type that holds itself meets its own."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, Any], list[Walk]] = {}

    def make(self, schema: Schema, trim: Trim) -> Walk:
        """Return the function for a node of the type."""
        if isinstance(schema, NullableSchema):
            inner = self.make(schema.inner, trim)
            return lambda value: None if value is None else inner(value)
        if isinstance(schema, CollectionSchema):
            return _list_walk(self.make(schema.item, trim))
        if isinstance(schema, MappingSchema) and trim.below("") is trim:
            return _mapping_walk(self.make(schema.value, trim))
        if not isinstance(schema, ObjectSchema):
            return _direct_walk(schema)
        serializer = getattr(schema.target, "__pydantic_serializer__", None)
        if serializer is not None:
            return _pydantic_walk(schema, serializer, trim)
        key = (id(schema.target), repr(trim))
        known = self._made.get(key)
        if known is not None:
            return lambda value: known[0](value)
        holder = self._made[key] = []
        holder.append(self._object_walk(schema, trim))
        return holder[0]

    def _object_walk(self, schema: ObjectSchema, trim: Trim) -> Walk:
        plan: list[tuple[str, str, frozenset[type], Walk, Callable[[], Any] | None, bool]] = []
        skips_defaults = trim.exclude_defaults or trim.exclude_unset
        for field in schema.sent:
            if not trim.names(field.name, field.encoded_name):
                continue
            node = schema.node_of(field)
            below = trim.below(field.name, field.encoded_name)
            shown = field.encoded_name if trim.by_alias else field.name
            default = field.make_default if skips_defaults else None
            types = _written_as_they_are(node)
            inner = self.make(node, below)
            plan.append((field.name, shown, types, inner, default, field.required))
        target, get, without_none = schema.target, schema.get, trim.exclude_none
        key = schema.tag_key
        tag = {key: schema.tag} if key is not None and trim.names(key, key) else {}

        def walk(value: Any) -> Any:
            if type(value) is not target:
                raise UnexpectedError
            kept: dict[str, Any] = {**tag}
            for name, shown, types, inner, default, is_required in plan:
                held = get(value, name)
                if held is None and without_none:
                    continue
                if held is MISSING or held is UNSET:
                    if is_required:
                        raise UnexpectedError
                    continue
                if default is not None and held == default():
                    continue
                kept[shown] = held if type(held) in types else inner(held)
            return kept

        return walk


def _written_as_they_are(node: Schema) -> frozenset[type]:
    """Return the types that have nothing in them which could be left out."""
    is_object = isinstance(node, ObjectSchema | CollectionSchema | NullableSchema)
    return frozenset() if is_object else node.exact_types or frozenset()


def _direct_walk(schema: Schema) -> Walk:
    types = _written_as_they_are(schema)

    def walk(value: Any) -> Any:
        if type(value) in types:
            return value
        raise UnexpectedError

    return walk


def _list_walk(item: Walk) -> Walk:
    def walk(value: Any) -> Any:
        if type(value) not in LISTS:
            raise UnexpectedError
        return [item(each) for each in value]

    return walk


def _mapping_walk(inner: Walk) -> Walk:
    def walk(value: Any) -> Any:
        if type(value) is not dict or any(type(key) is not str for key in value):
            raise UnexpectedError
        return {key: inner(each) for key, each in value.items()}

    return walk


def _pydantic_walk(schema: ObjectSchema, serializer: Any, trim: Trim) -> Walk:
    """Return pydantic's own way: it knows what was set, and its own serializers."""
    target = schema.target
    dump = partial(
        serializer.to_python,
        mode="json",
        by_alias=trim.by_alias,
        include=_names(trim.include),
        exclude=_names(trim.exclude),
        exclude_unset=trim.exclude_unset,
        exclude_defaults=trim.exclude_defaults,
        exclude_none=trim.exclude_none,
    )

    def walk(value: Any) -> Any:
        if type(value) is not target:
            raise UnexpectedError
        return dump(value)

    return walk


def _names(names: Any) -> Any:
    """Return names as pydantic takes them: a set or a dict."""
    return set(names) if isinstance(names, list | tuple | frozenset) else names
