"""Whether a type is a single value on the wire, several, or an object: FastAPI's rule.

A parameter without a marker comes from the query string if it is a single value, and from the
body otherwise.
"""

from __future__ import annotations

from triode.schema import ObjectSchema, Schema
from triode.schema.kinds.collections import CollectionSchema, TupleSchema
from triode.schema.kinds.mappings import MappingSchema
from triode.schema.kinds.pydantic_models import ForeignSchema
from triode.schema.kinds.unions import NullableSchema, TaggedUnionSchema, UnionSchema
from triode.schema.kinds.uploads import UploadSchema
from triode.schema.node import walk

COMPLEX = (
    ObjectSchema,
    CollectionSchema,
    TupleSchema,
    MappingSchema,
    TaggedUnionSchema,
)


def _plain(schema: Schema | None) -> Schema | None:
    """Return the description of a type without what pydantic does to its values."""
    is_theirs = isinstance(schema, ForeignSchema) and schema.plain is not None
    return schema.plain if is_theirs else schema  # type: ignore[union-attr]


def is_scalar(schema: Schema | None) -> bool:
    """Whether a value is one piece of text outside of a body."""
    schema = _plain(schema)
    if isinstance(schema, NullableSchema | UnionSchema):
        return all(is_scalar(member) for member in schema.children)
    return schema is not None and not isinstance(schema, COMPLEX)


def is_upload(schema: Schema | None) -> bool:
    """Whether a value is an upload, or a list of them."""
    if schema is None or isinstance(schema, ObjectSchema):
        return False
    return any(isinstance(node, UploadSchema) for node in walk(schema))


def objects_of(schema: Schema | None) -> list[ObjectSchema]:
    """Return the objects that a value may be; none where it may be anything else, null aside."""
    if isinstance(schema, ObjectSchema):
        return [schema]
    if isinstance(schema, NullableSchema):
        return objects_of(schema.inner)
    if isinstance(schema, TaggedUnionSchema):
        return list(schema.members.values())
    if isinstance(schema, UnionSchema):
        found = [objects_of(member) for member in schema.members]
        return [each for members in found for each in members] if all(found) else []
    return []


def is_text_list(schema: Schema | None) -> bool:
    """Whether a value is a list of single ones, or may be one of them alone."""
    schema = _plain(schema)
    if isinstance(schema, NullableSchema | UnionSchema):
        return all(is_scalar(member) or is_text_list(member) for member in schema.children)
    return isinstance(schema, CollectionSchema | TupleSchema) and all(
        is_scalar(member) for member in schema.children
    )


def is_list(schema: Schema | None) -> bool:
    """Whether several values of one name are collected."""
    schema = _plain(schema)
    if isinstance(schema, NullableSchema | UnionSchema):
        return any(is_list(member) for member in schema.children)
    return isinstance(schema, CollectionSchema | TupleSchema)
