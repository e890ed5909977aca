"""Operations as the text of a migration that a person reads, and that any database can run."""

from __future__ import annotations

import copy
import re
from typing import Any, Literal

import sqlalchemy as sa
from alembic import autogenerate
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from triode.db.migrations.rules import is_special, source_of, text_for
from triode.db.migrations.scope import chosen_metadata
from triode.db.sql.literals import escaped
from triode.db.sql.storage import ArrayStorage, Storage
from triode.db.tables.ddl import ModelDefault
from triode.schema.foreign import to_builtins

OPTIONS: dict[str, Any] = {"compare_type": True, "render_as_batch": True}

_IMPORTS = {
    "postgresql.": "from sqlalchemy.dialects import postgresql",
    "mysql.": "from sqlalchemy.dialects import mysql",
    "datetime.": "import datetime",
    "Decimal(": "from decimal import Decimal",
    "UUID(": "from uuid import UUID",
    "steps.": "from triode.db.migrations import steps",
}
"""What the text of a migration may use, and the line that imports it."""


def write_operations(connection: Connection, operations: ops.UpgradeOps | ops.DowngradeOps) -> str:
    """Return operations as the body of a function."""
    context = MigrationContext.configure(connection, opts=OPTIONS)
    operations = _portable(operations)
    text: str = autogenerate.render_python_code(
        operations, render_as_batch=True, render_item=render_item, migration_context=context
    )
    # Alembic marks what it wrote; our file says at its top to read it.
    text = re.sub(r" *# ### .*\n?", "", text)
    return re.sub(r"batch_alter_table\('(\w+)', schema=None\)", _batch_call, text)


def schema_lines(operations: ops.UpgradeOps) -> list[str]:
    """Return the lines that make the schemas of new tables; none takes one away."""
    made = [each.schema for each in operations.ops if isinstance(each, ops.CreateTableOp)]
    return [f"steps.create_schema({name!r})" for name in sorted({each for each in made if each})]


def imports_for(texts: list[str]) -> str:
    """Return the lines that import what the texts use."""
    whole = "\n".join(texts)
    return "\n".join(sorted(line for sign, line in _IMPORTS.items() if sign in whole))


def _batch_call(found: re.Match[str]) -> str:
    """Keep what SQLite's reflection does not tell of a table that is altered by making it anew."""
    name = found.group(1)
    table = chosen_metadata().tables.get(name)
    kept = {} if table is None else table.dialect_options["sqlite"]
    names = ("strict", "autoincrement", "with_rowid")
    chosen = {f"sqlite_{each}": kept[each] for each in names if each in kept}
    usual = {"sqlite_strict": False, "sqlite_autoincrement": False, "sqlite_with_rowid": True}
    chosen = {each: value for each, value in chosen.items() if value != usual[each]}
    options = f", table_kwargs={chosen!r}" if chosen else ""
    return f"batch_alter_table({name!r}{options})"


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Write a type or a default of ours without the model's own classes; False for others."""
    if kind == "type" and isinstance(item, Storage):
        return f"storage.{item.constructor}"
    if kind == "server_default" and isinstance(item, sa.DefaultClause):
        text = default_text(item)
        return False if text is None else text
    if kind == "check" and isinstance(item, sa.CheckConstraint) and item.name:
        return (
            f"sa.CheckConstraint({source_of(item.sqltext, is_bare=True)}, name={str(item.name)!r})"
        )
    return False


def default_text(default: sa.DefaultClause) -> str | None:
    """Return a default as the text of a script; `steps.value` is the column's own, not for rows."""
    given = default.arg
    if isinstance(given, sa.TextClause):
        return f"sa.text({given.text!r})"
    if isinstance(given, sa.BindParameter) and isinstance(given.type, Storage):
        maker = "steps.value" if isinstance(default, ModelDefault) else "sa.literal"
        value = _value_text(given.type, given.value)
        return f"{maker}({value}, storage.{given.type.constructor})"
    return None


class _IndexOp(ops.CreateIndexOp):
    """An index whose parts or condition may read otherwise in each kind of database."""


class _DropIndexOp(ops.DropIndexOp):
    """One of those that goes: its name says enough."""


class _CheckOp(ops.CreateCheckConstraintOp):
    """A check whose condition may."""


def _portable(operations: Any) -> Any:
    """Return the operations with conditions that every kind of database understands."""
    made = copy.copy(operations)
    made.ops = []
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            made.ops.append(_portable(each))
        elif isinstance(each, ops.CreateIndexOp) and is_special(each.to_index()):
            made.ops.append(_IndexOp.from_index(each.to_index()))
        elif isinstance(each, ops.DropIndexOp) and is_special(each.to_index()):
            made.ops.append(_DropIndexOp(each.index_name, each.table_name, schema=each.schema))
        elif isinstance(each, ops.CreateCheckConstraintOp):
            made.ops.append(
                _CheckOp(each.constraint_name, each.table_name, each.condition, schema=each.schema)
            )
        else:
            made.ops.append(each)
    return made


@renderers.dispatch_for(_IndexOp)
def _index_text(context: AutogenContext, operation: _IndexOp) -> str:
    index = operation.to_index()
    parts = [
        repr(str(part.name)) if isinstance(part, sa.Column) else source_of(part)
        for part in index.expressions
    ]
    conditions = [
        f", {name}_where={_condition_text(where, name)}"
        for name in ("sqlite", "postgresql")
        if (where := index.dialect_options[name]["where"]) is not None
    ]
    return (
        f"batch_op.create_index({str(index.name)!r}, [{', '.join(parts)}], "
        f"unique={bool(index.unique)}{''.join(conditions)})"
    )


@renderers.dispatch_for(_DropIndexOp)
def _drop_index_text(context: AutogenContext, operation: _DropIndexOp) -> str:
    return f"batch_op.drop_index({str(operation.index_name)!r})"


def _condition_text(where: Any, dialect: str) -> str:
    return f"sa.text({escaped(text_for(where, dialect) or '')!r})"


@renderers.dispatch_for(_CheckOp)
def _check_text(context: AutogenContext, operation: _CheckOp) -> str:
    condition = source_of(operation.to_constraint().sqltext, is_bare=True)
    return f"batch_op.create_check_constraint({operation.constraint_name!r}, {condition})"


def _value_text(kind: Storage, value: Any) -> str:
    if isinstance(kind, ArrayStorage) and value is not None:
        return f"[{', '.join(_value_text(kind.item, each) for each in value)}]"
    found = kind.portable(value)
    return repr(found if _is_plain(found) else to_builtins(found))


def _is_plain(value: Any) -> bool:
    return type(value).__module__ in ("builtins", "datetime", "decimal", "uuid") and not isinstance(
        value, dict | list | tuple | set
    )
