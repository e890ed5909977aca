"""Run statements written with SQLAlchemy Core."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from sqlalchemy.sql.expression import ClauseElement, SelectBase

from triode.db.engine import Channel, Write
from triode.db.sql.plan import compile_foreign


async def fetch_rows(channel: Channel, statement: ClauseElement) -> list[Any]:
    """Return the rows as named tuples; those of a write are what it returns."""
    plan, parameters = compile_foreign(channel.engine.dialect, statement)
    if isinstance(statement, SelectBase):
        rows = await channel.read(plan.sql, parameters)
    else:
        [outcome] = await channel.write([Write(plan.sql, parameters)])
        rows = outcome.rows
    row_class = namedtuple("Row", plan.columns, rename=True)  # type: ignore[misc]
    return [row_class(*row) for row in plan.load(rows)]
