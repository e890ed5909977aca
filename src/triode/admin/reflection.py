"""What the admin needs to know of a model: fields, relations, the key, how a row is called.

This is the only place that reads the model's description; everything else of the admin is built
from what is found here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triode.admin.cells import bare_type
from triode.db.relating.many_to_many import ManyToManyRelation
from triode.db.relating.relations import ForeignKeyRelation
from triode.db.tables.table import ModelField, ModelTable

NAMES = ("name", "title", "label", "full_name", "username", "email", "subject", "slug", "code")


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as the admin sees it; `field` is its foreign key, None for a many-valued one.

    `is_own` is whether this model declares it, so that its form shows it.
    """

    name: str
    target: Any
    is_many: bool
    field: ModelField | None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Reflection:
    """A model's columns by name (foreign keys' among them) and its relations by name."""

    model: Any
    table: ModelTable
    fields: Mapping[str, ModelField]
    relations: Mapping[str, Relation]

    @property
    def key(self) -> ModelField:
        """The primary key."""
        return self.table.primary_key

    @property
    def by_column(self) -> dict[str, Relation]:
        """The relations of foreign keys, by the name of the column."""
        return {each.field.name: each for each in self.relations.values() if each.field}

    @property
    def name_field(self) -> str | None:
        """The field that a row is called by: "name", "title", …, else its first text."""
        texts = [
            field.name
            for field in self.table.public
            if field.relation is None and bare_type(field.annotation) is str
        ]
        return next((name for name in NAMES if name in texts), texts[0] if texts else None)


def reflect(model: Any) -> Reflection:
    """Return what there is to know of a model."""
    table: ModelTable = model.__table__
    relations = {
        name: Relation(name, each.target.model, each.is_many, _field_of(each), _is_own(each))
        for name, each in table.relations.items()
        # A foreign key of several columns is shown as these.
        if not (isinstance(each, ForeignKeyRelation) and len(each.fields) > 1)
    }
    return Reflection(model, table, dict(table.by_name), relations)


def _field_of(relation: Any) -> ModelField | None:
    return relation.field if isinstance(relation, ForeignKeyRelation) else None


def _is_own(relation: Any) -> bool:
    """Return whether the model's form sets a relation: not one whose links are rows of a model."""
    if isinstance(relation, ManyToManyRelation):
        return relation.owner is relation and relation.info.through is None
    return isinstance(relation, ForeignKeyRelation)
