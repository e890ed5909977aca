"""What a deletion takes along, what it detaches, and what forbids it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from triode.admin.pages import Related
from triode.db.field import ForeignKeyInfo
from triode.db.table import ModelField, ModelTable, model_registry

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


Namer = Callable[[Any], Callable[[Any], str]]


async def consequences_of(model: Any, keys: Sequence[Any], namer: Namer) -> Consequences:
    """Return what deleting the rows with these keys does to others.

    `namer` gives what names the rows of a model.
    """
    found = Consequences()
    seen: dict[Any, set[Any]] = {model: set(keys)}
    waiting: list[tuple[Any, list[Any]]] = [(model, list(keys))]
    while waiting:
        target, gone = waiting.pop(0)
        for table, column in referring(target.__table__):
            more = await _touch(found, table, column, gone, seen, namer)
            if more:
                waiting.append((table.model, more))
    return found


def referring(target: ModelTable) -> list[tuple[ModelTable, ModelField]]:
    """Return the foreign keys that lead to a table."""
    return [
        (table, column)
        for table in model_registry.tables()
        for column in table.fields
        if column.relation is not None and column.relation.target is target
    ]


async def _touch(
    found: Consequences,
    table: ModelTable,
    column: ModelField,
    gone: Sequence[Any],
    seen: dict[Any, set[Any]],
    namer: Namer,
) -> list[Any]:
    """Note the rows that refer to rows that go; return the keys of those that go with them."""
    assert isinstance(column.info, ForeignKeyInfo)
    model, key = table.model, table.primary_key.name
    query = model.where(getattr(model, column.name).in_(gone))
    known = seen.setdefault(model, set())
    rows = [row for row in await query.limit(MOST_KEYS) if getattr(row, key) not in known]
    if not rows:
        return []
    count = await query.count() if len(rows) == MOST_KEYS else len(rows)
    name_of = namer(model)
    related = Related(_label(table, count), count, [name_of(row) for row in rows[:NAMED]])
    if column.info.on_delete in GONE:
        keys = [getattr(row, key) for row in rows]
        known.update(keys)
        found.deleted.append(related)
        return keys
    kind = found.detached if column.info.on_delete in DETACHED else found.protected
    kind.append(related)
    return []


def _label(table: ModelTable, count: int) -> str:
    name = table.verbose_name if count == 1 else table.verbose_name_plural
    return name[:1].upper() + name[1:]
