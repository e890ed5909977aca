"""Rows that may be there already: get or create, update or create, safe when two do it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from triode.db.bulk import Upsert, names_given, refuse_not_unique
from triode.db.engine import Channel, Write
from triode.db.errors import DatabaseBusy
from triode.db.lookup import make_conditions
from triode.db.query import Query
from triode.db.sequences import after_given
from triode.db.sql.plan import plan_for
from triode.db.table import ModelTable
from triode.db.writing import write_checked

TRIES = 3
"""Times to look again: the row may come and go while it is looked for."""


def unique_names(table: ModelTable, equals: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns that name one row.

    Raises:
        QueryError: several rows could have these values.
    """
    names = tuple(table.field(name).name for name in equals)
    refuse_not_unique(table, names)
    return names


async def get_or_create(
    channel: Channel, table: ModelTable, equals: dict[str, Any], defaults: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Return the row with the values, made if there was none, and whether it was made."""
    names = unique_names(table, equals)
    query: Query[Any] = Query(table, make_conditions(table, (), equals))
    for _ in range(TRIES):
        found = await query.first().execute(channel)
        if found is not None:
            return found, False
        made = await _insert_if_missing(channel, table, names, {**defaults, **equals})
        if made is not None:
            return made, True
    raise _unsteady(table)


async def update_or_create(
    channel: Channel, table: ModelTable, equals: dict[str, Any], changes: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Return the row with the values after it was changed or made, and whether it was made."""
    names = unique_names(table, equals)
    query: Query[Any] = Query(table, make_conditions(table, (), equals))
    for _ in range(TRIES):
        if changes:
            rows = await query.update(**changes).returning().execute(channel)
        else:
            rows = await query.execute(channel)
        if rows:
            return rows[0], False
        made = await _insert_if_missing(channel, table, names, {**changes, **equals})
        if made is not None:
            return made, True
    raise _unsteady(table)


def _unsteady(table: ModelTable) -> DatabaseBusy:
    return DatabaseBusy(f"The {table.verbose_name} came and went while it was looked for.")


async def _insert_if_missing(
    channel: Channel, table: ModelTable, names: tuple[str, ...], values: dict[str, Any]
) -> Any:
    """Insert a row unless its unique values are taken; return it, or None."""
    upsert = Upsert(table, [table.by_name[name].column for name in names], [])
    row = table.model(**values)
    filled = names_given(table, row)

    def make() -> tuple[Any, int]:
        given = {
            name: sa.bindparam(f"_p{index}", type_=table.table.c[name].type)
            for index, name in enumerate(filled)
        }
        statement, count = upsert.build(channel, given, len(filled))
        return statement.returning(*(table.table.c[each.name] for each in table.loaded)), count

    plan = plan_for(channel.engine, ("insert if missing", table.key, filled, upsert.shape), make)
    given = {name: getattr(row, name) for name in filled}
    write = Write(plan.sql, plan.parameters(list(given.values())))
    continued = after_given(channel.engine.dialect, table, filled, [list(given.values())])
    outcome, *_ = await write_checked(channel, table, [write, *continued], given)
    return table.build(plan.load(outcome.rows))[0] if outcome.rows else None
