"""Many rows updated by their keys, each with values of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel, Write
from triode.db.errors import QueryError, RowNotFound
from triode.db.sql.plan import Plan, plan_for
from triode.db.sql.storage import is_mysql
from triode.db.tables.lookup import check_values, own_columns
from triode.db.tables.table import ModelTable
from triode.db.writes.batches import BATCH, Items, batches_in_unit
from triode.db.writes.updating import CASES, update_by_cases
from triode.db.writes.writing import not_found, write_checked


async def update_all(
    channel: Channel, table: ModelTable, items: Items, fields: Sequence[Any]
) -> int:
    """Write some fields of many rows, each with its own values; return how many.

    Raises:
        RowNotFound: one of them is not there any more; nothing is written then.
    """
    names = tuple(dict.fromkeys(own_columns(table, fields)))
    if not names or table.key_names & set(names):
        raise QueryError(
            f"Say which fields of {table.model_name} are written, its key not among them: "
            f"update_many(rows, {table.model_name}.…).",
            code="query-update",
        )
    done = 0
    async with batches_in_unit(channel, items) as (inner, batches):
        async for batch in batches:
            rows = [_keyed_values(table, item, names) for item in batch]
            done += await _update_batch(inner, table, names, rows)
    return done


def _keyed_values(table: ModelTable, item: Any, names: tuple[str, ...]) -> list[Any]:
    keys = [field.name for field in table.key_fields]
    if isinstance(item, table.model):
        return [getattr(item, name) for name in (*keys, *names)]
    missing = [name for name in (*keys, *names) if name not in item]
    if missing:
        raise QueryError(
            f"A row of update_many has no {', '.join(missing)}: {list(item)}.", code="query-update"
        )
    checked = check_values(table, {name: item[name] for name in names})
    return [*(item[name] for name in keys), *(checked[name] for name in names)]


async def _update_batch(
    channel: Channel, table: ModelTable, names: tuple[str, ...], rows: list[list[Any]]
) -> int:
    # Few lengths are ever compiled; the last row stands for those that are missing.
    size = min(1 << (len(rows) - 1).bit_length(), BATCH)
    width = len(table.key_fields)
    size = min(size, _most_rows(channel, len(names) + width))
    changed = 0
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        padded = part + [part[-1]] * (size - len(part))
        plan = _update_plan(channel, table, names, size)
        write = Write(plan.sql, plan.parameters([value for row in padded for value in row]))
        [outcome] = await write_checked(channel, table, [write], {})
        if outcome.changed != len({tuple(row[:width]) for row in part}):
            raise RowNotFound(f"{not_found(table).message}: one of the rows to be updated.")
        changed += outcome.changed
    return changed


def _most_rows(channel: Channel, width: int) -> int:
    """Return how many rows a statement can hold: the databases take 32,766 parameters."""
    if is_mysql(channel.engine.dialect):
        return CASES
    return 1 << ((32_000 // width).bit_length() - 1)


def _update_plan(channel: Channel, table: ModelTable, names: tuple[str, ...], size: int) -> Plan:
    def make() -> tuple[sa.Update, int]:
        keys = [table.table.c[field.name] for field in table.key_fields]
        columns = [*keys, *(table.table.c[name] for name in names)]
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
        if table.version is not None:
            version = table.table.c[table.version.name]
            changes[table.version.name] = version + sa.literal_column("1")
        matched = [key == values.c[f"v{at}"] for at, key in enumerate(keys)]
        statement = sa.update(table.table).values(changes).where(*matched)
        # The drivers do not count the rows of a statement that begins with WITH.
        statement = statement.returning(*keys)
        return statement, size * len(columns)

    def make_cases() -> tuple[sa.Update, int]:
        return update_by_cases(table, names, size), size * (len(table.key_fields) + len(names))

    is_by_cases = is_mysql(channel.engine.dialect)
    made = make_cases if is_by_cases else make
    return plan_for(channel.engine, ("update many", table.key, names, size), made)
