"""Create the tables of models, as development does; migrations are for everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine import Channel, Write
from triode.db.errors import SchemaMismatch
from triode.db.sql.storage import is_mysql
from triode.db.table import ModelTable, model_registry

VERSION_TABLE = "alembic_version"
"""Where migrations note what they did; a database that has it is left to them."""

CREATION_LOCK = 7_211_530
"""The number of PostgreSQL's advisory lock that one process holds while it makes tables."""


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
        if table.name in existing
        and (problem := difference(channel.engine.dialect, table, existing[table.name]))
    ]
    if VERSION_TABLE in existing and (problems or missing):
        names = ", ".join([table.name for table in missing]) or "columns"
        raise SchemaMismatch(
            f"The database is versioned by migrations and lacks {names}. {' '.join(problems)} "
            "Make a migration if there is none yet, and apply it."
        )
    if problems:
        raise SchemaMismatch(
            f"{' '.join(problems)} Or delete the database, if nothing in it is worth keeping: "
            "it is made again."
        )
    if missing:
        texts = creation_texts(channel.engine.dialect, missing)
        await channel.write([Write(text) for text in [*_lock(channel), *texts]])
    return [table.name for table in missing]


def _lock(channel: Channel) -> list[str]:
    # Several workers start at once. SQLite has one writer anyway, and MySQL waits for a table that
    # is being made; on PostgreSQL "IF NOT EXISTS" alone does not keep two of them apart.
    is_postgres = channel.engine.dialect.name == "postgresql"
    return [f"SELECT pg_advisory_xact_lock({CREATION_LOCK})"] if is_postgres else []


async def drop(channel: Channel, models: Sequence[Any]) -> None:
    """Drop tables, children before parents."""
    dialect = channel.engine.dialect
    texts = []
    for table in reversed(tables_of(models)):
        text = str(sa.schema.DropTable(table, if_exists=True).compile(dialect=dialect))
        texts.append(f"{text} CASCADE" if dialect.name == "postgresql" else text)
    if is_mysql(dialect):
        texts = ["SET FOREIGN_KEY_CHECKS = 0", *texts, "SET FOREIGN_KEY_CHECKS = 1"]
    await channel.write([Write(text) for text in texts])


def tables_of(models: Sequence[Any]) -> list[sa.Table]:
    """Return the tables of models and of the relations between them, parents first."""
    chosen: Iterable[ModelTable] = [model.__table__ for model in models] or model_registry.tables()
    wanted = set()
    for model in chosen:
        wanted.add(model.table)
        links = [relation.link_table() for relation in model.relations.values()]
        wanted.update(link for link in links if link is not None)
    return in_order(wanted)


def in_order(tables: set[sa.Table]) -> list[sa.Table]:
    """Sort tables so that parents come first, as far as they do not refer in a circle."""
    ordered: list[sa.Table] = []
    visiting: set[sa.Table] = set()

    def visit(table: sa.Table) -> None:
        if table in visiting or table in ordered:
            return
        visiting.add(table)
        parents = {key.referred_table for key in table.foreign_key_constraints}
        for parent in sorted(parents & tables, key=lambda parent: parent.name):
            visit(parent)
        visiting.discard(table)
        ordered.append(table)

    for table in sorted(tables, key=lambda table: table.name):
        visit(table)
    return ordered


def creation_texts(dialect: Dialect, tables: Sequence[sa.Table]) -> list[str]:
    """Return the DDL for tables, their indexes, and foreign keys that lead in a circle."""
    texts = []
    late = [] if dialect.name == "sqlite" else _circular(tables)
    for table in tables:
        inline = [key for key in table.foreign_key_constraints if key not in late]
        create = sa.schema.CreateTable(
            table, include_foreign_key_constraints=inline, if_not_exists=True
        )
        texts.append(str(create.compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            made = sa.schema.CreateIndex(index, if_not_exists=True)
            texts.append(str(made.compile(dialect=dialect)))
    texts += [str(sa.schema.AddConstraint(key).compile(dialect=dialect)) for key in late]
    return texts


def _circular(tables: Sequence[sa.Table]) -> list[sa.ForeignKeyConstraint]:
    """Return the foreign keys whose table is made before the one they lead to."""
    known: set[sa.Table] = set()
    late = []
    for table in tables:
        known.add(table)
        for key in table.foreign_key_constraints:
            if key.referred_table in tables and key.referred_table not in known:
                late.append(key)
    return late


async def columns_in_database(channel: Channel) -> dict[str, set[str]]:
    """Return the columns of every table that exists."""
    if channel.engine.dialect.name == "sqlite":
        sql = (
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c "
            "WHERE t.type = 'table'"
        )
    else:
        here = "database()" if is_mysql(channel.engine.dialect) else "current_schema()"
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns "
            f"WHERE table_schema = {here}"
        )
    found: dict[str, set[str]] = {}
    for table, column in await channel.read(sql, ()):
        found.setdefault(table, set()).add(column)
    return found


def difference(dialect: Dialect, table: sa.Table, existing: set[str]) -> str | None:
    """Say what an existing table lacks and the SQL that adds it, None if it lacks nothing."""
    missing = [column for column in table.columns if column.name not in existing]
    if not missing:
        return None
    names = ", ".join(column.name for column in missing)
    name = dialect.identifier_preparer.format_table(table)
    additions = "; ".join(
        f"ALTER TABLE {name} ADD COLUMN {sa.schema.CreateColumn(column).compile(dialect=dialect)}"
        for column in missing
    )
    return (
        f"The table {table.name!r} in the database has no column {names}. Add it, with a DEFAULT "
        f"where rows exist and it may not be empty: {additions}."
    )
