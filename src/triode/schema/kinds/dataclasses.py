"""Dataclasses."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable
from typing import Annotated, Any

from triode.schema.fields import MISSING, FieldInfo
from triode.schema.kinds.records import RecordSchema, field_of, hints_of
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts
from triode.schema.node import Schema, refuse
from triode.schema.problems import Loc, Problem


class DataclassSchema(RecordSchema):
    """A dataclass."""

    def is_plainly_made(self) -> bool:
        # msgspec does not call `__init__`; only the one that @dataclass generates (from a string)
        # does no more than msgspec does.
        code = getattr(vars(self.origin).get("__init__"), "__code__", None)
        # A default that stands in the body msgspec leaves to the class, and then does not write.
        return (
            code is not None
            and code.co_filename == "<string>"
            and all(each.default is dataclasses.MISSING for each in dataclasses.fields(self.origin))
        )

    @property
    def is_plain(self) -> bool:
        # msgspec leaves out what the constructor does not take.
        every = dataclasses.fields(self.origin)
        return super().is_plain and all(each.init for each in every)

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        msg = f"Input should be a dictionary or an instance of {self.name}"
        return refuse(problems, "dataclass_type", loc, msg, value, class_name=self.name)


def dataclass(parts: Parts) -> Schema | None:
    """Describe a dataclass, generic ones included."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not (isinstance(origin, type) and dataclasses.is_dataclass(origin)):
        return None
    return DataclassSchema(parts.bare, parts.info, lambda: _dataclass_fields(parts.bare))


def _dataclass_fields(target: Any) -> Iterable[FieldDescription]:
    hints = hints_of(target)
    origin = typing.get_origin(target) or target
    # PEP 557: what only the constructor takes (InitVar) is no field of an instance.
    for each in origin.__dataclass_fields__.values():
        kind, hint = each._field_type.name, hints.get(each.name)
        if kind == "_FIELD_CLASSVAR":
            continue
        if isinstance(hint, dataclasses.InitVar):
            hint = Annotated[hint.type, FieldInfo(write_only=True)]
        if not each.init:
            hint = Annotated[hint, FieldInfo(read_only=True)]
        default = MISSING if each.default is dataclasses.MISSING else each.default
        factory = None if each.default_factory is dataclasses.MISSING else each.default_factory
        yield field_of(each.name, hint, default, factory)
