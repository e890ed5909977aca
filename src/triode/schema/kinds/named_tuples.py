"""NamedTuples: a JSON array, or an object with the fields' names."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable
from typing import Any

from triode.schema.fields import MISSING
from triode.schema.kinds.collections import refuse_length
from triode.schema.kinds.records import RecordSchema, field_of, hints_of
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts
from triode.schema.node import Schema, refuse
from triode.schema.problems import INVALID, Loc, Problem, problem
from triode.schema.registry import Mode, Registry


class NamedTupleSchema(RecordSchema):
    """A `typing.NamedTuple`."""

    def is_native(self, native: frozenset[Schema]) -> bool:
        return False

    def make_struct(self) -> None:
        return None

    @property
    def forbids_extra(self) -> bool:
        return True

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        msg = f"Input should be a tuple, list, dictionary or an instance of {self.name}"
        return refuse(problems, "named_tuple_type", loc, msg, value, class_name=self.name)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if isinstance(value, list | tuple) and not self.is_instance(value):
            return self._from_items(list(value), loc, problems, text)
        return super().validate(value, loc, problems, text=text)

    def _from_items(self, items: list[Any], loc: Loc, problems: list[Problem], text: bool) -> Any:
        most, before = len(self.fields), len(problems)
        if len(items) > most:
            return refuse_length(items, most, "NamedTuple", loc, problems)
        values: dict[str, Any] = {}
        for index, each in enumerate(self.fields):
            if index < len(items):
                found = self.node_of(each).validate(
                    items[index], (*loc, index), problems, text=text
                )
                values[each.name] = found
            elif each.required:
                problems.append(problem("missing", (*loc, index), "Field required", items))
        return INVALID if len(problems) > before else self.construct(values)

    def is_direct(self, value: Any) -> bool:
        return isinstance(value, self.origin) and all(
            self.node_of(each).is_direct(getattr(value, each.name)) for each in self.fields
        )

    @property
    def exact_types(self) -> None:
        return None

    @property
    def is_plain(self) -> bool:
        return True

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        found = self.validate(value, loc, problems)
        if found is INVALID:
            return INVALID
        return [
            self.node_of(each).dump(getattr(found, each.name), (*loc, each.name), problems)
            for each in self.fields
        ]

    def body(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        items = [self._property(each, registry, mode) for each in self.fields]
        return {
            "type": "array",
            "title": self.name,
            "prefixItems": items,
            "items": {},  # Nothing follows; linters ask for it all the same.
            "minItems": sum(each.required for each in self.fields),
            "maxItems": len(items),
        }


def named_tuple(parts: Parts) -> Schema | None:
    """Describe a NamedTuple, typed or from `collections`."""
    bare = parts.bare
    if not (isinstance(bare, type) and issubclass(bare, tuple) and hasattr(bare, "_fields")):
        return None
    fields: Callable[[], Any] = lambda: _fields(bare)  # noqa: E731
    return NamedTupleSchema(bare, parts.info, fields)


def _fields(target: Any) -> Iterable[FieldDescription]:
    hints = hints_of(target)
    for name in target._fields:
        default = target._field_defaults.get(name, MISSING)
        yield field_of(name, hints.get(name, typing.Any), default, None)
