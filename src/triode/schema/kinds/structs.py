"""msgspec.Struct classes."""

from __future__ import annotations

import functools
import operator
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from triode.schema.describe import UnsupportedTypeError
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.kinds.records import RecordSchema, field_of, hints_of
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts
from triode.schema.node import Schema
from triode.schema.registry import Mode, Registry


class StructSchema(RecordSchema):
    """A `msgspec.Struct` class."""

    def __init__(self, target: Any, info: FieldInfo, fields: Callable[[], Any]) -> None:
        super().__init__(target, info, fields)
        self.tag_key, self.tag = self.config.tag_field, self.config.tag

    @property
    def config(self) -> Any:
        """The class's `struct_config`."""
        return self.origin.__struct_config__  # type: ignore[attr-defined]

    @property
    def has_own_names(self) -> bool:
        encoded = dict(
            zip(self.origin.__struct_fields__, self.origin.__struct_encode_fields__, strict=True)  # type: ignore[attr-defined]
        )
        return all(encoded[each.name] == each.encoded_name for each in self.fields)

    def is_plainly_made(self) -> bool:
        return True

    @property
    def forbids_extra(self) -> bool:
        return bool(self.config.forbid_unknown_fields)

    def _is_always_sent(self, each: FieldDescription) -> bool:
        return not self.config.omit_defaults and super()._is_always_sent(each)

    def body(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        found = super().body(registry, mode)
        if self.tag_key is not None:
            shown = {"const": self.tag, "title": self.tag_key.title(), "type": "string"}
            found["properties"] = {self.tag_key: shown, **found["properties"]}
            found["required"] = [self.tag_key, *found.get("required", [])]
        return found


def struct(parts: Parts) -> Schema | None:
    """Describe a `msgspec.Struct`, generic ones included."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not (isinstance(origin, type) and issubclass(origin, msgspec.Struct)):
        return None
    if origin.__struct_config__.array_like:
        raise UnsupportedTypeError(
            parts.bare, mend="Its fields have no names on the wire: remove array_like=True."
        )
    return StructSchema(parts.bare, parts.info, lambda: _struct_fields(parts.bare))


def _without_unset(annotation: Any) -> Any:
    """Leave `UnsetType` out of a union: that a field may be absent is no type of value."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation
    members = tuple(each for each in typing.get_args(annotation) if each is not msgspec.UnsetType)
    return functools.reduce(operator.or_, members)


def _struct_fields(target: Any) -> Iterable[FieldDescription]:
    origin = typing.get_origin(target) or target
    hints = hints_of(target)
    for each in msgspec.structs.fields(origin):
        default = MISSING if each.default is msgspec.NODEFAULT else each.default
        factory = None if each.default_factory is msgspec.NODEFAULT else each.default_factory
        encoded = each.encode_name if each.encode_name != each.name else ""
        annotation = _without_unset(hints[each.name])
        yield field_of(each.name, annotation, default, factory, encoded_name=encoded)
