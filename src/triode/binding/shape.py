"""Whether a type is a single value on the wire, several, or an object: FastAPI's rule.

A parameter without a marker comes from the query string if it is a single value, and from the
body otherwise.
"""

from __future__ import annotations

from triode.schema import ObjectSchema, Schema
from triode.schema.kinds.collections import CollectionSchema, TupleSchema
from triode.schema.kinds.mappings import MappingSchema
from triode.schema.kinds.unions import NullableSchema, TaggedUnionSchema, UnionSchema

COMPLEX = (
    ObjectSchema,
    CollectionSchema,
    TupleSchema,
    MappingSchema,
    TaggedUnionSchema,
)


def is_scalar(schema: Schema | None) -> bool:
    """Whether a value is one piece of text outside of a body."""
    if isinstance(schema, NullableSchema | UnionSchema):
        return all(is_scalar(member) for member in schema.children)
    return schema is not None and not isinstance(schema, COMPLEX)


def is_list(schema: Schema | None) -> bool:
    """Whether several values of one name are collected."""
    if isinstance(schema, NullableSchema | UnionSchema):
        return any(is_list(member) for member in schema.children)
    return isinstance(schema, CollectionSchema | TupleSchema)
