"""What in a script would lock a large table, lose data, or fail on the rows that exist.

The script is read, not run, so that steps written by hand are seen too. A line with the comment
`# safe: …`, which says why, is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple


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
    return found


def calls_in(path: Path) -> list[Call]:
    """Return the operations of a script's upgrade, in their order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [call for function in _steps(tree) for call in _calls(function, "")]


def _steps(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Give the functions that an upgrade runs: all but `downgrade`."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name != "downgrade":
            yield node


def _calls(node: ast.AST, table: str) -> Iterator[Call]:
    """Give the operations below a node; those of a batch have the table of the batch."""
    if isinstance(node, ast.With):
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and _called(call) == "batch_alter_table":
                table = _text(call, 0)
    if isinstance(node, ast.Call):
        yield _operation(node, table)
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, table)


def _operation(node: ast.Call, table: str) -> Call:
    name = _called(node)
    is_batch = isinstance(node.func, ast.Attribute) and _is_named(node.func.value, "batch_op")
    if is_batch:
        return Call(name, table, _text(node, 0) or _column_of(node), node)
    if name == "drop_index":
        given = next((each.value for each in node.keywords if each.arg == "table_name"), None)
        return Call(name, _plain_text(given) if given else _text(node, 1), _text(node, 0), node)
    position = 0 if name in ("create_table", "drop_table", "rename_table") else 1
    if name in ("drop_column", "alter_column", "add_column", "rename_column"):
        return Call(name, _text(node, 0), _text(node, 1) or _column_of(node), node)
    return Call(name, _text(node, position), _text(node, 0), node)


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
    if call.says("unique", True):
        return _unique(call, dialect)
    if dialect != "postgresql" or concurrently:
        return None
    return (
        f"makes the index {call.subject}: nobody writes to {call.table} meanwhile.",
        "Give it postgresql_concurrently=True, inside `with op.get_context().autocommit_block():`.",
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
    "create_unique_constraint": _unique,
    "create_foreign_key": _constraint,
    "create_check_constraint": _constraint,
}
