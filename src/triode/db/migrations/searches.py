"""Searches in migrations: what differs from the models, the lines of a script, and renames.

A search is made of the rows, so that nothing is lost where one is dropped and made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy.engine import Connection

from triode.db.tables.search_index import (
    PRESENT_ON_POSTGRES,
    PRESENT_ON_SQLITE,
    VECTOR,
    Key,
    Present,
    SearchIndex,
    index_name,
    index_of,
    present_on_postgres,
    present_on_sqlite,
)
from triode.db.tables.search_making import dropping, making

Execute = Callable[[str], Any]


class CreateSearchOp(ops.MigrateOperation):
    """Make a search and fill it with the rows there are."""

    def __init__(self, index: SearchIndex) -> None:
        self.index = index
        self.table_name = index.table

    def reverse(self) -> DropSearchOp:
        return DropSearchOp(self.index)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("add_search", self.index)


class DropSearchOp(ops.MigrateOperation):
    """Drop a search; the rows stay."""

    def __init__(self, index: SearchIndex) -> None:
        self.index = index
        self.table_name = index.table

    def reverse(self) -> CreateSearchOp:
        return CreateSearchOp(self.index)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("remove_search", self.index)


@renderers.dispatch_for(CreateSearchOp)
def _creation(context: object, operation: CreateSearchOp) -> str:
    index = operation.index
    given = [repr(index.table), repr(dict(index.labels))]
    given += [f"language={index.language!r}"] if index.language else []
    given += [f"schema={index.schema!r}"] if index.schema else []
    return f"steps.create_search({', '.join(given)})"


@renderers.dispatch_for(DropSearchOp)
def _removal(context: object, operation: DropSearchOp) -> str:
    schema = operation.index.schema
    return f"steps.drop_search({operation.index.table!r}{f', schema={schema!r}' if schema else ''})"


def present_searches(connection: Connection) -> dict[str, Present]:
    """Return what is searched in the database, by the full names of the tables."""
    name = connection.dialect.name
    if name == "sqlite":
        return present_on_sqlite(connection.exec_driver_sql(PRESENT_ON_SQLITE))
    if name == "postgresql":
        return present_on_postgres(connection.exec_driver_sql(PRESENT_ON_POSTGRES))
    return {}


def tables_of_searches(connection: Connection, present: Mapping[str, Present]) -> set[str]:
    """Return the tables that searches have for themselves, those that FTS5 makes included."""
    if connection.dialect.name != "sqlite":
        return set()
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
    shadows = {str(row[0]) for row in connection.exec_driver_sql(sql)}
    names = {each.name for each in present.values()}
    return shadows | names | {f"{name}_key" for name in names}


def add_searches(
    operations: ops.UpgradeOps, connection: Connection, metadata: sa.MetaData, wanted: set[str]
) -> None:
    """Add what drops and makes searches: before all other changes of a table, and after them."""
    present = present_searches(connection)
    retyped = set(_retyped(operations))
    before: list[Any] = []
    after: list[Any] = []
    for name in sorted(wanted):
        table = metadata.tables.get(name)
        index = None if table is None else index_of(table)
        there = present.get(name)
        known = None if there is None else there.made
        is_retyped = known is not None and any((name, each) in retyped for each, _ in known.labels)
        is_same = known is not None and known == index and not is_retyped
        if is_same:
            continue
        if there is not None:
            # A damaged one was what the model says, for all we know.
            before.append(DropSearchOp(known or index or SearchIndex(name, ())))
        if index is not None:
            after.append(CreateSearchOp(index))
    operations.ops = [*before, *operations.ops, *after]


def _retyped(operations: ops.UpgradeOps) -> Iterator[tuple[str, str]]:
    """Give the columns of which PostgreSQL would change no type while a search is made of them."""
    for table in operations.ops:
        if isinstance(table, ops.ModifyTableOps):
            for each in table.ops:
                if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None:
                    yield table.table_name, each.column_name


def create(connection: Connection | None, dialect: Any, index: SearchIndex, run: Execute) -> None:
    """Make a search; only SQLite needs the connection, to see what the key of the table is."""
    key = Key("", is_integer=True)
    if dialect.name == "sqlite":
        assert connection is not None
        key = _key(connection, index.table)
    for text in making(dialect, index, key):
        run(text)


def drop(
    connection: Connection | None, dialect: Any, table: str, schema: str | None, run: Execute
) -> None:
    """Drop the search of a table, whatever it is called."""
    name = index_name(table)
    if connection is not None and dialect.name == "sqlite":
        there = present_searches(connection).get(table)
        name = name if there is None else there.name
    for text in dropping(dialect, name, table, schema):
        run(text)


def _key(connection: Connection, table: str) -> Key:
    sql = "SELECT name, upper(type) = 'INTEGER' FROM pragma_table_info(?) WHERE pk > 0"
    [(name, is_integer)] = connection.exec_driver_sql(sql, (table,)).fetchall()
    return Key(str(name), bool(is_integer))


def rename_table(
    connection: Connection | None, dialect: Any, names: tuple[str, str], run: Execute
) -> Iterator[None]:
    """Let the search of a table follow; what renames the table itself stands at the yield."""
    old, new = names
    quote = dialect.identifier_preparer.quote
    there = _on_sqlite(connection, dialect, old)
    if there is not None:
        drop(connection, dialect, old, None, run)
    yield
    if there is not None and there.made is not None:
        create(connection, dialect, replace(there.made, table=new), run)
    if dialect.name == "postgresql":
        before, after = quote(index_name(old)), quote(index_name(new))
        run(f"ALTER INDEX IF EXISTS {before} RENAME TO {after}")


def rename_column(
    connection: Connection | None, dialect: Any, table: str, names: tuple[str, str], run: Execute
) -> Iterator[None]:
    """Let the search of a table follow; what renames the column itself stands at the yield."""
    old, new = names
    there = _on_sqlite(connection, dialect, table)
    index = None if there is None else there.made
    if index is not None:
        assert connection is not None
        is_part = old in dict(index.labels) or old == _key(connection, table).name
        index = index if is_part else None
    if index is not None:
        drop(connection, dialect, table, None, run)
    yield
    if index is not None:
        create(connection, dialect, index.renamed(old, new), run)
    if dialect.name == "postgresql":
        run(_new_note(dialect, table, old, new))


def _on_sqlite(connection: Connection | None, dialect: Any, table: str) -> Present | None:
    if connection is None or dialect.name != "sqlite":
        return None
    return present_searches(connection).get(table)


def _new_note(dialect: Any, table: str, old: str, new: str) -> str:
    """Return what tells PostgreSQL's note of a search the new name of a column.

    The column that the database computes follows by itself.
    """
    where = f"{_literal(dialect.identifier_preparer.quote(table))}::regclass"
    before, after = (_literal(f"{json.dumps(each)}: ") for each in (old, new))
    return (
        "DO $$ DECLARE told text; BEGIN "  # noqa: S608 - names, quoted
        "SELECT col_description(attrelid, attnum) INTO told FROM pg_attribute "
        f"WHERE attrelid = {where} AND attname = '{VECTOR}' AND NOT attisdropped; "
        "IF told LIKE 'triode search: %' THEN EXECUTE format("
        f"'COMMENT ON COLUMN %s.{VECTOR} IS %L', {where}, replace(told, {before}, {after})); "
        "END IF; END $$"
    )


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
