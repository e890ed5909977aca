"""Update many rows by one statement where the database takes no table of values: MySQL, MariaDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from triode.db.tables.table import ModelTable

CASES: Final = 256
"""Rows in a statement: the database looks through all of them for each row that it changes."""


def update_by_cases(table: ModelTable, names: Sequence[str], size: int) -> tuple[sa.Update, int]:
    """Return an UPDATE and the number of its parameters: of each row its key and its values.

    Where the model has a version, the one that the row must have comes last, None for any.

    `SET age = CASE WHEN id = ? THEN ? … END WHERE id = ? OR …`
    """
    keys = [table.table.c[field.name] for field in table.key_fields]
    columns = [*keys, *(table.table.c[name] for name in names)]
    if table.version is not None:
        columns.append(table.table.c[table.version.name])
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
        changes[table.version.name] = columns[-1] + sa.literal_column("1")

    def is_meant(row: int) -> Any:
        if table.version is None:
            return is_row(row)
        expected = parameter(row, width - 1)
        return sa.and_(is_row(row), sa.or_(expected.is_(None), columns[-1] == expected))

    statement = sa.update(table.table).values(changes)
    return statement.where(sa.or_(*map(is_meant, range(size)))), size * width
