"""The rows that a relation may lead to: offered, searched, named, assigned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from triode.admin.desk import Desk
from triode.admin.paths import resolve
from triode.admin.reflection import Relation
from triode.admin.searching import Search
from triode.admin.state import MOST_WORDS, clean
from triode.db import current_database, transaction

OFFERED = 100
FOUND = 20
Pair = tuple[str, str]


class Target:
    """A model whose rows are offered; registered or not."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.model = desk.model
        known = desk.reflection
        paths = list(desk.search.paths)
        if not paths and known.name_field:
            paths = [resolve(desk.model, known.name_field)]
        self.search = Search(paths or [resolve(desk.model, known.key.name)])
        self.name_of: Callable[[Any], str] = desk.name_of
        self.orders: Sequence[Any] = (
            [getattr(desk.model, known.name_field).asc()] if known.name_field else [desk.key.asc()]
        )

    def parse_key(self, text: str) -> Any | None:
        """Return the key that a text names, None where it can be none."""
        return self.desk.parse_key(text)

    async def find(self, text: str, limit: int) -> list[Pair]:
        """Return (key, name) of rows that hold every word of a text, in the order of names."""
        query = self.model.where(*self.search.conditions(clean(text)[:200].split()[:MOST_WORDS]))
        return [self.pair(row) for row in await query.order_by(*self.orders).limit(limit)]

    async def offer(self, text: str) -> tuple[list[Pair], bool]:
        """Return the rows to choose from, and whether these are all there are.

        Of a table too large for that: the rows that hold `text`.
        """
        rows = await self.find("", OFFERED + 1)
        if len(rows) <= OFFERED:
            return rows, True
        return (await self.find(text, OFFERED) if text else []), False

    async def label_of(self, text: str) -> str:
        """Return the name of the row with a key; the key itself if there is none."""
        value = self.parse_key(text)
        row = None if value is None else await self.model.where(self.desk.key == value).first()
        return text if row is None else self.name_of(row)

    async def rows_of(self, row: Any, relation: Relation) -> list[Pair]:
        """Return the rows that a row is related to."""
        await row.load(getattr(type(row), relation.name))
        return [self.pair(other) for other in getattr(row, relation.name)]

    async def assign(self, row: Any, relation: Relation, keys: Sequence[Any]) -> None:
        """Relate a row to the rows with these keys and to no others; unknown keys are dropped."""
        known = await self.model.where(self.desk.key.in_(keys)) if keys else []
        await replace_links(row, relation.name, [getattr(each, self.key_name) for each in known])

    @property
    def key_name(self) -> str:
        """The name of the key's field."""
        return self.desk.reflection.key.name

    def pair(self, row: Any) -> Pair:
        """Return a row as (key, name)."""
        return self.desk.key_of(row), self.name_of(row)


def targets_of(desk: Desk, desk_for: Callable[[Any], Desk]) -> dict[str, Target]:
    """Return where the relations that a form shows lead: foreign keys by column, many by name."""
    return {
        each.field.name if each.field else name: Target(desk_for(each.target))
        for name, each in desk.reflection.relations.items()
        if each.is_own
    }


async def replace_links(row: Any, name: str, keys: Sequence[Any]) -> None:
    """Make the rows with these keys the only ones that a many-to-many relation leads to."""
    relation = row.__table__.relations[name]
    here, there = relation.sides()
    own = getattr(row, row.__table__.primary_key.name)
    database, link = current_database(), relation.link()
    async with transaction():
        linked = {key for (key,) in await database.fetch(sa.select(there).where(here == own))}
        for key in linked - set(keys):
            await database.fetch(sa.delete(link).where(here == own, there == key))
        for key in dict.fromkeys(keys):
            if key not in linked:
                await database.fetch(sa.insert(link).values({here.name: own, there.name: key}))


async def lookup(target: Target, text: str) -> dict[str, Any]:
    """Return what the script asks for while a person types."""
    pairs = await target.find(text, FOUND + 1)
    results = [{"value": value, "label": label} for value, label in pairs[:FOUND]]
    return {"results": results, "more": len(pairs) > FOUND}
