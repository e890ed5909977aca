"""What SQLite loses when a table is altered by making it anew, kept.

Alembic copies the table, drops the old one and renames the copy. Its columns, constraints and
plain indexes it knows; triggers, indexes over expressions, and the highest key ever given are gone
with the old table. They are read before it is dropped and put back after the copy has its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from alembic.ddl import sqlite
from alembic.operations.batch import BatchOperationsImpl
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from triode.db.migrations.conversion import sqlite_conversion
from triode.db.sql.literals import escaped
from triode.db.sql.storage import Storage

_DROP: Final = re.compile(r'\s*DROP TABLE "?(?P<name>[^"]+?)"?\s*$')
_RENAME: Final = re.compile(
    r'\s*ALTER TABLE "?_alembic_tmp_(?P<copy>[^"]+?)"? RENAME TO "?(?P<name>[^"]+?)"?\s*$'
)


class SQLiteImpl(sqlite.SQLiteImpl):
    """Alembic's, which copies a table to add a column with a default, though SQLite can just add
    one whose default is a constant."""

    __dialect__ = "sqlite"
    _types: ClassVar[dict[str, tuple[Any, Any]]] = {}

    def requires_recreate_in_batch(self, batch_op: BatchOperationsImpl) -> bool:
        """Say whether the table has to be copied for these operations."""
        # What follows is about this table alone: how its columns get values of another type.
        SQLiteImpl._types = dict(_changes_of_type(batch_op.batch))
        rest = [each for each in batch_op.batch if not _is_constant_addition(each)]
        return bool(rest) and super().requires_recreate_in_batch(_Operations(rest))  # type: ignore[arg-type]

    def cast_for_batch_migrate(
        self, existing: sa.Column[Any], existing_transfer: dict[str, Any], new_type: Any
    ) -> None:
        """Say what a column of another type gets from the old one."""
        old, new = self._types.get(existing.name, (None, new_type))
        if not isinstance(old, Storage):
            super().cast_for_batch_migrate(existing, existing_transfer, new_type)
            return
        text = sqlite_conversion(self.dialect.identifier_preparer.quote(existing.name), old, new)
        if text is not None:
            existing_transfer["expr"] = sa.literal_column(text)


def _changes_of_type(batch: list[Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name, arguments, options in batch:
        if name == "alter_column" and options.get("type_") is not None:
            yield arguments[1], (options.get("existing_type"), options["type_"])


class _Operations:
    def __init__(self, batch: list[Any]) -> None:
        self.batch = batch


def _is_constant_addition(operation: Any) -> bool:
    if operation[0] != "add_column":
        return False
    default = operation[1][1].server_default
    return isinstance(default, sa.DefaultClause) and isinstance(default.arg, sa.BindParameter)


def keep_what_a_rebuild_loses(engine: Engine) -> None:
    """Watch the statements of an engine of SQLite for tables that are made anew."""

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        found = _DROP.match(statement)
        name = found["name"] if found else ""
        if found and _exists(cursor, f"_alembic_tmp_{name}"):
            connection.info.setdefault("rebuilt", {})[name] = _attached(cursor, name)
            # Or views and triggers elsewhere that name the table would refuse the renaming.
            cursor.execute("PRAGMA legacy_alter_table=ON")

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        found = _RENAME.match(statement)
        kept = connection.info.get("rebuilt", {}).pop(found["name"], None) if found else None
        if kept is None:
            return
        own = connection.connection.cursor()
        own.execute("PRAGMA legacy_alter_table=OFF")
        for text, values in kept:
            own.execute(text, values)
        own.close()


def reflect_rules(engine: Engine) -> None:
    """Let reflection tell the ON DELETE of a foreign key that is written in its column."""
    dialect: Any = engine.dialect
    reflected = dialect.get_foreign_keys

    def get_foreign_keys(
        connection: Connection, table_name: str, *rest: Any, **options: Any
    ) -> Any:
        found = reflected(connection, table_name, *rest, **options)
        sql = 'SELECT "from", on_delete, on_update FROM pragma_foreign_key_list(?)'
        rules = {row[0]: row[1:] for row in connection.exec_driver_sql(sql, (table_name,))}
        for key in found:
            on_delete, on_update = rules.get(key["constrained_columns"][0], ("", ""))
            for name, rule in (("ondelete", on_delete), ("onupdate", on_update)):
                if rule not in ("", "NO ACTION"):
                    key["options"].setdefault(name, rule)
        return found

    dialect.get_foreign_keys = get_foreign_keys


def reflect_colons(engine: Engine) -> None:
    """Let a colon in a reflected check or default be a colon, and no parameter."""
    dialect: Any = engine.dialect
    checks, columns = dialect.get_check_constraints, dialect.get_columns

    def get_check_constraints(*given: Any, **options: Any) -> Any:
        found = checks(*given, **options)
        return [{**each, "sqltext": escaped(each["sqltext"])} for each in found]

    def get_columns(*given: Any, **options: Any) -> Any:
        found = columns(*given, **options)
        for each in found:
            if isinstance(each.get("default"), str):
                each["default"] = escaped(each["default"])
        return found

    dialect.get_check_constraints = get_check_constraints
    dialect.get_columns = get_columns


def _exists(cursor: Any, name: str) -> bool:
    sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    return cursor.execute(sql, (name,)).fetchone() is not None


def _attached(cursor: Any, name: str) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the statements that give the new table what hung on the old one."""
    sql = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL"
    found = cursor.execute(sql, (name,)).fetchall()
    kept: list[tuple[str, tuple[Any, ...]]] = [
        (text, ())
        for kind, thing, text in found
        if kind == "trigger" or (kind == "index" and _is_over_expression(cursor, thing))
    ]
    if not _exists(cursor, "sqlite_sequence"):
        return kept
    highest = cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).fetchone()
    if highest is not None:
        update = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?"
        # An empty copy has no line of its own yet.
        insert = (
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?2, ?1 WHERE NOT EXISTS "
            "(SELECT 1 FROM sqlite_sequence WHERE name = ?2)"
        )
        kept += [(update, (highest[0], name)), (insert, (highest[0], name))]
    return kept


def _is_over_expression(cursor: Any, index: str) -> bool:
    rows = cursor.execute("SELECT cid FROM pragma_index_xinfo(?) WHERE key = 1", (index,))
    return any(row[0] == -2 for row in rows.fetchall())
