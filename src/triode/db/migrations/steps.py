"""What a migration script may use besides Alembic's `op`: tables, statements, renames, searches.

A data step is a plain function in the script. It names tables, not models: a model says what a
table is today, a script what it was then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql.base import Executable

from triode.db.errors import MigrationError
from triode.db.migrations import searches
from triode.db.sql.literals import escaped
from triode.db.tables.search_index import SearchIndex


def table(name: str, **types: Any) -> sa.Table:
    """Return a table as it is at this point of the migration.

    `types` give columns the types that make Python values of theirs, such as
    `price=storage.DecimalStorage(6, 2)`; the others have the database's own.

    Raises:
        MigrationError: there is no such table, or there is no database to ask.
    """
    if op.get_context().as_sql:
        raise MigrationError(
            f"A step reads the table {name!r}, which SQL made without a database cannot do. "
            "Apply this migration itself, or write the step as op.execute(…)."
        )
    typed = [sa.Column(column, kind) for column, kind in types.items()]
    try:
        return sa.Table(name, sa.MetaData(), *typed, autoload_with=op.get_bind())
    except NoSuchTableError:
        raise MigrationError(f"There is no table {name!r} at this point.") from None


def run(statement: Executable | str, rows: Sequence[Mapping[str, Any]] = ()) -> list[sa.Row[Any]]:
    """Run a statement, once for each of `rows` if there are any; give the rows it returns."""
    executable = sa.text(statement) if isinstance(statement, str) else statement
    result = op.get_bind().execute(executable, list(rows) or None)
    return list(result.fetchall()) if result.returns_rows else []


def create_schema(name: str) -> None:
    """Make a schema of PostgreSQL unless it is there; on MariaDB and MySQL it has to be there.

    Raises:
        MigrationError: SQLite has none.
    """
    dialect = op.get_context().dialect
    if dialect.name == "sqlite":
        raise MigrationError(f"SQLite has no schemas, so there can be no {name!r}.")
    if dialect.name == "postgresql":
        quoted = dialect.identifier_preparer.quote(name)
        op.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))


def rename_column(table_name: str, old: str, new: str, *, schema: str | None = None) -> None:
    """Rename a column; its rows, indexes, constraints and searches stay."""
    dialect = op.get_context().dialect
    quote = dialect.identifier_preparer.quote
    name = f"{quote(schema)}.{quote(table_name)}" if schema else quote(table_name)
    # Alembic's alter_column would make the whole table anew on SQLite, and wants the type on MySQL.
    text = f"ALTER TABLE {name} RENAME COLUMN {quote(old)} TO {quote(new)}"
    if schema is not None:
        op.execute(sa.text(text))
        return
    for _ in searches.rename_column(_connection(), dialect, table_name, (old, new), _run):
        op.execute(sa.text(text))


def rename_table(old: str, new: str, *, schema: str | None = None) -> None:
    """Rename a table; what refers to it follows."""
    if schema is not None:
        op.rename_table(old, new, schema=schema)
        return
    for _ in searches.rename_table(_connection(), op.get_context().dialect, (old, new), _run):
        op.rename_table(old, new)


def create_search(
    table_name: str,
    fields: Mapping[str, str],
    *,
    language: str | None = None,
    schema: str | None = None,
) -> None:
    """Make the search over columns of a table, each with its weight, "A" to "D"; fill it.

    Raises:
        SchemaMismatch: the database is neither SQLite nor PostgreSQL.
    """
    index = SearchIndex(table_name, tuple(fields.items()), language, schema)
    searches.create(_connection(), op.get_context().dialect, index, _run)


def drop_search(table_name: str, *, schema: str | None = None) -> None:
    """Drop the search of a table; its rows stay."""
    searches.drop(_connection(), op.get_context().dialect, table_name, schema, _run)


def _connection() -> Connection | None:
    context = op.get_context()
    return None if context.as_sql else context.connection


def _run(text: str) -> None:
    # As DDL: a text would take a colon for the beginning of a parameter.
    op.execute(sa.DDL(text.replace("%", "%%")))  # type: ignore[no-untyped-call]


def sql(text: str, **by_dialect: str) -> sa.TextClause:
    """Return a condition as SQL that is `text`, but for the databases named: `sqlite="price > 50"`.

    SQLite keeps a Decimal as an integer of its last place, so that a condition reads otherwise
    there. `mysql` means MariaDB too.
    """
    name = op.get_context().dialect.name
    own = "mysql" if name == "mariadb" else name
    return sa.text(escaped(by_dialect.get(own, text)))


def value(plain: Any, kind: Any) -> sa.BindParameter[Any]:
    """Return a value as the default of a column of type `kind`."""
    return sa.literal(plain, kind)


def conditional(texts: Mapping[str, str]) -> sa.ColumnElement[Any]:
    """Return a condition that a script wrote, with its reading in each kind of database."""
    made: sa.ColumnElement[Any] = sa.literal_column(next(iter(texts.values())))
    made.__dict__["texts"] = dict(texts)
    return made
