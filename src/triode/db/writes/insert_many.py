"""Many rows inserted, in batches."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from triode.db.engine import Channel
from triode.db.errors import ValueRefused
from triode.db.nesting import filling, one_unit
from triode.db.tables.table import ModelTable
from triode.db.writes.batches import Items, in_batches
from triode.db.writes.new_rows import as_mappings, by_names, made_rows, values_of
from triode.db.writes.refusals import blame_row
from triode.db.writes.writing import insert_many


async def insert_all(channel: Channel, table: ModelTable, items: Items) -> int:
    """Insert rows in batches, in one transaction; return how many.

    Raises:
        ValidationFailed: lists what is wrong with the rows of one batch.
    """
    with filling(channel, channel.engine.pinned) as filled:
        async with aclosing(in_batches(channel, items)) as batches:
            first: list[Any] = await anext(batches, [])
            second = await anext(batches, None)
            if second is None:
                return await _insert_batch(channel, table, first, 0)
            async with one_unit(channel, filled) as inner:
                done = await _insert_batch(inner, table, first, 0)
                done += await _insert_batch(inner, table, second, done)
                async for batch in batches:
                    done += await _insert_batch(inner, table, batch, done)
            return done


async def _insert_batch(channel: Channel, table: ModelTable, items: list[Any], start: int) -> int:
    rows = made_rows(table, items, start)
    try:
        await _insert_groups(channel, table, by_names(table, rows))
    except ValueRefused as exc:
        blame_row(channel, table, exc, as_mappings(table, rows), start)
        raise
    return len(rows)


async def _insert_groups(
    channel: Channel, table: ModelTable, groups: Mapping[tuple[str, ...], list[Any]]
) -> None:
    if len(groups) < 2:
        for names, some in groups.items():
            await _insert_rows(channel, table, names, some)
        return
    async with one_unit(channel) as inner:
        for names, some in groups.items():
            await _insert_rows(inner, table, names, some)


async def _insert_rows(
    channel: Channel, table: ModelTable, names: tuple[str, ...], rows: list[Any]
) -> None:
    await insert_many(channel, table, names, values_of(table, names, rows))
