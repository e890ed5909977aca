"""What differs between the models and the database, as Alembic's operations."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from alembic import autogenerate
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from triode.db.errors import MigrationError
from triode.db.migrations.adoption import differ, unfillable, without_satisfied
from triode.db.migrations.expressions import add_missing, without_the_warning
from triode.db.migrations.facts import add_facts
from triode.db.migrations.ordering import drop_rules_first, put_in_order, untangle, use_free_names
from triode.db.migrations.rendering import OPTIONS, render_item
from triode.db.migrations.rules import add_rules
from triode.db.migrations.scope import (
    chosen_metadata,
    chosen_models,
    in_schema,
    tables_in_database,
    whole_name,
)
from triode.db.migrations.searches import CreateSearchOp, DropSearchOp, add_searches
from triode.db.migrations.written import Owned
from triode.db.sql.storage import Storage
from triode.db.tables.creation import in_order
from triode.db.tables.table import ModelTable

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

NOTHING_OWNED: Final = Owned()


def complete_metadata() -> sa.MetaData:
    """Return the metadata with the table of every model and relation."""
    tables = set()
    for model in chosen_models():
        tables.add(model.table)
        tables.update(
            link for each in model.relations.values() if (link := each.link_table()) is not None
        )
    in_order(tables)
    return chosen_metadata()


def managed_names() -> set[str]:
    """Return the names of the tables that migrations may make and change."""
    others = {each.full_name for each in chosen_models() if not each.options.managed}
    return set(complete_metadata().tables) - others


def compare(connection: Connection, owned: Owned = NOTHING_OWNED) -> ops.MigrationScript:
    """Return the operations that make the database like the models.

    `owned` is what earlier migrations made; of what no model has, only that is dropped.

    Raises:
        MigrationError: a new column could not be filled in the rows that exist.
    """
    metadata = complete_metadata()
    managed = managed_names()
    wanted = managed | (owned.tables - set(metadata.tables))

    schemas = {table.schema for table in metadata.tables.values()}

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name is None or name in schemas
        return kind != "table" or in_schema(parents.get("schema_name"), str(name)) in wanted

    def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        if kind == "table":
            return item.fullname in wanted
        return not reflected or other is not None or _is_ours(item, name, kind, owned)

    options = {
        **OPTIONS,
        "target_metadata": metadata,
        "render_item": render_item,
        "compare_type": differ,
        "include_name": include_name,
        "include_schemas": bool(schemas - {None}),
        "include_object": include_object,
    }
    context = MigrationContext.configure(connection, opts=options)
    with without_the_warning():
        script = autogenerate.produce_migrations(context, metadata)
    assert script.upgrade_ops is not None
    add_missing(script.upgrade_ops, connection, metadata, set(wanted))
    without_satisfied(script.upgrade_ops, connection)
    add_facts(script.upgrade_ops, connection, metadata, owned)
    add_rules(script.upgrade_ops, connection, metadata, owned)
    untangle(script.upgrade_ops, metadata)
    add_searches(script.upgrade_ops, connection, metadata, wanted)
    use_free_names(script.upgrade_ops, owned.holders)
    drop_rules_first(script.upgrade_ops)
    backward = script.downgrade_ops = script.upgrade_ops.reverse()
    for side in (script.upgrade_ops, backward):
        put_in_order(side)
    for table_name, column in _new_columns(script.upgrade_ops):
        column.server_default = _default(table_name, column)
    for _, column in _new_columns(backward):
        # What a dropped column held is gone; the rows get something that its type allows.
        column.server_default = sa.DefaultClause(sa.text(_empty_text(column)))
    return script


def _is_ours(item: Any, name: str | None, kind: str, owned: Owned) -> bool:
    """Whether what no model has was made by a script, or by `create_tables`."""
    table = item.table.name
    if kind == "column":
        return (item.table.fullname, name) in owned.columns
    first = next((column.name for column in getattr(item, "columns", ())), "")
    usual = {f"{table}_{first}_{ending}" for ending in ("key", "idx")}
    return name in owned.names or name in usual


def has_tables(connection: Connection) -> bool:
    """Whether the database has a table of any model."""
    return bool(managed_names() & tables_in_database(sa.inspect(connection)))


def compare_with_nothing(connection: Connection) -> ops.MigrationScript:
    """Return the operations that make the tables the database has already.

    Indexes and searches that it lacks are left to the next migration.

    Raises:
        MigrationError: its tables are not those of the models.
    """
    try:
        present = compare(connection).upgrade_ops
    except MigrationError as exc:  # a column that no row has a value for
        raise _not_those_of_the_models(str(exc)) from exc
    assert present is not None
    lacking = {each.index_name for each in _index_operations(present)}
    unsearched = _searches(present)
    present.ops = [each for each in present.ops if not isinstance(each, CreateSearchOp)]
    for table in present.ops:
        if isinstance(table, ops.ModifyTableOps):
            table.ops = [each for each in table.ops if not isinstance(each, ops.CreateIndexOp)]
    differing = [*describe(present), *unfillable(connection, complete_metadata(), managed_names())]
    if differing:
        raise _not_those_of_the_models(f"{'; '.join(differing)}.")
    script = from_nothing()
    assert script.upgrade_ops is not None
    for each in _index_operations(script.upgrade_ops):
        if each.index_name in lacking:
            _remove(script.upgrade_ops, each)
    for search in _searches(script.upgrade_ops):
        if search.index in [each.index for each in unsearched]:
            _remove(script.upgrade_ops, search)
    script.downgrade_ops = script.upgrade_ops.reverse()
    return script


def _not_those_of_the_models(differing: str) -> MigrationError:
    return MigrationError(
        "The tables in the database were made before the first migration, and differ from the "
        f"models: {differing} Make the first migration with the models they were made of, and the "
        "next one with what is new; or delete the database if nothing in it is worth keeping."
    )


def _index_operations(operations: Any) -> list[ops.CreateIndexOp]:
    found: list[ops.CreateIndexOp] = []
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            found += _index_operations(each)
        elif isinstance(each, ops.CreateIndexOp):
            found.append(each)
    return found


def _searches(operations: ops.UpgradeOps) -> list[CreateSearchOp]:
    return [each for each in operations.ops if isinstance(each, CreateSearchOp)]


def _remove(operations: Any, unwanted: ops.MigrateOperation) -> None:
    operations.ops = [each for each in operations.ops if each is not unwanted]
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            _remove(each, unwanted)


def from_nothing() -> ops.MigrationScript:
    """Return the operations that make every table."""
    nothing = sa.create_engine("sqlite://")
    with nothing.connect() as empty:
        script = compare(empty)
    nothing.dispose()
    return script


def describe(operations: ops.UpgradeOps | ops.DowngradeOps | ops.ModifyTableOps) -> list[str]:
    """Return in words what operations do."""
    found = []
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            found += describe(each)
        else:
            found.append(_words(each))
    return found


def _words(operation: Any) -> str:
    """Describe one operation: "add column book.price"."""
    verb = {
        ops.CreateTableOp: "create table",
        ops.DropTableOp: "drop table",
        ops.AddColumnOp: "add column",
        ops.DropColumnOp: "drop column",
        ops.AlterColumnOp: "change column",
        ops.CreateIndexOp: "create index",
        ops.DropIndexOp: "drop index",
        ops.DropConstraintOp: "drop constraint",
        CreateSearchOp: "create search",
        DropSearchOp: "drop search",
    }.get(type(operation))
    if verb is None:
        kind = type(operation).__name__.removesuffix("Op").removeprefix("Create")
        verb = f"add {kind.lower().replace('constraint', ' constraint')}"
    table = str(getattr(operation, "table_name", None) or getattr(operation, "source_table", ""))
    column = getattr(operation, "column_name", None) or getattr(
        getattr(operation, "column", None), "name", None
    )
    name = (
        column
        or getattr(operation, "index_name", None)
        or getattr(operation, "constraint_name", None)
    )
    whole = in_schema(getattr(operation, "schema", None), table)
    return f"{verb} {whole}{'.' if name else ''}{name or ''}"


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
                # The model's own column stays as it is.
                operation.column = column._copy()
                yield whole_name(table), operation.column


def _empty_text(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.JSON):
        return "'{}'"
    try:
        python_type = column.type.python_type
    except NotImplementedError:
        python_type = str
    return _EMPTY.get(python_type, "''")


def _default(table_name: str, column: sa.Column[Any]) -> sa.DefaultClause:
    """Return what the rows that exist get; the value itself, so that any database can write it."""
    model = _model_of(table_name)
    default = None
    if model is not None and column.name in model.by_column:
        default = model.by_column[column.name].make_default()
    if default is None:
        raise MigrationError(
            f"{table_name}.{column.name} is new and may not be empty, and the field has no "
            "default for the rows that exist. Give it one, or allow None."
        )
    assert isinstance(column.type, Storage)
    return sa.DefaultClause(sa.literal(default, column.type))


def _model_of(table_name: str) -> ModelTable | None:
    return next((each for each in chosen_models() if each.full_name == table_name), None)
