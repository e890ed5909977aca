"""Update many rows by one statement where the database takes no table of values: MySQL, MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from triode.db.tables.table import ModelTable

CASES: Final = 256
"""Rows in a statement: the database looks through all of them for each row that it changes."""


def update_by_cases(table: ModelTable, names: Sequence[str], size: int) -> sa.Update:
    """Return an UPDATE whose parameters are, for each row, its key and its values.

    `SET age = CASE WHEN id = ? THEN ? … END WHERE id = ? OR …`
    """
    keys = [table.table.c[field.name] for field in table.key_fields]
    columns = [*keys, *(table.table.c[name] for name in names)]
    width = len(columns)

    def parameter(row: int, at: int) -> Any:
        return sa.bindparam(f"_p{row * width + at}", type_=columns[at].type)

    def is_row(row: int) -> Any:
        return sa.and_(*(key == parameter(row, at) for at, key in enumerate(keys)))

    changes: dict[str, Any] = {
        name: sa.case(*((is_row(row), parameter(row, at)) for row in range(size)))
        for at, name in enumerate(names, len(keys))
    }
    if table.version is not None:
        changes[table.version.name] = table.table.c[table.version.name] + sa.literal_column("1")
    return sa.update(table.table).values(changes).where(sa.or_(*map(is_row, range(size))))
