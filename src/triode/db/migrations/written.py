"""What the scripts of a folder made, read from their text.

A database does not tell everything: SQLite keeps a Decimal as an integer, and each database writes
a condition its own way. So what the models say is compared with what the scripts said as well.
"""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import mysql, postgresql

from triode.db.migrations import steps
from triode.db.migrations.lint import Call, calls_in
from triode.db.migrations.scope import in_schema, schema_of
from triode.db.sql import storage
from triode.db.sql.storage import Storage

Key = tuple[str, str]

_MAKERS: Final = frozenset(
    {
        "create_index",
        "create_unique_constraint",
        "create_foreign_key",
        "create_check_constraint",
        "create_primary_key",
    }
)
_NAMES: Final[dict[str, Any]] = {
    "sa": sa,
    "storage": storage,
    "steps": steps,
    "datetime": datetime,
    "Decimal": Decimal,
    "UUID": UUID,
    "mysql": mysql,
    "postgresql": postgresql,
}
"""What the text of a type or default in a script may name."""


@dataclass(frozen=True)
class Owned:
    """What the scripts made and none dropped: that alone is ours to drop.

    `columns` are (table, column); `names` are those of indexes and constraints. The rest is the
    text of columns (by table and column), of checks (by table and name) and of indexes. A table
    in a schema is "schema.table".
    """

    tables: frozenset[str] = frozenset()
    columns: frozenset[Key] = frozenset()
    names: frozenset[str] = frozenset()
    types: Mapping[Key, ast.expr] = field(default_factory=dict)
    defaults: Mapping[Key, ast.expr] = field(default_factory=dict)
    checks: Mapping[Key, ast.expr] = field(default_factory=dict)
    indexes: Mapping[Key, Call] = field(default_factory=dict)
    holders: Mapping[str, str] = field(default_factory=dict)
    """The tables that have the constraints and indexes there are now, by the names of these."""

    def renamed(self, table: Mapping[str, str], column: Mapping[Key, str]) -> Owned:
        """Return the same with other names of tables (old to new), then of columns."""
        reader = _Reader(self)
        for old, new in table.items():
            reader.rename_table(old, new)
        for (owner, old), new in column.items():
            reader.rename_column(owner, old, new)
        return reader.owned()


def owned_by(script: ScriptDirectory) -> Owned:
    """Return what the scripts of a folder made."""
    reader = _Reader(Owned())
    for each in reversed(list(script.walk_revisions())):
        for call in calls_in(Path(each.path)):
            reader.take(call)
    return reader.owned()


def storage_in(node: ast.expr | None) -> Storage | None:
    """Return the column type that a script names, None where it is none of ours."""
    found = value_of(node)
    return found if isinstance(found, Storage) else None


def value_of(node: ast.expr | None) -> Any:
    """Evaluate the text of a type or default; None where it names what only its script knows."""
    if node is None or not _is_plain(node):
        return None
    try:
        return eval(compile(ast.Expression(node), "<script>", "eval"), dict(_NAMES))  # noqa: S307
    except (AttributeError, TypeError, ValueError, ArithmeticError):
        return None


def _is_plain(node: ast.expr) -> bool:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names <= set(_NAMES)


def sql_in(node: ast.expr | None, dialect: str) -> str | None:
    """Return the SQL that a script writes for a kind of database, None where it is not plain."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    first = node.args[0] if node.args else None
    if node.func.attr == "text":
        text = sql_in(first, dialect)
        return None if text is None else text.replace("\\:", ":")
    if node.func.attr == "literal_column":
        return sql_in(first, dialect)
    if node.func.attr != "sql":
        return None
    own = "mysql" if dialect == "mariadb" else dialect
    given = next((each.value for each in node.keywords if each.arg == own), first)
    return sql_in(given, dialect)


class _Reader:
    """Follows the operations of scripts, one after the other."""

    def __init__(self, start: Owned) -> None:
        self.tables = set(start.tables)
        self.columns = set(start.columns)
        self.names = set(start.names)
        self.types = dict(start.types)
        self.defaults = dict(start.defaults)
        self.checks = dict(start.checks)
        self.indexes = dict(start.indexes)
        self.holders = dict(start.holders)

    def owned(self) -> Owned:
        return Owned(
            frozenset(self.tables),
            frozenset(self.columns),
            frozenset(self.names),
            self.types,
            self.defaults,
            self.checks,
            self.indexes,
            self.holders,
        )

    def take(self, call: Call) -> None:
        """Note what an operation does."""
        match call.name:
            case "create_table":
                self.tables.add(call.table)
                self._parts(call)
            case "drop_table":
                self.tables.discard(call.table)
                self._forget(call.table)
            case "add_column":
                self._parts(call)
            case "alter_column":
                self._alter(call)
            case "drop_column":
                self._drop_column((call.table, call.subject))
            case "rename_column":
                self.rename_column(call.table, *call.texts[-2:])
            case "rename_table":
                old, new = (in_schema(schema_of(call.table), text) for text in call.texts[:2])
                self.rename_table(old, new)
            case "create_check_constraint":
                self.checks[call.table, call.subject] = call.node.args[-1]
            case "drop_constraint":
                self.checks.pop((call.table, call.subject), None)
            case "create_index":
                self.indexes[call.table, call.subject] = call
            case "drop_index":
                self._drop_index(call)
        self._hold(call)
        self.names.update(call.texts)
        if call.constraint_name:
            self.names.add(call.constraint_name)

    def _hold(self, call: Call) -> None:
        """Note which table has a constraint or index."""
        name = call.subject or next(iter(call.texts), "")
        if call.name in _MAKERS:
            self.holders[name] = call.table
        elif call.name in ("drop_constraint", "drop_index"):
            self.holders.pop(name, None)
        elif call.name == "create_table":
            for part in call.node.args:
                if isinstance(part, ast.Call):
                    made = Call(call_name(part), call.table, "", part).constraint_name
                    self.holders |= {made: call.table} if made else {}

    def rename_table(self, old: str, new: str) -> None:
        """Give everything of a table to its new name."""
        self.holders = {
            name: new if table == old else table for name, table in self.holders.items()
        }
        if old in self.tables:
            self.tables.discard(old)
            self.tables.add(new)
        self.columns |= {(new, name) for table, name in self.columns if table == old}
        for known in self._known():
            for key in [each for each in known if each[0] == old]:
                known[new, key[1]] = known.pop(key)

    def rename_column(self, table: str, old: str, new: str) -> None:
        """Give a column its new name, in conditions and indexes too, as the database does."""
        self.columns.add((table, new))
        for known in (self.types, self.defaults):
            if (table, old) in known:
                known[table, new] = known.pop((table, old))
        for key, node in self.checks.items():
            if key[0] == table:
                self.checks[key] = _Renamer(old, new).visit(_copy(node))
        for key, call in self.indexes.items():
            if key[0] == table:
                self.indexes[key] = call._replace(node=_Renamer(old, new).visit(_copy(call.node)))

    def _parts(self, call: Call) -> None:
        """Note the columns and checks among the arguments."""
        for part in call.node.args:
            if not isinstance(part, ast.Call):
                continue
            inner = Call(call_name(part), call.table, "", part)
            if inner.name == "Column" and inner.texts:
                self._column((call.table, inner.texts[0]), inner)
            elif inner.name == "CheckConstraint" and inner.constraint_name and part.args:
                self.checks[call.table, inner.constraint_name] = part.args[0]

    def _column(self, key: Key, column: Call) -> None:
        self.columns.add(key)
        if len(column.node.args) > 1:
            self.types[key] = column.node.args[1]
        self._default(key, column.option("server_default"))

    def _alter(self, call: Call) -> None:
        key = (call.table, call.subject)
        kind = call.option("type_")
        if kind is not None:
            self.types[key] = kind
        if (given := call.option("server_default")) is not None:
            self._default(key, given)
        new = call.option("new_column_name")
        if isinstance(new, ast.Constant) and isinstance(new.value, str):
            self.rename_column(call.table, call.subject, new.value)

    def _default(self, key: Key, given: ast.expr | None) -> None:
        self.defaults.pop(key, None)
        if given is not None and not (isinstance(given, ast.Constant) and given.value is None):
            self.defaults[key] = given

    def _drop_column(self, key: Key) -> None:
        self.types.pop(key, None)
        self.defaults.pop(key, None)

    def _drop_index(self, call: Call) -> None:
        """Forget an index; outside of a batch the call need not name its table."""
        name = call.texts[0] if call.texts else call.subject
        for key in [each for each in self.indexes if each[1] == name]:
            if not call.table or schema_of(key[0]) == schema_of(call.table):
                del self.indexes[key]

    def _forget(self, table: str) -> None:
        self.holders = {name: each for name, each in self.holders.items() if each != table}
        for known in self._known():
            for key in [each for each in known if each[0] == table]:
                del known[key]

    def _known(self) -> tuple[dict[Key, Any], ...]:
        return (self.types, self.defaults, self.checks, self.indexes)


def call_name(node: ast.Call) -> str:
    """Return the last name of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def renamed_in(sql: str, old: str, new: str) -> str:
    """Return SQL with a column's new name in the place of the old one, outside of quotes."""
    parts = re.split(r"('(?:[^']|'')*')", sql)
    pattern = rf"(?<![\w.]){re.escape(old)}(?!\w)"
    return "".join(
        part if part.startswith("'") else re.sub(pattern, lambda _: new, part) for part in parts
    )


def _copy(node: Any) -> Any:
    return ast.parse(ast.unparse(node), mode="eval").body


class _Renamer(ast.NodeTransformer):
    """Renames a column in the SQL that stands in texts."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            node.value = renamed_in(node.value, self.old, self.new)
        return node
