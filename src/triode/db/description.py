"""A model's `__schema__`: what the web, forms and the admin know of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from triode.db.field import ColumnInfo
from triode.db.table import ModelField, ModelTable
from triode.schema import MISSING, FieldDescription, ObjectSchema

Make = Callable[[dict[str, Any]], Any]


class ModelSchema(ObjectSchema):
    """The description of a model; `make` makes an unsaved object of valid values."""

    def __init__(self, table: ModelTable, model: type, make: Make) -> None:
        super().__init__(
            model, lambda: describe_fields(table), name=table.model_name, description=model.__doc__
        )
        self.table = table
        self._make = make

    @property
    def exact_types(self) -> frozenset[type]:
        # Secret values are no fields of the Struct, so msgspec writes what may be sent.
        return frozenset({self.target})

    def construct_from(self, raw: msgspec.Struct) -> Any:
        table = self.table
        made = table.make(*[self._value_from(raw, field) for field in table.public])
        hidden = made.__dict__
        hidden["_new"] = True
        for field in table.secret:
            hidden[field.name] = self._value_from(raw, field)
        return made

    def _value_from(self, raw: msgspec.Struct, field: ModelField) -> Any:
        value = getattr(raw, field.name, msgspec.UNSET)
        return field.make_default() if value is msgspec.UNSET else value

    def construct(self, values: dict[str, Any]) -> Any:
        return self._make(values)

    def _is_always_sent(self, each: FieldDescription) -> bool:
        return each.name in self.table.by_name

    def get(self, value: Any, name: str) -> Any:
        slot = self.table.slots.get(name)
        return slot.peek(value) if slot is not None else getattr(value, name, MISSING)


def describe_fields(table: ModelTable) -> Sequence[FieldDescription]:
    """Return the fields in the order of declaration, then the relations that can be loaded."""
    described = [describe_column(field) for field in table.fields]
    for relation in table.relations.values():
        if not relation.is_declared:
            continue
        target: Any = relation.target.model
        info = ColumnInfo()
        info.read_only = True
        annotation = list.__class_getitem__(target) if relation.is_many else target | None
        described.append(FieldDescription(relation.name, annotation, info, required=False))
    return described


def describe_column(field: ModelField) -> FieldDescription:
    """Describe one column."""
    info = field.info
    default = info.default
    if default is MISSING and info.default_factory is None and not field.is_required:
        is_null = field.is_nullable and info.server_default is None
        default = None if is_null else MISSING
    return FieldDescription(
        field.name,
        field.value_annotation,
        info,
        required=field.is_required,
        default=default,
        default_factory=info.default_factory,
        automatic=field.is_automatic,
    )
