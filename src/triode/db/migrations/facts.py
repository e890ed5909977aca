"""Types and defaults of columns, compared with what the scripts say of them.

SQLite has four types for all of ours, so a change from int to Decimal is none for it, though each
value has to be written anew; and no database gives a default back as it was written.
"""

from __future__ import annotations

import ast
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.engine import Connection

from triode.db.migrations.rendering import default_text
from triode.db.migrations.scope import tables_in_database, whole_name
from triode.db.migrations.written import Owned, storage_in, value_of
from triode.db.sql.storage import Storage, TextStorage


def add_facts(
    operations: ops.UpgradeOps, connection: Connection, metadata: sa.MetaData, owned: Owned
) -> None:
    """Add the changes of types and defaults that the database does not tell."""
    made = {whole_name(each) for each in operations.ops if isinstance(each, ops.CreateTableOp)}
    known = {table for table, _ in owned.types} & set(metadata.tables) - made
    inspector = sa.inspect(connection)
    for name in sorted(known & tables_in_database(inspector)):
        table = metadata.tables[name]
        found = inspector.get_columns(table.name, schema=table.schema)
        columns = {str(each["name"]): each for each in found}
        for column in table.columns:
            if column.name in columns and (name, column.name) in owned.types:
                _compare(operations, column, columns[column.name], owned, connection.dialect.name)


def _compare(
    operations: ops.UpgradeOps, column: sa.Column[Any], present: Any, owned: Owned, dialect: str
) -> None:
    key = (column.table.fullname, column.name)
    old_type = storage_in(owned.types[key])
    alter = _alteration(operations, key)
    changes: dict[str, Any] = {}
    if old_type is not None and differ(old_type, column.type, dialect):
        changes["modify_type"] = column.type
    is_retyped = "modify_type" in changes or (alter is not None and alter.modify_type is not None)
    old_default = owned.defaults.get(key)
    is_own = old_default is not None and not _is_for_rows(old_default)
    before = ast.unparse(old_default) if is_own and old_default is not None else None
    after = _source(column)
    has_default = present["default"] is not None
    # What was only for the rows of that time does not fit another type.
    if before != after or (is_retyped and (after is not None or (has_default and not is_own))):
        changes["modify_server_default"] = column.server_default
    if not changes and alter is None:
        return
    if alter is None:
        alter = ops.AlterColumnOp(
            column.table.name,
            column.name,
            schema=column.table.schema,
            existing_type=column.type,
            existing_nullable=column.nullable,
        )
        _add(operations, alter)
    for name, value in changes.items():
        setattr(alter, name, value)
    if old_type is not None and is_retyped:
        alter.existing_type = old_type
    if "modify_server_default" in changes:
        given = value_of(old_default)
        alter.existing_server_default = None if given is None else sa.DefaultClause(given)


def differ(old: Storage, new: Any, dialect: str) -> bool:
    """Whether a column of another type has to be altered; a length matters on MySQL alone."""
    if not isinstance(new, Storage):
        return False
    if is_text(old) and is_text(new):
        if dialect not in ("mysql", "mariadb"):
            return False
        lengths = (_length(old), _length(new))
        return lengths[0] is not None and (lengths[1] is None or lengths[1] > lengths[0])
    return old.constructor != new.constructor


def is_text(storage: Storage) -> bool:
    return storage.constructor.startswith("TextStorage(")


def _length(storage: Storage) -> int | None:
    if isinstance(storage, TextStorage):
        return storage.length
    given = storage.constructor.removeprefix("TextStorage(").removesuffix(")")
    return int(given) if given else None


def _source(column: sa.Column[Any]) -> str | None:
    """Return the text of the column's own default, as a script has it."""
    default = column.server_default
    text = default_text(default) if isinstance(default, sa.DefaultClause) else None
    return None if text is None else ast.unparse(ast.parse(text, mode="eval"))


def _is_for_rows(node: ast.expr) -> bool:
    """Whether a default was only for the rows that existed when the column was added."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "literal"


def _alteration(operations: Any, key: tuple[str, str]) -> ops.AlterColumnOp | None:
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            found = _alteration(each, key)
            if found is not None:
                return found
        elif isinstance(each, ops.AlterColumnOp) and (whole_name(each), each.column_name) == key:
            return each
    return None


def _add(operations: ops.UpgradeOps, alter: ops.AlterColumnOp) -> None:
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps) and whole_name(each) == whole_name(alter):
            # Before what may depend on it: an index, a check.
            each.ops.insert(0, alter)
            return
    operations.ops.append(ops.ModifyTableOps(alter.table_name, [alter], schema=alter.schema))
