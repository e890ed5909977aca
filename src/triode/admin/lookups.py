"""The rows that a relation may lead to: offered, searched, named, assigned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from triode.admin.desk import Desk
from triode.admin.paths import resolve
from triode.admin.reflection import Relation
from triode.admin.searching import Search
from triode.admin.state import MOST_WORDS, clean
from triode.db import current_database, transaction

OFFERED = 100
FOUND = 20
Pair: TypeAlias = tuple[str, str]
Offer: TypeAlias = tuple[list[Pair], bool]


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

    def query(self, request: Any) -> Any:
        """Return the rows that a visitor may be related to: those he may see."""
        return self.desk.admin.query(request)

    async def find(self, request: Any, text: str, limit: int) -> list[Pair]:
        """Return (key, name) of rows that hold every word of a text, in the order of names."""
        words = clean(text)[:200].split()[:MOST_WORDS]
        query = self.query(request).where(*self.search.conditions(words))
        return [self.pair(row) for row in await query.order_by(*self.orders).limit(limit)]

    async def offer(self, request: Any, text: str) -> Offer:
        """Return the rows to choose from, and whether these are all there are.

        Of a table too large for that: the rows that hold `text`.
        """
        rows = await self.find(request, "", OFFERED + 1)
        if len(rows) <= OFFERED:
            return rows, True
        return (await self.find(request, text, OFFERED) if text else []), False

    async def known(self, request: Any, keys: Sequence[Any]) -> list[Any]:
        """Return the rows with these keys, as far as a visitor may see them."""
        return list(await self.query(request).where(self.desk.key.in_(keys))) if keys else []

    async def label_of(self, request: Any, text: str) -> str:
        """Return the name of the row with a key; the key itself if the visitor sees none."""
        value = self.parse_key(text)
        rows = [] if value is None else await self.known(request, [value])
        return self.name_of(rows[0]) if rows else text

    async def rows_of(self, request: Any, row: Any, relation: Relation) -> list[Pair]:
        """Return the rows that a row is related to."""
        keys = await linked_keys(row, relation.name)
        return [self.pair(other) for other in await self.known(request, keys)]

    async def assign(self, request: Any, row: Any, relation: Relation, keys: Sequence[Any]) -> None:
        """Relate a row to the rows with these keys, and to no others that the visitor sees."""
        before = await linked_keys(row, relation.name)
        seen = {getattr(each, self.key_name) for each in await self.known(request, before)}
        wanted = [getattr(each, self.key_name) for each in await self.known(request, keys)]
        hidden = [key for key in before if key not in seen]
        await replace_links(row, relation.name, [*hidden, *wanted])

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


async def linked_keys(row: Any, name: str) -> list[Any]:
    """Return the keys of the rows that a many-to-many relation leads to."""
    here, there = row.__table__.relations[name].sides()
    own = getattr(row, row.__table__.primary_key.name)
    database = current_database(row.__table__.options.database)
    return [key for (key,) in await database.fetch(sa.select(there).where(here == own))]


async def replace_links(row: Any, name: str, keys: Sequence[Any]) -> None:
    """Make the rows with these keys the only ones that a many-to-many relation leads to."""
    relation = row.__table__.relations[name]
    here, there = relation.sides()
    own = getattr(row, row.__table__.primary_key.name)
    database, link = current_database(row.__table__.options.database), relation.link()
    async with transaction(database):
        linked = await linked_keys(row, name)
        for key in set(linked) - set(keys):
            await database.fetch(sa.delete(link).where(here == own, there == key))
        for key in dict.fromkeys(keys):
            if key not in linked:
                await database.fetch(sa.insert(link).values({here.name: own, there.name: key}))


async def lookup(request: Any, target: Target, text: str) -> dict[str, Any]:
    """Return what the script asks for while a person types."""
    pairs = await target.find(request, text, FOUND + 1)
    results = [{"value": value, "label": label} for value, label in pairs[:FOUND]]
    return {"results": results, "more": len(pairs) > FOUND}
