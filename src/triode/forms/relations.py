"""Fields that name a row of another model: which rows there are to choose from.

This room knows no database. A model is whatever describes itself and has `all()`, whose result
has `limit(n)` and can be awaited or `run()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from triode.forms.widgets import Choices, without_none
from triode.schema import FieldDescription, ObjectSchema, describe

MOST_IN_A_LIST = 250
MOST_TO_SEARCH = 2000


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a field leads: the other model, and its field that is stored here."""

    target: Any
    key: str

    def rows(self) -> Any:
        """Return the statement that gives the rows to choose from."""
        return self.target.all().limit(MOST_TO_SEARCH)

    def choices(self, rows: list[Any]) -> Choices:
        """Return rows as choices, sorted as people read them."""
        pairs = [(str(getattr(row, self.key)), str(row)) for row in rows]
        return sorted(pairs, key=lambda pair: pair[1].casefold())

    async def exists(self, value: Any) -> bool:
        """Return whether there is such a row."""
        return bool(await self.target.where(**{self.key: value}).exists())


def relations_of(schema: ObjectSchema) -> dict[str, Relation]:
    """Return the fields of a description that name rows of other models, by field name.

    `team_id` is one where the description also has `team`, an object.
    """
    by_name = {each.name: each for each in schema.fields}
    found: dict[str, Relation] = {}
    for name, each in by_name.items():
        other = by_name.get(name.removesuffix("_id"))
        if other is not None and other is not each and (relation := _relation(other)):
            found[name] = relation
    return found


def _relation(described: FieldDescription) -> Relation | None:
    target, _ = without_none(described.annotation)
    schema = describe(target)
    if not isinstance(schema, ObjectSchema) or not hasattr(target, "all"):
        return None
    keys = [each.name for each in schema.fields if getattr(each.info, "primary_key", False)]
    return Relation(target, keys[0]) if len(keys) == 1 else None
