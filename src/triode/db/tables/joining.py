"""Relations to one row that come with the query itself, joined to its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from triode.db.engine import Row
from triode.db.sql.builder import Builder
from triode.db.tables.table import Relation

Steps = tuple[Relation, ...]


def joined_paths(includes: Iterable[Steps]) -> list[Steps]:
    """Return the paths that lead to one row each, every step of them, parents first."""
    found: dict[Steps, None] = {}
    for path in includes:
        if not any(step.is_many for step in path):
            found.update((path[:end], None) for end in range(1, len(path) + 1))
    return list(found)


def joined_columns(builder: Builder, paths: Iterable[Steps]) -> list[Any]:
    """Return the columns that `attach` wants behind those of the query's own model."""
    return [
        builder.source(path).c[field.name] for path in paths for field in path[-1].target.loaded
    ]


def attach(objects: list[Any], rows: Sequence[Row], paths: Iterable[Steps], start: int) -> None:
    """Make the objects that lie in the rows from column `start` on, and hand them to theirs.

    A row that several refer to becomes one object.
    """
    reached: dict[Steps, list[Any]] = {(): objects}
    for path in paths:
        target = path[-1].target
        end = start + len(target.loaded)
        places = [start + target.loaded.index(field) for field in target.key_fields]
        read_key = itemgetter(*places)
        parts = {read_key(row): row[start:end] for row in rows if row[places[0]] is not None}
        made = dict(zip(parts, target.build(list(parts.values())), strict=True))
        reached[path] = [made.get(read_key(row)) for row in rows]
        slot = path[-1].source_table.slots[path[-1].name]
        for owner, value in zip(reached[path[:-1]], reached[path], strict=True):
            if owner is not None:
                slot.fill(owner, value)
        start = end
