"""Run statements written with SQLAlchemy Core."""

from __future__ import annotations

import re
from collections import namedtuple
from typing import Any, Final

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.expression import ClauseElement, SelectBase, UpdateBase

from triode.db.engine import Channel, Write
from triode.db.errors import QueryError
from triode.db.sql.plan import compile_foreign

_READING: Final = re.compile(r"\s*(select|values|explain|show|pragma)\b", re.IGNORECASE)
"""How a text begins that only reads; anything else goes to the writer, which can read too."""

_CONTROLLING: Final = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
    r"(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b",
    re.IGNORECASE | re.DOTALL,
)
"""How a text begins that begins or ends a transaction, comments before it included."""


async def fetch_rows(channel: Channel, statement: ClauseElement) -> list[Any]:
    """Return the rows as named tuples; those of a write are what it returns.

    Raises:
        QueryError: it would begin or end a transaction, which other writes share.
    """
    _refuse_returning(channel.engine.dialect, statement)
    plan, parameters = compile_foreign(channel.engine.dialect, statement)
    if found := _CONTROLLING.match(plan.sql):
        raise QueryError(
            f"fetch does not take {found.group(1).upper()}: it would end the transaction of other "
            "writes. Write async with transaction() around the statements.",
            code="query-transaction",
        )
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


def _refuse_returning(dialect: Dialect, statement: ClauseElement) -> None:
    """Say it before the database does, which calls it an error in the syntax."""
    if not isinstance(statement, UpdateBase) or not statement._returning:
        return
    verb = statement.__visit_name__
    if not getattr(dialect, f"{verb}_returning", True):
        raise QueryError(
            f"{dialect.name} has no {verb.upper()} … RETURNING. Select the rows by their keys, in "
            "one transaction with the change.",
            code="query-returning",
        )
