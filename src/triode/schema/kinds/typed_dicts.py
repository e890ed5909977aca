"""TypedDicts: ordinary dicts whose keys are known."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from triode.schema.fields import MISSING
from triode.schema.kinds.records import RecordSchema, hints_of
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts, take_apart
from triode.schema.node import EXACT, LAX, Schema, refuse
from triode.schema.problems import Loc, Problem
from triode.schema.raw import given_values


class TypedDictSchema(RecordSchema):
    """A `TypedDict`: an ordinary dict when it is done."""

    def is_instance(self, value: Any) -> bool:
        return False

    @property
    def exact_types(self) -> frozenset[type] | None:
        return None

    def is_direct(self, value: Any) -> bool:
        # A dict may hold more than the class names, and anything under its names.
        if type(value) is not dict or not self._can_be_direct:
            return False
        found = 0
        for each, node in self._checked:
            if each.name in value:
                found += 1
                if not node.is_direct(value[each.name]):
                    return False
            elif each.required:
                return False
        return found == len(value)

    @functools.cached_property
    def _checked(self) -> list[tuple[FieldDescription, Schema]]:
        return [(each, self.node_of(each)) for each in self.sent]

    def is_native(self, native: frozenset[Schema]) -> bool:
        return False

    def fit(self, value: Any) -> int:
        if not isinstance(value, dict):
            return LAX
        return min(
            (
                self.node_of(each).fit(value[each.encoded_name])
                for each in self.accepted
                if each.encoded_name in value
            ),
            default=EXACT,
        )

    def construct(self, values: dict[str, Any]) -> Any:
        return values

    def raw_reader(self) -> Callable[[msgspec.Struct], Any]:
        return given_values

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        return refuse(problems, "dict_type", loc, "Input should be a valid dictionary", value)

    def get(self, value: Any, name: str) -> Any:
        return value.get(name, MISSING)


def typed_dict(parts: Parts) -> Schema | None:
    """Describe a `TypedDict`."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not _is_typed_dict(origin):
        return None
    return TypedDictSchema(parts.bare, parts.info, lambda: _typed_dict_fields(parts.bare))


def _is_required(annotation: Any, *, default: bool) -> bool:
    # `__required_keys__` is wrong where annotations are strings (PEP 563).
    word = getattr(typing.get_origin(annotation), "_name", None)
    return word == "Required" if word in ("Required", "NotRequired") else default


def _is_typed_dict(origin: Any) -> bool:
    # typing_extensions has a metaclass of its own.
    return typing.is_typeddict(origin) or type(origin).__name__ == "_TypedDictMeta"


def _typed_dict_fields(target: Any) -> Iterable[FieldDescription]:
    required = (typing.get_origin(target) or target).__required_keys__
    for name, annotation in hints_of(target).items():
        info = take_apart(annotation).info
        yield FieldDescription(
            name=name,
            annotation=annotation,
            info=info,
            required=_is_required(annotation, default=name in required),
        )
