"""Conditions and expressions: checks, partial indexes, indexes over expressions.

No database gives their text back as it was written, so the models are compared with the scripts.
A condition may read otherwise in each kind of database; a script holds every reading.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import CompileError

from triode.db.migrations import steps
from triode.db.migrations.expressions import is_over_expressions
from triode.db.migrations.lint import Call
from triode.db.migrations.scope import tables_in_database, whole_name
from triode.db.migrations.written import Owned, sql_in

_DIALECTS: Final[dict[str, Any]] = {
    # In parameters that are named no percent sign is doubled.
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(paramstyle="named"),
    "mysql": MariaDBDialect(paramstyle="named"),
}


def texts_of(element: Any) -> dict[str, str]:
    """Return what a condition is in the SQL of each kind of database."""
    if isinstance(element, str):  # as the database gave it back
        return dict.fromkeys(_DIALECTS, element)
    kept = getattr(element, "texts", None)
    if kept is not None:
        return dict(kept)
    found = {}
    for name, dialect in _DIALECTS.items():
        options = {"literal_binds": True, "include_table": False}
        try:
            found[name] = str(element.compile(dialect=dialect, compile_kwargs=options))
        except CompileError:
            continue  # That database has nothing like it; nor could the script be run there.
    return found


def source_of(element: Any, *, is_bare: bool = False) -> str:
    """Return the Python text that makes a condition; `is_bare` where a plain text will do."""
    texts = texts_of(element)
    usual = next(iter(texts.values()))
    others = {name: text for name, text in texts.items() if text != usual}
    if not others and not is_bare:
        return f"sa.literal_column({usual!r})"
    if not others and not re.search(r":\w", usual):
        return repr(usual)
    given = [repr(usual), *(f"{name}={text!r}" for name, text in others.items())]
    return f"steps.sql({', '.join(given)})"


def text_for(element: Any, dialect: str) -> str | None:
    """Return the SQL of a condition for one kind of database."""
    return texts_of(element).get("mysql" if dialect == "mariadb" else dialect)


class IndexText(NamedTuple):
    """An index as SQL: its parts, whether it is unique, for which rows it is."""

    parts: tuple[str, ...]
    is_unique: bool
    where: str | None


def add_rules(
    operations: ops.UpgradeOps, connection: Connection, metadata: sa.MetaData, owned: Owned
) -> None:
    """Add what differs in checks and in indexes over expressions or some rows."""
    made = {whole_name(each) for each in operations.ops if isinstance(each, ops.CreateTableOp)}
    gone = {whole_name(each) for each in operations.ops if isinstance(each, ops.DropTableOp)}
    inspector = sa.inspect(connection)
    dialect = connection.dialect.name
    present = tables_in_database(inspector) - gone
    _use_known_conditions(operations, metadata, owned.indexes)
    touched = set(_indexes_in(operations))
    retyped = _retyped(operations)
    tables = {table for table, _ in (*owned.checks, *owned.indexes)} | _with_rules(metadata)
    for name in sorted((tables & present & set(metadata.tables)) - made):
        table = metadata.tables[name]
        stale = _Stale(retyped.get(name, frozenset()))
        found: list[Any] = list(_checks(inspector, table, owned.checks, stale, dialect))
        for old, new in _indexes(table, owned.indexes, stale, dialect):
            names = {each for each in (old and old[0], new and str(new.name)) if each}
            if {(name, each) for each in names} & touched:
                continue  # The database itself told.
            if old is not None:
                found.append(_drop_index(table, *old))
            if new is not None:
                found.append(ops.CreateIndexOp.from_index(new))
        if found:
            change = ops.ModifyTableOps(table.name, found, schema=table.schema)
            operations.ops.append(change)


def _use_known_conditions(
    operations: ops.UpgradeOps, metadata: sa.MetaData, known: Mapping[tuple[str, str], Call]
) -> None:
    """Let dropped indexes come back as the scripts made them, for every kind of database."""
    for each in operations.ops:
        table = metadata.tables.get(whole_name(each)) if hasattr(each, "table_name") else None
        if table is None or not isinstance(each, ops.ModifyTableOps):
            continue
        for at, drop in enumerate(each.ops):
            call = known.get((table.fullname, str(getattr(drop, "index_name", None))))
            if isinstance(drop, ops.DropIndexOp) and call is not None and _is_special(call):
                each.ops[at] = _drop_index(table, str(drop.index_name), call)


def _retyped(operations: Any) -> dict[str, frozenset[str]]:
    """Return the columns of each table that get a type of another kind."""
    found: dict[str, frozenset[str]] = {}
    for table in operations.ops:
        for each in table.ops if isinstance(table, ops.ModifyTableOps) else ():
            if not isinstance(each, ops.AlterColumnOp) or each.modify_type is None:
                continue
            if type(each.modify_type) is not type(each.existing_type):
                name = whole_name(each)
                found[name] = found.get(name, frozenset()) | {each.column_name}
    return found


class _Stale(NamedTuple):
    """The columns of a table that get another type.

    What the database holds of a condition over them is of the type before: it is made anew, though
    its text stays.
    """

    columns: frozenset[str]

    def holds(self, text: str | None) -> bool:
        """Whether a condition names one of them."""
        words = re.findall(r"\w+", re.sub(r"'(?:[^']|'')*'", "", text or ""))
        return not self.columns.isdisjoint(words)

    def is_in(self, index: IndexText | None) -> bool:
        """Whether the condition of an index, or a part that is no column, names one of them."""
        if index is None:
            return False
        expressions = [part for part in index.parts if not part.isidentifier()]
        return any(self.holds(text) for text in (*expressions, index.where))


def _with_rules(metadata: sa.MetaData) -> set[str]:
    return {table.fullname for table in metadata.tables.values() if list(_checks_of(table))}


def _indexes_in(operations: Any) -> Iterator[tuple[str, str]]:
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            yield from _indexes_in(each)
        elif isinstance(each, ops.CreateIndexOp | ops.DropIndexOp):
            yield whole_name(each), str(each.index_name)


def _checks_of(table: sa.Table) -> Iterator[sa.CheckConstraint]:
    for each in table.constraints:
        if isinstance(each, sa.CheckConstraint) and each.name:
            yield each


def _checks(
    inspector: sa.Inspector,
    table: sa.Table,
    known: Mapping[tuple[str, str], ast.expr],
    stale: _Stale,
    dialect: str,
) -> Iterator[Any]:
    wanted = {str(each.name): each for each in _checks_of(table)}
    ours = {name: node for (owner, name), node in known.items() if owner == table.fullname}
    texts = {name: sql_in(node, dialect) for name, node in ours.items()}
    needs = {name: text_for(each.sqltext, dialect) for name, each in wanted.items()}
    found = inspector.get_check_constraints(table.name, schema=table.schema)
    present = {str(each["name"]) for each in found}
    # The same condition under the name of before is as good: a table or column was renamed.
    spare = {name: text for name, text in texts.items() if name not in wanted and name in present}
    for name in sorted(wanted):
        same = next((old for old, text in spare.items() if text == needs[name] is not None), None)
        if name not in present and same is not None:
            del spare[same]
        elif name not in present:
            yield ops.CreateCheckConstraintOp.from_constraint(wanted[name])
        elif texts.get(name) is not None and (
            texts[name] != needs[name] or stale.holds(needs[name])
        ):
            yield _drop_check(table, name, ours[name])
            yield ops.CreateCheckConstraintOp.from_constraint(wanted[name])
    for name in sorted(spare):
        yield _drop_check(table, name, ours[name])


def _drop_check(table: sa.Table, name: str, node: ast.expr) -> ops.DropConstraintOp:
    element = _element(node)
    schema = table.schema
    reverse = None
    if element is not None:
        reverse = ops.CreateCheckConstraintOp(name, table.name, element, schema=schema)
    return ops.DropConstraintOp(name, table.name, type_="check", schema=schema, _reverse=reverse)


def _indexes(
    table: sa.Table, known: Mapping[tuple[str, str], Call], stale: _Stale, dialect: str
) -> Iterator[tuple[tuple[str, Call] | None, sa.Index | None]]:
    """Give the indexes that differ, as the scripts know them and as the models want them."""
    wanted = {str(each.name): each for each in table.indexes}
    ours = {name: call for (owner, name), call in known.items() if owner == table.fullname}
    texts = {name: _written(call, dialect) for name, call in ours.items()}
    needs = {name: _wanted(each, dialect) for name, each in wanted.items()}
    spare = {
        name: text
        for name, text in texts.items()
        if name not in wanted and text is not None and _is_special(ours[name])
    }
    for name, index in sorted(wanted.items()):
        same = next((old for old, text in spare.items() if text == needs[name] is not None), None)
        if name not in ours and same is not None:
            del spare[same]
        elif (
            name in ours
            and texts[name] is not None
            and (texts[name] != needs[name] or stale.is_in(needs[name]))
        ):
            yield (name, ours[name]), index
    for name in sorted(spare):
        yield (name, ours[name]), None


def is_special(index: sa.Index) -> bool:
    """Whether an index has a condition, an expression, or a column that descends."""
    options = index.dialect_options
    is_partial = any(options[name]["where"] is not None for name in ("sqlite", "postgresql"))
    plain = all(isinstance(part, sa.Column) for part in index.expressions)
    return is_partial or not plain or is_over_expressions(index)


def _is_special(call: Call) -> bool:
    is_partial = any(call.option(f"{name}_where") for name in ("sqlite", "postgresql"))
    return is_partial or any(not isinstance(part, ast.Constant) for part in _parts(call))


def _parts(call: Call) -> list[ast.expr]:
    listed = next((each for each in call.node.args if isinstance(each, ast.List)), None)
    return [] if listed is None else listed.elts


def _written(call: Call, dialect: str) -> IndexText | None:
    parts = [sql_in(part, dialect) for part in _parts(call)]
    where = call.option(f"{dialect}_where")
    condition = None if where is None else sql_in(where, dialect)
    if (
        any(each is None for each in parts)
        or not parts
        or (where is not None and condition is None)
    ):
        return None
    return IndexText(tuple(map(str, parts)), call.says("unique", True), condition)


def _wanted(index: sa.Index, dialect: str) -> IndexText | None:
    parts = [
        part.name if isinstance(part, sa.Column) else text_for(part, dialect)
        for part in index.expressions
    ]
    where = None
    if dialect in ("sqlite", "postgresql"):
        where = index.dialect_options[dialect]["where"]
    condition = None if where is None else text_for(where, dialect)
    if any(each is None for each in parts):
        return None
    return IndexText(tuple(map(str, parts)), bool(index.unique), condition)


def _drop_index(table: sa.Table, name: str, call: Call) -> ops.DropIndexOp:
    parts = [
        part.value if isinstance(part, ast.Constant) else _element(part) for part in _parts(call)
    ]
    kept = {
        f"{each}_where": _element(given)
        for each in ("sqlite", "postgresql")
        if (given := call.option(f"{each}_where")) is not None
    }
    schema = table.schema
    # What is made when it is taken back: the columns of the reverse, the options of the drop.
    options: dict[str, Any] = {"unique": call.says("unique", True), **kept}
    reverse = None
    if not any(each is None for each in parts):
        reverse = ops.CreateIndexOp(
            name,
            table.name,
            parts,  # type: ignore[arg-type]
            schema=schema,
            **options,
        )
    return ops.DropIndexOp(name, table.name, schema=schema, _reverse=reverse, **options)


def _element(node: ast.expr) -> Any:
    """Return the condition that a script writes, as it is for each kind of database."""
    texts = {name: text for name in _DIALECTS if (text := sql_in(node, name)) is not None}
    return steps.conditional(texts) if texts else None
