"""Classes made by attrs, which are known by what attrs leaves in them."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from typing import Annotated, Any

from triode.schema.fields import MISSING, FieldInfo
from triode.schema.kinds.records import RecordSchema, field_of, hints_of
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts
from triode.schema.node import Schema


class AttrsSchema(RecordSchema):
    """An attrs class."""

    def construct(self, values: dict[str, Any]) -> Any:
        # attrs calls the argument of a private attribute by its name without the underscore.
        names = {each.name: each.alias for each in self.origin.__attrs_attrs__}  # type: ignore[attr-defined]
        return self.origin(**{names[name]: value for name, value in values.items()})

    @property
    def is_plain(self) -> bool:
        # msgspec writes whatever is in `__dict__`, declared or not.
        return super().is_plain and self.origin.__dictoffset__ == 0

    def is_plainly_made(self) -> bool:
        return not any(
            each.validator or each.converter
            for each in self.origin.__attrs_attrs__  # type: ignore[attr-defined]
        )


def attrs_class(parts: Parts) -> Schema | None:
    """Describe an attrs class, which is known by what attrs leaves in it."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not (isinstance(origin, type) and hasattr(origin, "__attrs_attrs__")):
        return None
    return AttrsSchema(parts.bare, parts.info, lambda: _attrs_fields(parts.bare))


def _attrs_fields(target: Any) -> Iterable[FieldDescription]:
    hints = hints_of(target)
    for each in (typing.get_origin(target) or target).__attrs_attrs__:
        hint = hints.get(each.name, Any)
        if not each.init:
            hint = Annotated[hint, FieldInfo(read_only=True)]
        default, factory = each.default, None
        if type(default).__name__ == "_Nothing" or repr(default) == "NOTHING":
            default = MISSING
        elif hasattr(default, "factory"):
            factory, default = default.factory, MISSING
        encoded = "" if each.alias == each.name else each.alias
        yield field_of(each.name, hint, default, factory, encoded_name=encoded)
