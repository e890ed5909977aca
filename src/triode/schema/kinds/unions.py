"""Optional and unions: pydantic's smart mode, and unions told apart by a tag."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Union

from triode.errors import SchemaError
from triode.schema.constraints import bounds_schema, check_whole, has_limits, size_schema
from triode.schema.describe import describe
from triode.schema.documentation import schema_inside
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, Schema, refuse
from triode.schema.objects import ObjectSchema
from triode.schema.problems import INVALID, Loc, Problem
from triode.schema.raw import is_decodable
from triode.schema.registry import Mode, Registry

_UNION: Any = Union
_OF_THE_WHOLE: Final = (
    "default", "default_factory", "discriminator", "title", "description", "examples",
    "deprecated", "json_schema_extra",
)  # fmt: skip


class NullableSchema(Schema):
    """A value or null."""

    kind = "nullable"

    def __init__(self, annotation: Any, info: FieldInfo, inner: Schema) -> None:
        super().__init__(annotation, info)
        self.inner = inner

    @property
    def label(self) -> str:
        return f"nullable[{self.inner.label}]"

    @property
    def children(self) -> Iterable[Schema]:
        return (self.inner,)

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        inner = self.inner.codec_assuming(native)
        return None if inner is None else Union[inner, None]  # noqa: UP007

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        finish_inner = self.inner.finish
        if finish_inner is None:
            return None
        return lambda raw: None if raw is None else finish_inner(raw)

    @property
    def exact_types(self) -> frozenset[type] | None:
        inner = self.inner.exact_types
        return None if inner is None else inner | {type(None)}

    def is_direct(self, value: Any) -> bool:
        return value is None or self.inner.is_direct(value)

    def fit(self, value: Any) -> int:
        return EXACT if value is None else self.inner.fit(value)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if value is None:
            return None
        return self.inner.validate(value, loc, problems, text=text)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        return None if value is None else self.inner.dump(value, loc, problems)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        inner = schema_inside(self.inner, registry, mode)
        if not inner:
            return inner
        options = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
        return {"anyOf": [*options, {"type": "null"}]}


class UnionSchema(Schema):
    """One of several types; the best fit is taken."""

    kind = "union"

    def __init__(self, annotation: Any, info: FieldInfo, members: list[Schema]) -> None:
        super().__init__(annotation, info)
        self.members = members

    @property
    def label(self) -> str:
        return f"union[{','.join(member.label for member in self.members)}]"

    @property
    def children(self) -> Iterable[Schema]:
        return self.members

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        codecs = [member.codec_assuming(native) for member in self.members]
        if None in codecs or any(member.finish is not None for member in self.members):
            return None
        if has_limits(self.info) or not all(_is_told_apart(member) for member in self.members):
            return None
        return _either(codecs)

    def is_direct(self, value: Any) -> bool:
        return any(member.is_direct(value) for member in self.members)

    def fit(self, value: Any) -> int:
        return max(member.fit(value) for member in self.members)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        refused: list[Problem] = []
        best: tuple[tuple[int, int], Any] | None = None
        for member in self.members:
            found: list[Problem] = []
            result = member.validate(value, (*loc, member.label), found, text=text)
            if found:
                refused.extend(found)
                continue
            rank = (_fields_given(member, value), member.fit(value))
            if best is None or rank > best[0]:
                best = rank, result
        if best is None:
            problems.extend(refused)
            return INVALID
        return check_whole(self.info, best[1], value, loc, problems)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        for member in self.members:
            if member.is_direct(value):
                return value
        refused: list[Problem] = []
        members = sorted(self.members, key=lambda member: -member.fit(value))
        for member in members:
            found: list[Problem] = []
            dumped = member.dump(value, (*loc, member.label), found)
            if not found:
                return dumped
            refused.extend(found)
        problems.extend(refused)
        return INVALID

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        options: list[dict[str, Any]] = []
        for member in self.members:
            found = schema_inside(member, registry, mode)
            parts = found["anyOf"] if found.keys() == {"anyOf"} else [found]
            options.extend(part for part in parts if part not in options)
        return {"anyOf": options, **bounds_schema(self.info), **size_schema(self.info, "Length")}


def _either(codecs: list[Any]) -> Any | None:
    """Return the union of msgspec types, None where msgspec cannot tell them apart."""
    joined: Any = _UNION[tuple(codecs)]
    return joined if is_decodable(joined) else None


def _is_told_apart(member: Schema) -> bool:
    """Whether JSON alone says that a value is of this member, as msgspec needs it."""
    return member.kind in ("int", "float", "bool", "none", "str", "object") or isinstance(
        member, NullableSchema
    )


def _fields_given(member: Schema, value: Any) -> int:
    if isinstance(member, ObjectSchema) and isinstance(value, Mapping):
        return sum(each.encoded_name in value for each in member.accepted)
    return 0


class TaggedUnionSchema(Schema):
    """One of several objects, told apart by one key."""

    kind = "tagged-union"

    def __init__(
        self, annotation: Any, info: FieldInfo, key: str, members: Mapping[Any, ObjectSchema]
    ) -> None:
        super().__init__(annotation, info)
        self.key = key
        self.members = members
        self.expected = ", ".join(repr(tag) for tag in members)

    @property
    def label(self) -> str:
        return f"tagged-union[{','.join(member.label for member in self.members.values())}]"

    @property
    def children(self) -> Iterable[Schema]:
        return self.members.values()

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        if any(member.tag_key != self.key for member in self.members.values()):
            return None  # A field of literals is no tag of msgspec's.
        codecs = [member.codec_assuming(native) for member in self.members.values()]
        return None if None in codecs else _either(codecs)

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        finishers = {
            member.codec: finish
            for member in self.members.values()
            if (finish := member.finish) is not None
        }
        if not finishers:
            return None

        def finish_member(raw: Any) -> Any:
            finish = finishers.get(type(raw))
            return raw if finish is None else finish(raw)

        return finish_member

    def is_direct(self, value: Any) -> bool:
        return any(member.is_direct(value) for member in self.members.values())

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        for member in self.members.values():
            if member.is_instance(value):
                return value
        if not isinstance(value, Mapping):
            msg = "Input should be a valid dictionary or object to extract fields from"
            return refuse(problems, "model_attributes_type", loc, msg, value)
        tag = value.get(self.key, MISSING)
        shown = repr(self.key)
        if tag is MISSING:
            msg = f"Unable to extract tag using discriminator {shown}"
            return refuse(problems, "union_tag_not_found", loc, msg, value, discriminator=shown)
        found = self.members.get(tag) if isinstance(tag, str | int) else None
        if found is None:
            msg = (
                f"Input tag '{tag}' found using {shown} does not match any of the "
                f"expected tags: {self.expected}"
            )
            return refuse(problems, "union_tag_invalid", loc, msg, value, discriminator=shown,
                          tag=str(tag), expected_tags=self.expected)  # fmt: skip
        return found.validate(value, (*loc, tag), problems, text=text)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        for member in self.members.values():
            if member.is_instance(value):
                return member.dump(value, loc, problems)
        found = self.validate(value, loc, problems)
        return found if found is INVALID else self.dump(found, loc, problems)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        options = {str(tag): node.json_schema(registry, mode) for tag, node in self.members.items()}
        mapping = {tag: option["$ref"] for tag, option in options.items() if "$ref" in option}
        return {
            "oneOf": list(options.values()),
            "discriminator": {"propertyName": self.key, "mapping": mapping},
        }


def union(parts: Parts) -> Schema | None:
    """Describe `X | Y`, Optional included."""
    if typing.get_origin(parts.bare) not in (Union, types.UnionType):
        return None
    arguments = typing.get_args(parts.bare)
    wanted = [each for each in arguments if each is not type(None)]
    is_nullable = len(wanted) < len(arguments)
    # What is said of the whole is meant for the value: `Annotated[int | None, Field(ge=0)]`.
    if len(wanted) == 1:
        inner = _member(wanted[0], parts.info.without(*_OF_THE_WHOLE))
    else:
        inner = _join(parts, [describe(each) for each in wanted])
    return NullableSchema(parts.bare, parts.info, inner) if is_nullable else inner


def _member(annotation: Any, info: FieldInfo) -> Schema:
    return describe(typing.Annotated[annotation, info] if info.given else annotation)


def _join(parts: Parts, members: list[Schema]) -> Schema:
    key = parts.info.discriminator or _common_tag(members)
    if key is None:
        return UnionSchema(parts.bare, parts.info, members)
    tagged: dict[Any, ObjectSchema] = {}
    for member in members:
        tags = _tags(member, key)
        if not tags or any(tag in tagged for tag, _ in tags):
            raise SchemaError(
                f"The union is told apart by {key!r}, but {member.label} has no value of its own "
                f'there. Give it a field {key}: Literal["…"].',
                code="schema-discriminator",
            )
        tagged.update(tags)
    return TaggedUnionSchema(parts.bare, parts.info, key, tagged)


def _common_tag(members: list[Schema]) -> str | None:
    keys = {member.tag_key for member in members if isinstance(member, ObjectSchema)}
    is_common = len(keys) == 1 and all(isinstance(member, ObjectSchema) for member in members)
    return keys.pop() if is_common else None


def _tags(member: Schema, key: str) -> list[tuple[Any, ObjectSchema]]:
    if isinstance(member, TaggedUnionSchema):
        return list(member.members.items())
    if not isinstance(member, ObjectSchema):
        return []
    if member.tag_key == key:
        return [(member.tag, member)]
    for each in member.fields:
        if key in (each.name, each.encoded_name):
            return [(value, member) for value in getattr(each.schema, "values", [])]
    return []
