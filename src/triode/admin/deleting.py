"""What a deletion takes along, what it detaches, and what forbids it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from triode.admin.pages import Related
from triode.db.relating.relations import ForeignKeyRelation
from triode.db.sql.keys import among_keys
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelTable

NAMED = 5
MOST_KEYS = 5000
GONE = ("cascade",)
DETACHED = ("set null", "set default")


@dataclass(slots=True)
class Consequences:
    """The rows of other tables that a deletion touches."""

    deleted: list[Related] = field(default_factory=list)
    detached: list[Related] = field(default_factory=list)
    protected: list[Related] = field(default_factory=list)
    forbidden: list[Related] = field(default_factory=list)

    @property
    def is_allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return not (self.protected or self.forbidden)


class Onlooker(Protocol):
    """What a visitor may know of the rows of any model, and do to them."""

    def names(self, model: Any, rows: Sequence[Any]) -> list[str]:
        """Return how rows are called; nothing where the visitor may not see them."""
        ...

    def may_delete(self, model: Any) -> bool:
        """Return whether rows of a model may go along."""
        ...


async def consequences_of(model: Any, keys: Sequence[Any], onlooker: Onlooker) -> Consequences:
    """Return what deleting the rows with these keys does to others."""
    found = Consequences()
    seen: dict[Any, set[Any]] = {model: set(keys)}
    waiting: list[tuple[Any, list[Any]]] = [(model, list(keys))]
    while waiting:
        target, gone = waiting.pop(0)
        for relation in referring(target.__table__):
            more = await _touch(found, relation, gone, seen, onlooker)
            if more:
                waiting.append((relation.source.model, more))
    return found


def referring(target: ModelTable) -> list[ForeignKeyRelation]:
    """Return the foreign keys that lead to a table."""
    return [
        relation
        for table in model_registry.tables()
        for relation in table.relations.values()
        if isinstance(relation, ForeignKeyRelation) and relation.target is target
    ]


async def _touch(
    found: Consequences,
    relation: ForeignKeyRelation,
    gone: Sequence[Any],
    seen: dict[Any, set[Any]],
    onlooker: Onlooker,
) -> list[Any]:
    """Note the rows that refer to rows that go; return the keys of those that go with them."""
    table = relation.source
    model, read = table.model, table.key_of
    query = model.where(among_keys(relation.columns, gone))
    known = seen.setdefault(model, set())
    rows = [row for row in await query.limit(MOST_KEYS) if read(row) not in known]
    if not rows:
        return []
    count = await query.count() if len(rows) == MOST_KEYS else len(rows)
    related = Related(_label(table, count), count, onlooker.names(model, rows[:NAMED]))
    if relation.info.on_delete in GONE:
        keys = [read(row) for row in rows]
        known.update(keys)
        may_go = onlooker.may_delete(model)
        (found.deleted if may_go else found.forbidden).append(related)
        return keys
    kind = found.detached if relation.info.on_delete in DETACHED else found.protected
    kind.append(related)
    return []


def _label(table: ModelTable, count: int) -> str:
    name = table.verbose_name if count == 1 else table.verbose_name_plural
    return name[:1].upper() + name[1:]
