"""What in a script would lock a large table, lose data, or fail on the rows that exist.

The script is read, not run, so that steps written by hand are seen too. A line with the comment
`# safe: …`, which says why, is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from triode.db.migrations.sql_dangers import danger_of


class Danger(NamedTuple):
    """One line of a script, what it would do, and the safe way."""

    file: str
    line: int
    what: str
    safe_way: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what} {self.safe_way}"


class Call(NamedTuple):
    """One operation of a script: what is done, to which table, to what in it."""

    name: str
    table: str
    subject: str
    node: ast.Call
    is_alone: bool = False
    """Whether it stands in an `autocommit_block`, outside of the transaction."""

    @property
    def texts(self) -> list[str]:
        """The arguments that are plain texts, those in op.f(…) included."""
        return [text for at in range(len(self.node.args)) if (text := _text(self.node, at))]

    @property
    def columns(self) -> list[str]:
        """The names of the columns among the arguments."""
        inner = (each for each in self.node.args if isinstance(each, ast.Call))
        return [_text(each, 0) for each in inner if _called(each) == "Column"]

    @property
    def constraint_name(self) -> str:
        """The `name=` of a constraint, that in op.f(…) included."""
        given = self.option("name")
        return "" if given is None else _plain_text(given)

    def option(self, name: str) -> ast.expr | None:
        return next((each.value for each in self.node.keywords if each.arg == name), None)

    def says(self, name: str, value: object) -> bool:
        given = self.option(name)
        return isinstance(given, ast.Constant) and given.value is value


_OF_TABLES: Final = ("create_table", "drop_table", "rename_table", "create_search", "drop_search")
"""Operations that name a table first."""

_Rule = Callable[[Call, str], "tuple[str, str] | None"]


def find_dangers(path: Path, dialect: str) -> list[Danger]:
    """Return what is dangerous in the `upgrade` of a script, on one kind of database."""
    lines = path.read_text(encoding="utf-8").splitlines()
    calls = calls_in(path)
    made = {call.table for call in calls if call.name == "create_table"}
    found = []
    for call in calls:
        rule = _RULES.get(call.name)
        # A table that the same script makes has no rows yet.
        if rule is None or call.table in made or "# safe:" in lines[call.node.lineno - 1]:
            continue
        told = rule(call, dialect)
        if told is not None:
            found.append(Danger(path.name, call.node.lineno, *told))
    filled = _filled_under_a_lock(calls, made) if dialect == "postgresql" else None
    if filled is not None and "# safe:" not in lines[filled.node.lineno - 1]:
        found.append(
            Danger(
                path.name,
                filled.node.lineno,
                "changes rows in the transaction that altered a table: nobody uses that table "
                "until all is done.",
                "Put the step into a migration of its own, after this one.",
            )
        )
    return found


def _filled_under_a_lock(calls: Sequence[Call], made: set[str]) -> Call | None:
    """Return the first step for rows that stands behind a change of a table with rows."""
    altered = False
    for call in calls:
        altered |= call.name in _ALTERATIONS and call.table not in made
        if altered and call.name in ("run", "bulk_insert") and not call.is_alone:
            return call
    return None


_ALTERATIONS: Final = frozenset(
    {"add_column", "alter_column", "drop_column", "rename_column", "create_check_constraint"}
)


def calls_in(path: Path) -> list[Call]:
    """Return the operations of a script's upgrade, in their order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [call for function in _steps(tree) for call in _calls(function, "", is_alone=False)]


def _steps(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Give the functions that an upgrade runs: all but `downgrade`."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name != "downgrade":
            yield node


def _calls(node: ast.AST, table: str, *, is_alone: bool) -> Iterator[Call]:
    """Give the operations below a node; those of a batch have the table of the batch."""
    if isinstance(node, ast.With):
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and _called(call) == "batch_alter_table":
                table = _qualified(call, _text(call, 0))
            is_alone |= isinstance(call, ast.Call) and _called(call) == "autocommit_block"
    if isinstance(node, ast.Call):
        yield _operation(node, table)._replace(is_alone=is_alone)
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, table, is_alone=is_alone)


def _operation(node: ast.Call, table: str) -> Call:
    name = _called(node)
    is_batch = isinstance(node.func, ast.Attribute) and _is_named(node.func.value, "batch_op")
    if is_batch:
        return Call(name, table, _text(node, 0) or _column_of(node), node)
    if name == "drop_index":
        given = next((each.value for each in node.keywords if each.arg == "table_name"), None)
        table = _plain_text(given) if given else _text(node, 1)
        return Call(name, _qualified(node, table), _text(node, 0), node)
    position = 0 if name in _OF_TABLES else 1
    if name in ("drop_column", "alter_column", "add_column", "rename_column"):
        table = _qualified(node, _text(node, 0))
        return Call(name, table, _text(node, 1) or _column_of(node), node)
    return Call(name, _qualified(node, _text(node, position)), _text(node, 0), node)


def _qualified(node: ast.Call, table: str) -> str:
    """Return "schema.table" where the call names a schema."""
    given = next((each.value for each in node.keywords if each.arg == "schema"), None)
    is_named = isinstance(given, ast.Constant) and isinstance(given.value, str)
    return f"{given.value}.{table}" if is_named and table else table  # type: ignore[union-attr]


def _column_of(node: ast.Call) -> str:
    """Return the name in the `sa.Column("name", …)` among the arguments."""
    inner = (each for each in node.args if isinstance(each, ast.Call))
    return next((_text(each, 0) for each in inner if _called(each) == "Column"), "")


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _text(node: ast.Call, position: int) -> str:
    return _plain_text(node.args[position]) if position < len(node.args) else ""


def _plain_text(argument: ast.expr) -> str:
    if isinstance(argument, ast.Call) and _called(argument) == "f":  # op.f("name")
        return _text(argument, 0)
    value = argument.value if isinstance(argument, ast.Constant) else None
    return value if isinstance(value, str) else ""


def _drop_table(call: Call, dialect: str) -> tuple[str, str]:
    return (
        f"drops the table {call.table} with all its rows.",
        "Release a version that does not use it first, and keep a backup.",
    )


def _drop_column(call: Call, dialect: str) -> tuple[str, str]:
    return (
        f"drops {call.table}.{call.subject} with what it holds.",
        "Release a version that does not use it first, and keep a backup.",
    )


def _add_column(call: Call, dialect: str) -> tuple[str, str] | None:
    column = next((each for each in call.node.args if isinstance(each, ast.Call)), None)
    if column is None:
        return None
    inner = Call("Column", call.table, call.subject, column)
    default = inner.option("server_default")
    if inner.says("nullable", False) and default is None:
        return (
            f"adds {call.table}.{call.subject}, which may not be empty, without a default: it "
            "fails where rows exist.",
            "Add it with nullable=True, fill it in a step, then alter it to nullable=False.",
        )
    is_stored = any(
        isinstance(each, ast.Call) and _called(each) in ("Computed", "Identity")
        for each in column.args
    )
    if is_stored and dialect != "sqlite":
        return (
            f"adds {call.table}.{call.subject}, which the database computes: every row is written "
            "anew, and nobody reads or writes meanwhile.",
            "Add a plain column, fill it in batches, and let the code or a trigger keep it.",
        )
    text = _text(default, 0) if isinstance(default, ast.Call) and _called(default) == "text" else ""
    if dialect == "postgresql" and "(" in text:
        return (
            f"adds {call.table}.{call.subject} with a computed default: PostgreSQL writes every "
            "row anew, and nobody reads meanwhile, if the function is volatile.",
            "Add it without a default, fill it in batches, then set the default.",
        )
    return None


def _alter_column(call: Call, dialect: str) -> tuple[str, str] | None:
    name = f"{call.table}.{call.subject}"
    if call.option("type_") is not None:
        return (
            f"changes the type of {name}: every row is written anew, nobody else writes meanwhile, "
            "and a value that does not fit makes it fail.",
            "Add a new column, fill it in batches, let the code use it, then drop the old one.",
        )
    if call.says("nullable", False):
        return (
            f"forbids empty values in {name}: it fails where there are any, and reads the whole "
            "table under a lock.",
            f"Fill them first; on PostgreSQL add CHECK ({call.subject} IS NOT NULL) NOT VALID, "
            "validate it, and then forbid them."
            if dialect == "postgresql"
            else "Fill them first, in a step before this line.",
        )
    return None if call.option("new_column_name") is None else _rename(call, dialect)


def _rename(call: Call, dialect: str) -> tuple[str, str]:
    what = call.table if call.name == "rename_table" else f"{call.table}.{call.subject}"
    return (
        f"renames {what}: the version of the program that still runs fails on the old name.",
        "Stop it first, or keep both names for one release.",
    )


def _create_index(call: Call, dialect: str) -> tuple[str, str] | None:
    concurrently = call.says("postgresql_concurrently", True)
    if concurrently and not call.is_alone and dialect == "postgresql":
        return _not_alone(call)
    if call.says("unique", True):
        return _unique(call, dialect)
    if dialect != "postgresql" or concurrently:
        return None
    return (
        f"makes the index {call.subject}: nobody writes to {call.table} meanwhile.",
        "Give it postgresql_concurrently=True, inside `with op.get_context().autocommit_block():`.",
    )


def _not_alone(call: Call) -> tuple[str, str]:
    return (
        f"touches the index {call.subject} concurrently inside of a transaction: PostgreSQL "
        "refuses that.",
        "Put it inside `with op.get_context().autocommit_block():`.",
    )


def _drop_index(call: Call, dialect: str) -> tuple[str, str] | None:
    if dialect != "postgresql":
        return None
    if not call.says("postgresql_concurrently", True):
        return (
            f"drops the index {call.subject}: nobody uses its table while it waits for its turn "
            "and does so.",
            "Give it postgresql_concurrently=True, inside "
            "`with op.get_context().autocommit_block():`.",
        )
    return None if call.is_alone else _not_alone(call)


def _key(call: Call, dialect: str) -> tuple[str, str]:
    safe = "Look for duplicates and empty values first, and mend them in a step."
    if dialect == "postgresql":
        safe += (
            " To keep others writing, make a unique index with postgresql_concurrently=True in an "
            "autocommit_block(), then ALTER TABLE … ADD CONSTRAINT … PRIMARY KEY USING INDEX."
        )
    return (
        f"makes the primary key {call.subject}: it fails where values repeat, and nobody reads or "
        "writes meanwhile.",
        safe,
    )


def _exclusion(call: Call, dialect: str) -> tuple[str, str]:
    return (
        f"adds the exclusion {call.subject}: it fails where rows collide, and nobody reads or "
        "writes meanwhile; PostgreSQL has no gentle way.",
        "Do it while few use the table, with a lock_timeout.",
    )


def _own_sql(call: Call, dialect: str) -> tuple[str, str] | None:
    argument = call.node.args[0] if call.node.args else None
    is_text = isinstance(argument, ast.Call) and _called(argument) == "text"
    text = _text(argument, 0) if is_text and isinstance(argument, ast.Call) else _text(call.node, 0)
    return danger_of(text, dialect)


def _create_search(call: Call, dialect: str) -> tuple[str, str] | None:
    if dialect != "postgresql":
        return None
    return (
        f"makes {call.table} searched: every row is written anew, and nobody reads or writes "
        "meanwhile.",
        "Do it while few people are about; there is no other way to have the database compute it.",
    )


def _drop_search(call: Call, dialect: str) -> tuple[str, str]:
    return (
        f"drops the search of {call.table}: the version of the program that still runs fails "
        "where it searches.",
        "Release a version that does not search it first.",
    )


def _unique(call: Call, dialect: str) -> tuple[str, str]:
    safe = "Look for duplicates first, and merge them in a step."
    if dialect == "postgresql":
        safe += (
            " To keep others writing, make a unique index with postgresql_concurrently=True in an "
            "autocommit_block(), then ALTER TABLE … ADD CONSTRAINT … UNIQUE USING INDEX."
        )
    return f"makes {call.subject} unique in {call.table}: it fails where values repeat.", safe


def _constraint(call: Call, dialect: str) -> tuple[str, str]:
    safe = "Look for such rows first, and mend them in a step."
    if dialect == "postgresql":
        safe += (
            " To keep others writing, add it with postgresql_not_valid=True, and "
            "ALTER TABLE … VALIDATE CONSTRAINT in a later migration."
        )
    return (
        f"adds the constraint {call.subject} to {call.table}: it fails where rows break it, and "
        "reads the whole table under a lock.",
        safe,
    )


_RULES: Final[dict[str, _Rule]] = {
    "drop_table": _drop_table,
    "drop_column": _drop_column,
    "add_column": _add_column,
    "alter_column": _alter_column,
    "rename_column": _rename,
    "rename_table": _rename,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "create_primary_key": _key,
    "create_exclude_constraint": _exclusion,
    "execute": _own_sql,
    "run": _own_sql,
    "create_search": _create_search,
    "drop_search": _drop_search,
    "create_unique_constraint": _unique,
    "create_foreign_key": _constraint,
    "create_check_constraint": _constraint,
}
