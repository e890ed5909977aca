# ruff: noqa: S608 - names alone are put into these texts, quoted
"""UNIQUE for a table of SQLite that exists, while development makes the tables.

SQLite adds no constraint to a table; an index that is unique holds the same, and no table has to be
made anew for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine import Channel
from triode.db.errors import SchemaMismatch

_PRESENT: Final = (
    "SELECT t.name, i.name, c.name FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, "
    "pragma_index_info(i.name) AS c WHERE t.type = 'table' AND i.\"unique\" AND NOT i.partial "
    "AND c.name IS NOT NULL"
)


async def missing_unique(
    channel: Channel, tables: Sequence[sa.Table], existing: Mapping[str, set[str]]
) -> list[str]:
    """Return the DDL for what is to be unique in tables and is not; `existing` are their columns.

    On other databases it is left to migrations.

    Raises:
        SchemaMismatch: rows have the same values.
    """
    dialect = channel.engine.dialect
    if dialect.name != "sqlite" or not tables:
        return []
    present: dict[tuple[str, str], set[str]] = {}
    for table_name, index, column in await channel.read(_PRESENT, ()):
        present.setdefault((table_name, index), set()).add(column)
    known = {(table_name, frozenset(columns)) for (table_name, _), columns in present.items()}
    texts = []
    for table in tables:
        for name, columns in _wanted(table):
            names = [column.name for column in columns]
            if (table.name, frozenset(names)) in known:
                continue
            await _refuse_duplicates(channel, table, columns, existing[table.fullname])
            texts.append(_index_text(dialect, table, name, names))
    return texts


def _wanted(table: sa.Table) -> Iterator[tuple[str, list[sa.Column[Any]]]]:
    """Give what is to be unique; indexes over expressions or some rows are left to migrations."""
    for each in sorted(table.constraints, key=lambda one: str(one.name)):
        if isinstance(each, sa.UniqueConstraint):
            columns = list(each.columns)
            named = "_".join(column.name for column in columns)
            yield str(each.name or f"{table.name}_{named}_key"), columns
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        parts = list(index.expressions)
        is_plain = all(isinstance(part, sa.Column) for part in parts)
        if index.unique and is_plain and index.dialect_options["sqlite"]["where"] is None:
            yield str(index.name), list(index.columns)


async def _refuse_duplicates(
    channel: Channel, table: sa.Table, columns: Sequence[sa.Column[Any]], existing: set[str]
) -> None:
    new = [column for column in columns if column.name not in existing]
    if any(column.nullable and column.server_default is None for column in new):
        return  # Nothing is the same as nothing.
    preparer = channel.engine.dialect.identifier_preparer
    name = preparer.format_table(table)
    old = [preparer.quote(column.name) for column in columns if column not in new]
    filled = " AND ".join(f"{each} IS NOT NULL" for each in old) or "1"
    grouped = f"GROUP BY {', '.join(old)}" if old else ""
    sql = f"SELECT count(*) FROM {name} WHERE {filled} {grouped} HAVING count(*) > 1 LIMIT 1"
    if not await channel.read(sql, ()):
        return
    shown = ", ".join(str(column.key) for column in columns)
    why = (
        f"the new {new[0].key} would be the same in all of them"
        if new
        else "there are rows with the same values"
    )
    raise SchemaMismatch(
        f"{shown} of the table {table.name!r} is to be unique, and {why}. Change or delete rows, "
        "take the uniqueness away, or delete the database, if nothing in it is worth keeping: it "
        "is made again."
    )


def _index_text(dialect: Dialect, table: sa.Table, name: str, columns: Sequence[str]) -> str:
    preparer = dialect.identifier_preparer
    listed = ", ".join(map(preparer.quote, columns))
    return (
        f"CREATE UNIQUE INDEX IF NOT EXISTS {preparer.quote(name)} "
        f"ON {preparer.format_table(table)} ({listed})"
    )
