"""What differs between the models and the database, written as the text of a migration."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, Literal

import sqlalchemy as sa
from alembic import autogenerate
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from triode.db.creation import in_order
from triode.db.errors import MigrationError
from triode.db.sql.storage import DecimalStorage, EnumStorage, JsonStorage, Storage
from triode.db.table import ModelTable, model_registry

_EMPTY: Final[dict[type, str]] = {
    int: "0",
    float: "0",
    Decimal: "0",
    bool: "false",
    bytes: "''",
    datetime.datetime: "'1970-01-01 00:00:00+00:00'",
    datetime.date: "'1970-01-01'",
    datetime.time: "'00:00'",
    datetime.timedelta: "'0'",
    uuid.UUID: "'00000000-0000-0000-0000-000000000000'",
}

OPTIONS: dict[str, Any] = {"compare_type": True, "render_as_batch": True}


def complete_metadata() -> sa.MetaData:
    """Return the metadata with the table of every model and relation."""
    tables = set()
    for model in model_registry.tables():
        tables.add(model.table)
        tables.update(
            link for each in model.relations.values() if (link := each.link_table()) is not None
        )
    in_order(tables)
    return model_registry.metadata


def compare(connection: Connection) -> ops.MigrationScript:
    """Return the operations that make the database like the models.

    Raises:
        MigrationError: a new column could not be filled in the rows that exist.
    """
    metadata = complete_metadata()
    context = MigrationContext.configure(
        connection, opts={**OPTIONS, "target_metadata": metadata, "render_item": render_type}
    )
    script = autogenerate.produce_migrations(context, metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    for table_name, column in _new_columns(script.upgrade_ops):
        text = _default_text(table_name, column, connection.dialect.name == "sqlite")
        column.server_default = sa.DefaultClause(text)
    for _, column in _new_columns(script.downgrade_ops):
        # What a dropped column held is gone; the rows get something that its type allows.
        column.server_default = sa.DefaultClause(sa.text(_empty_text(column)))
    return script


def has_tables(connection: Connection) -> bool:
    """Whether the database has a table of any model."""
    known = set(complete_metadata().tables)
    return bool(known & set(sa.inspect(connection).get_table_names()))


def compare_with_nothing(connection: Connection) -> ops.MigrationScript:
    """Return the operations that make the tables the database has already.

    Raises:
        MigrationError: its tables are not those of the models.
    """
    present = compare(connection).upgrade_ops
    assert present is not None
    if any(not isinstance(each, ops.DropTableOp) for each in present.ops):
        raise MigrationError(
            "The tables in the database were made before the first migration, and differ from "
            "the models. Make the first migration with the models they were made of, or delete "
            "the database if nothing in it is worth keeping."
        )
    nothing = sa.create_engine("sqlite://")
    with nothing.connect() as empty:
        script = compare(empty)
    nothing.dispose()
    return script


def write_operations(connection: Connection, operations: ops.UpgradeOps | ops.DowngradeOps) -> str:
    """Return operations as the body of a function."""
    context = MigrationContext.configure(connection, opts=OPTIONS)
    text: str = autogenerate.render_python_code(
        operations, render_as_batch=True, render_item=render_type, migration_context=context
    )
    # Alembic marks what it wrote; our file says at its top to read it.
    text = re.sub(r" *# ### .*\n?", "", text)
    return re.sub(r"batch_alter_table\('(\w+)', schema=None\)", _batch_call, text)


def _batch_call(found: re.Match[str]) -> str:
    """Keep AUTOINCREMENT on a table that SQLite can only alter by making it anew."""
    name = found.group(1)
    table = model_registry.metadata.tables.get(name)
    is_automatic = table is not None and table.dialect_options["sqlite"]["autoincrement"]
    options = ", table_kwargs={'sqlite_autoincrement': True}" if is_automatic else ""
    return f"batch_alter_table({name!r}{options})"


def render_type(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Write a column type of ours without the model's own classes; False for anything else."""
    if kind != "type" or not isinstance(item, Storage):
        return False
    if isinstance(item, DecimalStorage):
        return f"storage.DecimalStorage({item.max_digits}, {item.decimal_places})"
    if isinstance(item, EnumStorage):
        return f"storage.{'Integer' if item.is_integer else 'Text'}Storage()"
    if isinstance(item, JsonStorage):
        return "storage.JsonStorage()"
    return f"storage.{type(item).__name__}()"


def _new_columns(
    operations: ops.UpgradeOps | ops.DowngradeOps,
) -> Iterator[tuple[str, sa.Column[Any]]]:
    """Give the columns that are added to a table and need a value in the rows there are."""
    for table in operations.ops:
        if not isinstance(table, ops.ModifyTableOps):
            continue
        for operation in table.ops:
            if not isinstance(operation, ops.AddColumnOp):
                continue
            column = operation.column
            if not (column.nullable or column.server_default is not None):
                yield table.table_name, column


def _empty_text(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.JSON):
        return "'{}'"
    try:
        python_type = column.type.python_type
    except NotImplementedError:
        python_type = str
    return _EMPTY.get(python_type, "''")


def _default_text(table_name: str, column: sa.Column[Any], is_sqlite: bool) -> sa.TextClause:
    model = _model_of(table_name)
    default = None
    if model is not None and column.name in model.by_name:
        default = model.by_name[column.name].make_default()
    if default is None:
        raise MigrationError(
            f"{table_name}.{column.name} is new and may not be empty, and the field has no "
            "default for the rows that exist. Give it one, or allow None."
        )
    storage = column.type
    assert isinstance(storage, Storage)
    # SQLite's texts are literals on PostgreSQL too; only its numbers are its own.
    is_number = isinstance(storage, DecimalStorage)
    writer = storage.writer("postgresql" if is_number and not is_sqlite else "sqlite")
    value = default if writer is None else writer(default)
    text = str(sa.literal(value).compile(compile_kwargs={"literal_binds": True}))
    return sa.text(text)


def _model_of(table_name: str) -> ModelTable | None:
    return next((each for each in model_registry.tables() if each.name == table_name), None)
