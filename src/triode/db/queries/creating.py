"""Rows that may be there already: get or create, update or create, safe when two do it at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel, Write
from triode.db.errors import DatabaseBusy, Duplicate
from triode.db.nesting import one_unit
from triode.db.queries.query import Query
from triode.db.sql.plan import plan_for
from triode.db.sql.storage import is_mysql
from triode.db.tables.lookup import make_conditions
from triode.db.tables.sequences import after_given
from triode.db.tables.table import ModelTable
from triode.db.writes.new_rows import names_given
from triode.db.writes.upsert import Upsert, refuse_not_unique
from triode.db.writes.writing import insert, write_checked

TRIES = 3
"""Times to look again: the row may come and go while it is looked for."""


def unique_names(table: ModelTable, equals: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns that name one row.

    Raises:
        QueryError: several rows could have these values.
    """
    names = tuple(field.name for field in table.fields_named(list(equals)))
    refuse_not_unique(table, names)
    return names


async def get_or_create(
    channel: Channel, table: ModelTable, equals: dict[str, Any], defaults: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Return the row with the values, made if there was none, and whether it was made."""
    names = unique_names(table, equals)
    query: Query[Any] = Query(table, make_conditions(table, (), equals)).limit(1)
    values = {**defaults, **equals}
    return await _found_or_made(channel, table, names, values, partial(query.execute, channel))


async def update_or_create(
    channel: Channel, table: ModelTable, equals: dict[str, Any], changes: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Return the row with the values after it was changed or made, and whether it was made."""
    names = unique_names(table, equals)
    query: Query[Any] = Query(table, make_conditions(table, (), equals))
    values = {**changes, **equals}
    find = partial(_changed, channel, query, changes)
    return await _found_or_made(channel, table, names, values, find)


async def _found_or_made(
    channel: Channel,
    table: ModelTable,
    names: tuple[str, ...],
    values: dict[str, Any],
    find: Callable[[], Awaitable[list[Any]]],
) -> tuple[Any, bool]:
    for _ in range(TRIES):
        rows = await find()
        if rows:
            return rows[0], False
        made = await _insert_if_missing(channel, table, names, values)
        if made is not None:
            return made, True
    raise _unsteady(table)


async def _changed(channel: Channel, query: Query[Any], changes: Mapping[str, Any]) -> list[Any]:
    """Change the row that a query gives; return it as it is then, nothing where there is none."""
    if not changes:
        return await query.execute(channel)
    if channel.engine.dialect.update_returning:
        return await query.update(**changes).returning().execute(channel)
    async with one_unit(channel) as inner:
        found = await query.first().execute(inner)
        if found is None or not await query.update(**changes).execute(inner):
            return []
        keys = query.table.key_fields
        same = tuple(field.column.equals(getattr(found, field.name)) for field in keys)
        return await Query(query.table, same).execute(inner)


def _unsteady(table: ModelTable) -> DatabaseBusy:
    return DatabaseBusy(f"The {table.verbose_name} came and went while it was looked for.")


async def _insert_if_missing(
    channel: Channel, table: ModelTable, names: tuple[str, ...], values: dict[str, Any]
) -> Any:
    """Insert a row unless its unique values are taken; return it, or None."""
    row = table.model(**values)
    filled = names_given(table, row)
    given = {name: getattr(row, name) for name in filled}
    if is_mysql(channel.engine.dialect):
        return await _insert_unless_taken(channel, table, names, given)
    upsert = Upsert(table, [table.by_name[name].column for name in names], [])

    def make() -> tuple[Any, int]:
        parameters = {
            name: sa.bindparam(f"_p{index}", type_=table.table.c[name].type)
            for index, name in enumerate(filled)
        }
        statement, count = upsert.build(channel, parameters, len(filled))
        return statement.returning(*(table.table.c[each.name] for each in table.loaded)), count

    plan = plan_for(channel.engine, ("insert if missing", table.key, filled, upsert.shape), make)
    write = Write(plan.sql, plan.parameters(list(given.values())))
    continued = after_given(channel.engine.dialect, table, filled, [list(given.values())])
    outcome, *_ = await write_checked(channel, table, [write, *continued], given)
    return table.build(plan.load(outcome.rows))[0] if outcome.rows else None


async def _insert_unless_taken(
    channel: Channel, table: ModelTable, names: tuple[str, ...], values: dict[str, Any]
) -> Any:
    """Do the same where RETURNING gives a row that was there before, too."""
    try:
        await insert(channel, table, tuple(values), tuple(values.values()))
    except Duplicate as exc:
        taken = {table.field(name).name for name in exc.fields}
        if taken != set(names):
            raise
        return None
    same = tuple(table.by_name[name].column.equals(values[name]) for name in names)
    return await Query(table, same).first().execute(channel)
