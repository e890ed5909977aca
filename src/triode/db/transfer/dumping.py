"""Write rows as lines of JSON, parents before children, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from triode.db.database import Database
from triode.db.engine import Channel
from triode.db.sql.plan import plan_for
from triode.db.transactions import transaction
from triode.db.transfer.records import Record, records_of

PAGE: Final = 1000


async def dump(database: Database, write: Callable[[bytes], Any], models: Sequence[Any]) -> int:
    """Hand every row of `models` (all, if none is named) to `write` as a line; give their number.

    All of them are as they were at one moment.
    """
    count = 0
    async with transaction(database):
        channel = database.channel()
        await _hold_still(channel)
        for record in records_of(models, database.name):
            async for rows in _pages(channel, record):
                for row in rows:
                    write(record.line(row))
                count += len(rows)
    return count


async def _hold_still(channel: Channel) -> None:
    """Let later changes of others not be seen; SQLite and MySQL do so in every transaction."""
    if channel.engine.dialect.name == "postgresql":
        await channel.read("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", ())


async def _pages(channel: Channel, record: Record) -> AsyncIterator[list[Any]]:
    """Give the rows in pages, each beginning after the key at which the last one ended."""
    at = [record.names.index(name) for name in record.keys]
    after: tuple[Any, ...] = ()
    while True:
        plan = plan_for(
            channel.engine,
            ("dump", record.name, *record.names, len(after)),
            lambda is_first=not after: _select(record, is_first=is_first),  # type: ignore[misc]
        )
        rows = plan.load(await channel.read(plan.sql, plan.parameters(after)))
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = tuple(rows[-1][position] for position in at)


def _select(record: Record, *, is_first: bool) -> tuple[sa.Select[Any], int]:
    keys = [record.table.c[name] for name in record.keys]
    # Written out, because SQLAlchemy would make parameters of them that we did not name.
    count: Any = sa.literal_column(str(PAGE))
    start: Any = sa.literal_column("0")
    statement = sa.select(*record.table.columns).order_by(*keys).limit(count).offset(start)
    if is_first:
        return statement, 0
    last = [sa.bindparam(f"_p{number}", type_=key.type) for number, key in enumerate(keys)]
    later = keys[0] > last[0] if len(keys) == 1 else sa.tuple_(*keys) > sa.tuple_(*last)
    return statement.where(later), len(keys)
