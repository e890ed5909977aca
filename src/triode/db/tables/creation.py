"""Create the tables of models, as development does; migrations are for everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine import Channel, Write
from triode.db.errors import SchemaMismatch
from triode.db.sql.storage import is_mysql
from triode.db.tables.registry import model_registry
from triode.db.tables.search_index import (
    PRESENT_ON_POSTGRES,
    PRESENT_ON_SQLITE,
    Present,
    index_of,
    key_of,
    present_on_postgres,
    present_on_sqlite,
)
from triode.db.tables.search_making import dropping, making, refuse_others
from triode.db.tables.table import ModelTable

VERSION_TABLE = "alembic_version"
"""Where migrations note what they did; a database that has it is left to them."""

CREATION_LOCK = 7_211_530
"""The number of PostgreSQL's advisory lock that one process holds while it makes tables."""


async def create_missing(
    channel: Channel, models: Sequence[Any], database: str | None = None
) -> list[str]:
    """Create the missing tables, and add to the others what can be added without a script.

    That is: columns that may be empty or have a default, indexes, and searches, which alone are
    made anew where they differ. Nothing else is dropped or changed. A database that is versioned
    by migrations is left to them.

    Raises:
        SchemaMismatch: an existing table lacks a column that cannot be added, or the database is
            versioned by migrations and lacks something.
    """
    tables = tables_of(models, database)
    schemas = schemas_of(channel.engine.dialect, tables)
    existing = await columns_in_database(channel, schemas)
    missing = [table for table in tables if table.fullname not in existing]
    lacking = [
        table
        for table in tables
        if table.fullname in existing and lacks(table, existing[table.fullname])
    ]
    present = [table for table in tables if table.fullname in existing]
    if VERSION_TABLE in existing:
        _refuse_versioned(channel, missing, lacking, existing)
        await _refuse_unsearched(channel, present)
        return []
    additions, problems = [], []
    for table in lacking:
        added, problem = additions_to(channel.engine.dialect, table, existing[table.fullname])
        additions += added
        problems += problem
    if problems:
        raise SchemaMismatch(
            f"{' '.join(problems)} Or delete the database, if nothing in it is worth keeping: "
            "it is made again."
        )
    additions += await _missing_indexes(channel, present)
    additions += await _searches(channel, present)
    texts = [*creation_texts(channel.engine.dialect, missing), *additions]
    if missing:
        texts = [*_schema_texts(channel.engine.dialect, schemas), *texts]
    if texts:
        await channel.write([Write(text) for text in [*_lock(channel), *texts]])
    return [table.fullname for table in missing]


def _refuse_versioned(
    channel: Channel,
    missing: Sequence[sa.Table],
    lacking: Sequence[sa.Table],
    existing: dict[str, set[str]],
) -> None:
    dialect = channel.engine.dialect
    problems = [difference(dialect, table, existing[table.fullname]) for table in lacking]
    if problems or missing:
        names = ", ".join([table.name for table in missing]) or "columns"
        raise SchemaMismatch(
            f"The database is versioned by migrations and lacks {names}. {' '.join(problems)} "
            "Make a migration if there is none yet, and apply it."
        )


async def _missing_indexes(channel: Channel, tables: Sequence[sa.Table]) -> list[str]:
    """Return the DDL for indexes that tables lack; unique ones are left to migrations."""
    wanted = {
        str(index.name): index for table in tables for index in table.indexes if not index.unique
    }
    if not wanted:
        return []
    known = await indexes_in_database(channel, [each.schema for each in tables if each.schema])
    dialect = channel.engine.dialect
    return [
        str(sa.schema.CreateIndex(index).compile(dialect=dialect))
        for name, index in sorted(wanted.items())
        if name not in known
    ]


async def _searches(channel: Channel, tables: Sequence[sa.Table]) -> list[str]:
    """Return the DDL that makes searches what their models say."""
    dialect = channel.engine.dialect
    wanted = {table.fullname: index for table in tables if (index := index_of(table)) is not None}
    for index in wanted.values():
        refuse_others(dialect, index.table)
    present = await searches_in_database(channel)
    texts = []
    for table in tables:
        index, there = wanted.get(table.fullname), present.get(table.fullname)
        if there is not None and (there.made != index):
            texts += dropping(dialect, there.name, table.name, table.schema)
            there = None
        if index is not None and there is None:
            texts += making(dialect, index, key_of(table))
    return texts


async def _refuse_unsearched(channel: Channel, tables: Sequence[sa.Table]) -> None:
    names = [table.name for table in tables if index_of(table) is not None]
    if names and await _searches(channel, tables):
        raise SchemaMismatch(
            "The database is versioned by migrations, and what is searched in it is not what the "
            f"models of {', '.join(names)} say. Make a migration if there is none yet, and apply "
            "it."
        )


async def searches_in_database(channel: Channel) -> dict[str, Present]:
    """Return what is searched in the database, by the full names of the tables."""
    name = channel.engine.dialect.name
    if name == "sqlite":
        return present_on_sqlite(await channel.read(PRESENT_ON_SQLITE, ()))
    if name == "postgresql":
        return present_on_postgres(await channel.read(PRESENT_ON_POSTGRES, ()))
    return {}


def _lock(channel: Channel) -> list[str]:
    # Several workers start at once. SQLite has one writer anyway, and MySQL waits for a table that
    # is being made; on PostgreSQL "IF NOT EXISTS" alone does not keep two of them apart.
    is_postgres = channel.engine.dialect.name == "postgresql"
    return [f"SELECT pg_advisory_xact_lock({CREATION_LOCK})"] if is_postgres else []


async def drop(channel: Channel, models: Sequence[Any], database: str | None = None) -> None:
    """Drop tables, children before parents."""
    dialect = channel.engine.dialect
    texts = []
    for table in reversed(tables_of(models, database)):
        text = str(sa.schema.DropTable(table, if_exists=True).compile(dialect=dialect))
        texts.append(f"{text} CASCADE" if dialect.name == "postgresql" else text)
        search = index_of(table)
        if search is not None and dialect.name == "sqlite":
            texts += dropping(dialect, search.name, table.name)
    if is_mysql(dialect):
        texts = ["SET FOREIGN_KEY_CHECKS = 0", *texts, "SET FOREIGN_KEY_CHECKS = 1"]
    await channel.write([Write(text) for text in texts])


def tables_of(models: Sequence[Any], database: str | None = None) -> list[sa.Table]:
    """Return the tables of models and of the relations between them, parents first.

    If no model is named, they are those that lie in `database`.
    """
    chosen: Iterable[ModelTable] = [model.__table__ for model in models]
    chosen = chosen or model_registry.tables_in(database)
    wanted = set()
    for model in chosen:
        if not model.options.managed:
            continue
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
    late = [] if dialect.name == "sqlite" else circular(tables)
    for table in tables:
        inline = [key for key in table.foreign_key_constraints if key not in late]
        create = sa.schema.CreateTable(
            table, include_foreign_key_constraints=inline, if_not_exists=True
        )
        texts.append(str(create.compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            _refuse_index(dialect, table, index)
            made = sa.schema.CreateIndex(index, if_not_exists=True)
            texts.append(str(made.compile(dialect=dialect)))
        search = index_of(table)
        if search is not None:
            texts += making(dialect, search, key_of(table))
    texts += [str(sa.schema.AddConstraint(key).compile(dialect=dialect)) for key in late]
    return texts


def _refuse_index(dialect: Dialect, table: sa.Table, index: sa.Index) -> None:
    """Refuse an index that the database cannot hold, or would hold for more rows than it is for.

    Raises:
        SchemaMismatch: names the index and what there is instead.
    """
    if dialect.name in ("sqlite", "postgresql"):
        return
    is_partial = index.dialect_options["postgresql"]["where"] is not None
    if is_partial or (is_mysql(dialect) and len(index.columns) < len(index.expressions)):
        what = "a condition" if is_partial else "an expression"
        raise SchemaMismatch(
            f"The index {index.name} of {table.name} has {what}, which {dialect.name} does not "
            "know. Leave it to SQLite and PostgreSQL, or index a column that holds the value."
        )


def circular(tables: Sequence[sa.Table]) -> list[sa.ForeignKeyConstraint]:
    """Return the foreign keys whose table is made before the one they lead to."""
    known: set[sa.Table] = set()
    late = []
    for table in tables:
        known.add(table)
        for key in table.foreign_key_constraints:
            if key.referred_table in tables and key.referred_table not in known:
                late.append(key)
    return late


def schemas_of(dialect: Dialect, tables: Sequence[sa.Table]) -> list[str]:
    """Return the schemas that tables name.

    Raises:
        SchemaMismatch: the database has none.
    """
    named = {table.schema: table for table in tables if table.schema}
    for schema, table in named.items():
        if dialect.name == "sqlite":
            raise SchemaMismatch(
                f"The table {table.name} is to lie in the schema {schema!r}, and SQLite has no "
                "schemas. Take Meta.schema away, or use PostgreSQL."
            )
    return sorted(named)


def _schema_texts(dialect: Dialect, schemas: Sequence[str]) -> list[str]:
    # On MySQL a schema is a database, which is not ours to make.
    quote = dialect.identifier_preparer.quote
    is_postgres = dialect.name == "postgresql"
    return [f"CREATE SCHEMA IF NOT EXISTS {quote(each)}" for each in schemas if is_postgres]


_COLUMNS: Final = (
    "SELECT CASE WHEN table_schema = @ THEN '' ELSE table_schema END, table_name, column_name "
    "FROM information_schema.columns WHERE table_schema = @"
)


async def columns_in_database(channel: Channel, schemas: Sequence[str] = ()) -> dict[str, set[str]]:
    """Return the columns of every table that exists; tables of `schemas` by "schema.table"."""
    dialect = channel.engine.dialect
    values: list[str] = []
    if dialect.name == "sqlite":
        sql = (
            "SELECT '', t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c "
            "WHERE t.type = 'table'"
        )
    else:
        here = "database()" if is_mysql(dialect) else "current_schema()"
        others, values = _others(dialect, "table_schema", schemas)
        sql = _COLUMNS.replace("@", here) + others
    found: dict[str, set[str]] = {}
    for schema, table, column in await channel.read(sql, values):
        found.setdefault(f"{schema}.{table}" if schema else table, set()).add(column)
    return found


def _others(dialect: Dialect, column: str, schemas: Sequence[str]) -> tuple[str, list[str]]:
    if not schemas:
        return "", []
    marks = [f"${n}" if dialect.name == "postgresql" else "%s" for n in range(1, len(schemas) + 1)]
    return f" OR {column} IN ({', '.join(marks)})", list(schemas)


async def indexes_in_database(channel: Channel, schemas: Sequence[str] = ()) -> set[str]:
    """Return the names of the indexes that exist, those in `schemas` included."""
    dialect = channel.engine.dialect
    values: list[str] = []
    if dialect.name == "sqlite":
        sql = "SELECT name FROM sqlite_schema WHERE type = 'index'"
    elif dialect.name == "postgresql":
        others, values = _others(dialect, "schemaname", schemas)
        sql = f"SELECT indexname FROM pg_indexes WHERE schemaname = current_schema(){others}"  # noqa: S608
    else:
        others, values = _others(dialect, "table_schema", schemas)
        sql = "SELECT index_name FROM information_schema.statistics WHERE table_schema = "
        sql += f"database(){others}"
    return {str(row[0]) for row in await channel.read(sql, values)}


def lacks(table: sa.Table, existing: set[str]) -> list[sa.Column[Any]]:
    """Return the columns that a table in the database has not."""
    return [column for column in table.columns if column.name not in existing]


def additions_to(
    dialect: Dialect, table: sa.Table, existing: set[str]
) -> tuple[list[str], list[str]]:
    """Return the DDL that adds what a table lacks, and what is wrong with what cannot be added."""
    addable = [_addable(dialect, table, column) for column in lacks(table, existing)]
    texts = [_addition(dialect, table, column) for column in addable if column is not None]
    return (
        (texts, []) if len(texts) == len(addable) else ([], [difference(dialect, table, existing)])
    )


def _addable(dialect: Dialect, table: sa.Table, column: sa.Column[Any]) -> sa.Column[Any] | None:
    """Return the column as it can be added to a table with rows, None if it cannot."""
    if column.primary_key or (column.unique and dialect.name == "sqlite"):
        return None
    added: sa.Column[Any] = column._copy()
    sa.Table(table.name, sa.MetaData(), added)
    if column.nullable or column.server_default is not None:
        return added
    default = _default_of(table, column.name)
    if default is None or column.foreign_keys:
        return None
    added.server_default = sa.DefaultClause(sa.literal(default, column.type))
    return added


def _default_of(table: sa.Table, column_name: str) -> Any:
    model = next((each for each in model_registry.tables() if each._table is table), None)
    field = None if model is None else model.by_name.get(column_name)
    return None if field is None else field.make_default()


def _addition(dialect: Dialect, table: sa.Table, column: sa.Column[Any]) -> str:
    name = dialect.identifier_preparer.format_table(table)
    text = (
        f"ALTER TABLE {name} ADD COLUMN {sa.schema.CreateColumn(column).compile(dialect=dialect)}"
    )
    for key in table.c[column.name].foreign_keys:
        target = key.column
        quote = dialect.identifier_preparer
        rule = f" ON DELETE {key.ondelete}" if key.ondelete else ""
        referred = f"{quote.format_table(target.table)} ({quote.format_column(target)})"
        text += f" REFERENCES {referred}{rule}"
    return f"{text} UNIQUE" if column.unique else text


def difference(dialect: Dialect, table: sa.Table, existing: set[str]) -> str:
    """Say what an existing table lacks and the SQL that adds it."""
    missing = lacks(table, existing)
    names = ", ".join(column.name for column in missing)
    additions = "; ".join(_addition(dialect, table, column) for column in missing)
    return (
        f"The table {table.name!r} in the database has no column {names}. Add it, with a DEFAULT "
        f"where rows exist and it may not be empty: {additions}."
    )
