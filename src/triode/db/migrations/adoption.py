"""Tables that Triode did not make: what in them is as good as what the models say.

An index may have another name, a text may have a length, a foreign key may be checked later.
None of that is a reason to change a table that serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from triode.db.migrations.scope import chosen_metadata, in_schema, tables_in_database

_FAMILIES: Final[tuple[tuple[tuple[Any, ...], Any], ...]] = (
    ((sa.String, sa.Enum), sa.String),
    ((sa.Integer,), sa.Integer),
    ((sa.Float, sa.Numeric), sa.Float),
    ((sa.DateTime,), sa.DateTime),
)
"""Types of the database, and what a model may say instead."""

_ON_SQLITE: Final[tuple[tuple[tuple[Any, ...], Any], ...]] = (
    ((sa.Boolean, sa.Numeric), sa.Integer),
    ((sa.DateTime, sa.Date, sa.Time, sa.JSON), sa.String),
)
"""What SQLite keeps alike, whatever a column is declared as."""


def differ(
    context: MigrationContext,
    inspected_column: sa.Column[Any],
    metadata_column: sa.Column[Any],
    inspected_type: Any,
    metadata_type: Any,
) -> bool | None:
    """Say that two types hold the same values (False), or leave it to Alembic (None)."""
    wanted = metadata_type.dialect_impl(context.dialect)
    wanted = getattr(wanted, "impl", wanted)
    families = _FAMILIES + (_ON_SQLITE if context.dialect.name == "sqlite" else ())
    for kinds, model_kind in families:
        if isinstance(wanted, model_kind) and isinstance(inspected_type, kinds):
            is_zoned = getattr(inspected_type, "timezone", False)
            return False if is_zoned == getattr(wanted, "timezone", False) else None
    return None


def without_satisfied(operations: ops.UpgradeOps, connection: Connection) -> None:
    """Take out what the database has under another name."""
    inspector = sa.inspect(connection)
    for table in operations.ops:
        if isinstance(table, ops.ModifyTableOps) and inspector.has_table(
            table.table_name, schema=table.schema
        ):
            present = _groups_of(inspector, table.table_name, table.schema)
            key = inspector.get_pk_constraint(table.table_name, schema=table.schema)
            keys = key["constrained_columns"]
            rest = [each for each in table.ops if not _is_key_filled(each, keys)]
            foreign = inspector.get_foreign_keys(table.table_name, schema=table.schema)
            rest = _without_present_keys(_without_same_keys(rest), foreign)
            table.ops = _without_present(rest, present)
    operations.ops = [
        each for each in operations.ops if not isinstance(each, ops.ModifyTableOps) or each.ops
    ]


def unfillable(connection: Connection, metadata: sa.MetaData, names: set[str]) -> list[str]:
    """Return the columns that no model has and that a new row would have to give."""
    inspector = sa.inspect(connection)
    tables = [metadata.tables[name] for name in sorted(names & tables_in_database(inspector))]
    return [
        f"{table.fullname}.{column['name']} may not be empty"
        for table in tables
        for column in inspector.get_columns(table.name, schema=table.schema)
        if column["name"] not in {each.name for each in table.columns}
        and not column["nullable"]
        and column["default"] is None
    ]


def _is_key_filled(operation: Any, keys: Sequence[str]) -> bool:
    """Whether nothing is to change but that a key may not be empty, which SQLite does not say."""
    is_alter = isinstance(operation, ops.AlterColumnOp) and operation.column_name in keys
    return is_alter and operation.modify_nullable is False and operation.modify_type is None


def all_indexes(inspector: sa.Inspector, table: str, schema: str | None = None) -> list[Any]:
    """Return the indexes of a table; on SQLite those too that UNIQUE in a column made."""
    if inspector.dialect.name == "sqlite":
        return list(inspector.get_indexes(table, include_auto_indexes=True))
    return list(inspector.get_indexes(table, schema=schema))


class _Group(NamedTuple):
    """The columns of an index or of a unique constraint."""

    name: str | None
    columns: tuple[str, ...]
    is_unique: bool


def _groups_of(inspector: sa.Inspector, table: str, schema: str | None) -> list[_Group]:
    found = [
        _Group(
            each["name"], tuple(str(name) for name in each["column_names"]), bool(each["unique"])
        )
        for each in all_indexes(inspector, table, schema)
        if not any(name.endswith("_where") for name in each.get("dialect_options", {}))
    ]
    for unique in inspector.get_unique_constraints(table, schema=schema):
        found.append(_Group(unique["name"], tuple(unique["column_names"]), True))
    key = inspector.get_pk_constraint(table, schema=schema)
    return [*found, _Group(None, tuple(key["constrained_columns"]), True)]


def _without_present(operations: Sequence[Any], present: Sequence[_Group]) -> list[Any]:
    """Leave out what would be made though it is there, and what would be dropped for it."""
    dropped = {name: each for each in operations if (name := _dropped_name(each)) is not None}
    needless: list[Any] = []
    for each in operations:
        wanted = _wanted(each)
        for group in present if wanted is not None else ():
            is_same = wanted is not None and group[1:] == wanted[1:]
            is_enough = wanted is not None and group.columns == wanted.columns and group.is_unique
            if is_same and group.name in dropped:
                needless += [each, dropped[group.name]]
            elif (is_same or is_enough) and group.name not in dropped:
                needless.append(each)
    return [each for each in operations if not any(each is other for other in needless)]


def _wanted(operation: Any) -> _Group | None:
    if isinstance(operation, ops.CreateIndexOp) and not any(operation.kw.values()):
        names = tuple(str(getattr(each, "name", each)) for each in operation.columns)
        return _Group(None, names, bool(operation.unique))
    if isinstance(operation, ops.CreateUniqueConstraintOp):
        return _Group(None, tuple(str(name) for name in operation.columns), True)
    return None


def _dropped_name(operation: Any) -> str | None:
    if isinstance(operation, ops.DropIndexOp):
        return operation.index_name
    is_unique = (
        isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "unique"
    )
    return str(operation.constraint_name) if is_unique else None


def _without_same_keys(operations: Sequence[Any]) -> list[Any]:
    """Leave a foreign key alone that differs only in when it is checked."""
    dropped = {
        _signature(each.to_constraint()): each
        for each in operations
        if isinstance(each, ops.DropConstraintOp) and each.constraint_type == "foreignkey"
    }
    made = {
        _signature(each.to_constraint()): each
        for each in operations
        if isinstance(each, ops.CreateForeignKeyOp)
    }
    both = dropped.keys() & made.keys()
    same: list[Any] = [side[key] for key in both for side in (dropped, made)]
    return [each for each in operations if not any(each is other for other in same)]


def _without_present_keys(operations: Sequence[Any], foreign: Sequence[Any]) -> list[Any]:
    """Leave out a foreign key that the database has, under whatever name, and keeps."""
    dropped = {
        str(each.constraint_name) for each in operations if isinstance(each, ops.DropConstraintOp)
    }
    present = {
        (
            tuple(key["constrained_columns"]),
            tuple(f"{_referred(key)}.{name}" for name in key["referred_columns"]),
            (key.get("options", {}).get("ondelete") or "NO ACTION").upper(),
        )
        for key in foreign
        if key["name"] not in dropped
    }
    return [
        each
        for each in operations
        if not (
            isinstance(each, ops.CreateForeignKeyOp) and _signature(each.to_constraint()) in present
        )
    ]


def _referred(key: Any) -> str:
    return in_schema(key["referred_schema"], key["referred_table"])


def _signature(key: Any) -> tuple[Any, ...]:
    rule = (key.ondelete or "NO ACTION").upper()
    targets = tuple(_target(element) for element in key.elements)
    columns = tuple(str(key.columns[name].name) for name in key.column_keys)
    return columns, targets, rule


def _target(element: Any) -> str:
    """Return "table.column" as the database has it, which may be another name than the field's."""
    whole: str = element.target_fullname
    table, _, name = whole.rpartition(".")
    known = chosen_metadata().tables.get(table)
    column = None if known is None else known.columns.get(name)
    return whole if column is None else f"{table}.{column.name}"
