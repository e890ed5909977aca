"""Create the tables of models, as development does; migrations are for everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel, Write
from triode.db.errors import SchemaMismatch
from triode.db.table import ModelTable, model_registry


async def create_missing(channel: Channel, models: Sequence[Any]) -> list[str]:
    """Create the missing tables and check the others.

    Raises:
        SchemaMismatch: an existing table lacks columns of its model.
    """
    tables = tables_of(models)
    existing = await columns_in_database(channel)
    missing = [table for table in tables if table.name not in existing]
    problems = [
        problem
        for table in tables
        if table.name in existing and (problem := difference(table, existing[table.name]))
    ]
    if problems:
        raise SchemaMismatch(
            f"{' '.join(problems)} Make a migration with `triode db migrate`, or delete the "
            "database if nothing in it is worth keeping."
        )
    if missing:
        await channel.write([Write(text) for text in creation_texts(channel, missing)])
    return [table.name for table in missing]


async def drop(channel: Channel, models: Sequence[Any]) -> None:
    """Drop tables, children before parents."""
    dialect = channel.engine.dialect
    drops = [sa.schema.DropTable(table, if_exists=True) for table in reversed(tables_of(models))]
    await channel.write([Write(str(drop.compile(dialect=dialect))) for drop in drops])


def tables_of(models: Sequence[Any]) -> list[sa.Table]:
    """Return the tables of models and of the relations between them, parents first."""
    chosen: Iterable[ModelTable] = [model.__table__ for model in models] or model_registry.tables()
    wanted = set()
    for model in chosen:
        wanted.add(model.table)
        links = [relation.link_table() for relation in model.relations.values()]
        wanted.update(link for link in links if link is not None)
    return [table for table in model_registry.metadata.sorted_tables if table in wanted]


def creation_texts(channel: Channel, tables: Sequence[sa.Table]) -> list[str]:
    """Return the DDL for tables and their indexes."""
    dialect = channel.engine.dialect
    texts = []
    for table in tables:
        texts.append(str(sa.schema.CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        texts.extend(str(sa.schema.CreateIndex(each).compile(dialect=dialect)) for each in indexes)
    return texts


async def columns_in_database(channel: Channel) -> dict[str, set[str]]:
    """Return the columns of every table that exists."""
    if channel.engine.dialect.name == "sqlite":
        sql = (
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c "
            "WHERE t.type = 'table'"
        )
    else:
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema()"
        )
    found: dict[str, set[str]] = {}
    for table, column in await channel.read(sql, ()):
        found.setdefault(table, set()).add(column)
    return found


def difference(table: sa.Table, existing: set[str]) -> str | None:
    """Say what an existing table lacks, None if it lacks nothing."""
    missing = [column.name for column in table.columns if column.name not in existing]
    if not missing:
        return None
    names = ", ".join(missing)
    return f"The table {table.name!r} in the database has no column {names}."
