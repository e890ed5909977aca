"""Run statements written with SQLAlchemy Core."""

from __future__ import annotations

import re
from collections import namedtuple
from typing import Any, Final

from sqlalchemy.sql.expression import ClauseElement, SelectBase

from triode.db.engine import Channel, Write
from triode.db.sql.plan import compile_foreign

_READING: Final = re.compile(r"\s*(select|values|explain|show|pragma)\b", re.IGNORECASE)
"""How a text begins that only reads; anything else goes to the writer, which can read too."""


async def fetch_rows(channel: Channel, statement: ClauseElement) -> list[Any]:
    """Return the rows as named tuples; those of a write are what it returns."""
    plan, parameters = compile_foreign(channel.engine.dialect, statement)
    if isinstance(statement, SelectBase) or _READING.match(plan.sql):
        rows = await channel.read(plan.sql, parameters)
    else:
        [outcome] = await channel.write([Write(plan.sql, parameters)])
        rows = outcome.rows
    if not rows:
        return []
    # Of a statement that is a mere text, SQLAlchemy does not know the columns.
    names = plan.columns or [f"column_{number}" for number in range(1, len(rows[0]) + 1)]
    row_class: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    return [row_class(*row) for row in plan.load(rows)]
