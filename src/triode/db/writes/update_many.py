"""Many rows updated by their keys, each with values of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel, Write
from triode.db.errors import QueryError, RowNotFound, StaleRow
from triode.db.nesting import remember
from triode.db.sql.plan import Plan, plan_for
from triode.db.sql.storage import is_mysql
from triode.db.tables.lookup import check_values, own_columns
from triode.db.tables.table import ModelTable
from triode.db.writes.batches import BATCH, Items, batches_in_unit
from triode.db.writes.updating import CASES, update_by_cases
from triode.db.writes.writing import not_found, stale, write_checked
from triode.errors import ClientError


async def update_all(
    channel: Channel, table: ModelTable, items: Items, fields: Sequence[Any]
) -> int:
    """Write some fields of many rows, each with its own values; return how many.

    Of two items with one key the last one counts. Objects know their new versions afterwards.

    Raises:
        RowNotFound: one of them is not there any more; nothing is written then.
        StaleRow: one of them has another version than the one given.
    """
    names = tuple(dict.fromkeys(own_columns(table, fields)))
    if table.version is not None:
        names = tuple(name for name in names if name != table.version.name)
    if not names or table.key_names & set(names):
        raise QueryError(
            f"Say which fields of {table.model_name} are written, its key not among them: "
            f"update_many(rows, {table.model_name}.…).",
            code="query-update",
        )
    done = 0
    counted: list[Any] = []
    width = len(table.key_fields)
    async with batches_in_unit(channel, items) as (inner, batches):
        async for batch in batches:
            values = [_keyed_values(table, item, names) for item in batch]
            rows = {tuple(row[:width]): row for row in values}
            done += await _update_batch(inner, table, names, list(rows.values()))
            if table.version is not None:
                counted += {
                    id(each): each for each in batch if isinstance(each, table.model)
                }.values()
    for row in counted:
        _count_on(channel, table, row)
    return done


def _count_on(channel: Channel, table: ModelTable, row: Any) -> None:
    """Let an object know that its row was changed once."""
    assert table.version is not None
    remember(channel, row)
    table.set(row, table.version.name, getattr(row, table.version.name) + 1)


def _keyed_values(table: ModelTable, item: Any, names: tuple[str, ...]) -> list[Any]:
    keys = [field.name for field in table.key_fields]
    counter = [] if table.version is None else [table.version.name]
    if isinstance(item, table.model):
        return [getattr(item, name) for name in (*keys, *names, *counter)]
    missing = [name for name in (*keys, *names) if name not in item]
    if missing:
        raise QueryError(
            f"A row of update_many has no {', '.join(missing)}: {list(item)}.", code="query-update"
        )
    checked = check_values(table, {name: item[name] for name in names})
    expected = [item.get(name) for name in counter]
    return [*(item[name] for name in keys), *(checked[name] for name in names), *expected]


async def _update_batch(
    channel: Channel, table: ModelTable, names: tuple[str, ...], rows: list[list[Any]]
) -> int:
    # Few lengths are ever compiled; the last row stands for those that are missing.
    size = min(1 << (len(rows) - 1).bit_length(), BATCH)
    size = min(size, _most_rows(channel, len(rows[0])))
    changed = 0
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        padded = part + [part[-1]] * (size - len(part))
        plan = _update_plan(channel, table, names, size)
        write = Write(plan.sql, plan.parameters([value for row in padded for value in row]))
        [outcome] = await write_checked(channel, table, [write], {})
        if outcome.changed != len(part):
            raise await _not_updated(channel, table, part)
        changed += outcome.changed
    return changed


async def _not_updated(channel: Channel, table: ModelTable, rows: list[list[Any]]) -> ClientError:
    """Return why some rows were not updated: one of them is gone, or has another version."""
    missing = RowNotFound(f"{not_found(table).message}: one of the rows to be updated.")
    if table.version is None:
        return missing
    error: ClientError = missing
    for row in rows:
        key = row[: len(table.key_fields)]
        error = await stale(channel, table, key[0] if len(key) == 1 else tuple(key))
        if not isinstance(error, StaleRow):
            return missing
    return error


def _most_rows(channel: Channel, width: int) -> int:
    """Return how many rows a statement can hold: the databases take 32,766 parameters."""
    if is_mysql(channel.engine.dialect):
        return CASES
    return 1 << ((32_000 // width).bit_length() - 1)


def _update_plan(channel: Channel, table: ModelTable, names: tuple[str, ...], size: int) -> Plan:
    def make() -> tuple[sa.Update, int]:
        keys = [table.table.c[field.name] for field in table.key_fields]
        columns = [*keys, *(table.table.c[name] for name in names)]
        if table.version is not None:
            columns.append(table.table.c[table.version.name])
        given = [sa.column(f"v{number}", column.type) for number, column in enumerate(columns)]
        numbers = iter(range(size * len(columns)))
        data = [
            tuple(sa.bindparam(f"_p{next(numbers)}", type_=column.type) for column in columns)
            for _ in range(size)
        ]
        values = sa.values(*given, name="given").data(data).cte("given")
        changes: dict[str, Any] = {
            name: values.c[f"v{at}"] for at, name in enumerate(names, len(keys))
        }
        matched: list[Any] = [key == values.c[f"v{at}"] for at, key in enumerate(keys)]
        if table.version is not None:
            version, expected = columns[-1], values.c[f"v{len(columns) - 1}"]
            changes[table.version.name] = version + sa.literal_column("1")
            matched.append(sa.or_(expected.is_(None), version == expected))
        statement = sa.update(table.table).values(changes).where(*matched)
        # The drivers do not count the rows of a statement that begins with WITH.
        statement = statement.returning(*keys)
        return statement, size * len(columns)

    def make_cases() -> tuple[sa.Update, int]:
        return update_by_cases(table, names, size)

    is_by_cases = is_mysql(channel.engine.dialect)
    made = make_cases if is_by_cases else make
    return plan_for(channel.engine, ("update many", table.key, names, size), made)
