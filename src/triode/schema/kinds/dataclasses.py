"""Dataclasses."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable
from typing import Any

from triode.schema.fields import MISSING
from triode.schema.kinds.records import RecordSchema, field_of, hints_of
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts
from triode.schema.node import Schema, refuse
from triode.schema.problems import Loc, Problem


class DataclassSchema(RecordSchema):
    """A dataclass."""

    def is_plainly_made(self) -> bool:
        given = vars(self.origin)
        written = given.get("__init__")
        return (
            written is not None and written.__qualname__.endswith("__create_fn__.<locals>.__init__")
        ) or (
            written is not None
            and written.__module__ == self.origin.__module__
            and getattr(written, "__code__", None) is not None
            and written.__code__.co_filename == "<string>"
        )

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
    for each in dataclasses.fields(typing.get_origin(target) or target):
        if not each.init:
            continue
        default = MISSING if each.default is dataclasses.MISSING else each.default
        factory = None if each.default_factory is dataclasses.MISSING else each.default_factory
        yield field_of(each.name, hints[each.name], default, factory)
