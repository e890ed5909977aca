"""Load relations with rows: to one row by a join of the query itself, to many by another one.

Paths that begin alike are one tree: what they share is loaded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from triode.db.engine import Channel, Row
from triode.db.errors import QueryError
from triode.db.sql.builder import Builder
from triode.db.tables.table import Relation

Steps = tuple[Relation, ...]


def joined_paths(includes: Iterable[Steps]) -> list[Steps]:
    """Return the paths up to their first relation to many, every step of them, parents first."""
    found: dict[Steps, None] = {}
    for path in includes:
        found.update((path[:end], None) for end in range(1, _joined_steps(path) + 1))
    return list(found)


def _joined_steps(path: Steps) -> int:
    return next((number for number, step in enumerate(path) if step.is_many), len(path))


def joined_columns(builder: Builder, paths: Iterable[Steps]) -> list[Any]:
    """Return the columns that `attach` wants behind those of the query's own model."""
    return [
        builder.source(path).c[field.name] for path in paths for field in path[-1].target.loaded
    ]


def attach(
    objects: list[Any], rows: Sequence[Row], paths: Iterable[Steps], start: int
) -> dict[Steps, list[Any]]:
    """Make the objects that lie in the rows from column `start` on, and hand them to theirs.

    A row that several refer to becomes one object. Returns what each path led to, row by row.
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
    return reached


async def load_further(
    channel: Channel, reached: dict[Steps, list[Any]], includes: Iterable[Steps]
) -> None:
    """Load what lies beyond the joined paths, from the objects that these have reached."""
    grouped: dict[Steps, list[Steps]] = {}
    for path in includes:
        end = _joined_steps(path)
        if end < len(path):
            grouped.setdefault(path[:end], []).append(path[end:])
    for start, paths in grouped.items():
        objects = {id(each): each for each in reached[start] if each is not None}
        await load_paths(channel, list(objects.values()), paths)


async def load_paths(channel: Channel, objects: Sequence[Any], paths: Iterable[Steps]) -> None:
    """Load relations of `objects`; where several paths begin with the same one, it is loaded once.

    Raises:
        QueryError: two queries say which rows of one relation are loaded.
    """
    branches: dict[int, list[Steps]] = {}
    for path in paths:
        branches.setdefault(path[0].key, []).append(path)
    for alike in branches.values():
        rest = tuple(path[1:] for path in alike if len(path) > 1)
        await _leader(alike).load(channel, objects, rest)


def _leader(paths: Sequence[Steps]) -> Relation:
    """Return the first step of paths that begin alike: the one whose query narrows it, if any."""
    plain = paths[0][0].source_table.relations[paths[0][0].name]
    narrowed = {id(path[0]): path[0] for path in paths if path[0] is not plain}
    if len(narrowed) > 1:
        raise QueryError(
            f"{plain!r} is included with {len(narrowed)} queries, and holds the rows of one. "
            "Write one Include for it.",
            code="query-included-twice",
        )
    return next(iter(narrowed.values()), plain)
