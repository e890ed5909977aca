"""Paths over a model's fields and relations, as `ModelAdmin` writes them: "author.team.name".

A path is resolved once, against the models; afterwards it reads rows and gives the expression
for queries.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import attrgetter
from typing import Any

from triode.admin.reflection import Relation, reflect
from triode.db.tables.table import ModelField


class UnknownPath(LookupError):
    """A part of a path that its model does not have; `near` are names that resemble it."""

    def __init__(self, part: str, model: Any) -> None:
        super().__init__(part)
        self.part = part
        self.model = model
        known = reflect(model)
        names = [*known.fields, *known.relations]
        self.near = difflib.get_close_matches(part, names, n=3, cutoff=0.5)
        self.known = names


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A resolved path: relations to follow, and the field or relation it ends in.

    `field` is None where it ends in a relation, which is then the last of `steps`.
    """

    text: str
    model: Any
    steps: tuple[Relation, ...]
    field: ModelField | None

    @property
    def end(self) -> Any:
        """The model whose field it ends in, or to whose rows it leads."""
        return self.steps[-1].target if self.steps else self.model

    @property
    def is_many(self) -> bool:
        """Whether one row leads to several values."""
        return any(step.is_many for step in self.steps)

    @property
    def relation(self) -> Any:
        """The relations as a query's `include` takes them; None where there are none."""
        if not self.steps:
            return None
        return reduce(getattr, (step.name for step in self.steps), self.model)

    @property
    def expression(self) -> Any:
        """The field as queries take it."""
        if self.field is None:
            raise TypeError(f"{self.text!r} ends in a relation.")
        return getattr(self.relation if self.steps else self.model, self.field.name)

    def to(self, name: str) -> FieldPath:
        """Return the path one field further."""
        return resolve(self.model, f"{self.text}.{name}")

    @property
    def getter(self) -> Callable[[Any], Any]:
        """Return what reads the value from a row; None where a relation on the way is empty."""
        names = [step.name for step in self.steps]
        if self.field is not None:
            names.append(self.field.name)
        if len(names) == 1:
            return attrgetter(names[0])
        return _over(names)


def _over(names: list[str]) -> Callable[[Any], Any]:
    first, *rest = names

    def read(row: Any) -> Any:
        value = getattr(row, first)
        for name in rest:
            if value is None:
                return None
            value = getattr(value, name)
        return value

    return read


def resolve(model: Any, text: str) -> FieldPath:
    """Return the path that a text names.

    Raises:
        UnknownPath: a part of it does not exist.
    """
    steps: list[Relation] = []
    owner = model
    field: ModelField | None = None
    for part in text.replace("__", ".").split("."):
        known = reflect(owner)
        if field is not None:
            raise UnknownPath(part, owner)
        if part in known.relations:
            steps.append(known.relations[part])
            owner = known.relations[part].target
        elif part in known.fields:
            field = known.fields[part]
        else:
            raise UnknownPath(part, owner)
    return FieldPath(text, model, tuple(steps), field)
