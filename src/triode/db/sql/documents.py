"""JSON: `User.settings["theme"] == "dark"`, `Order.lines[0]["price"] > 3`.

A comparison holds only where the value has the type of what it is compared with: a text in the
JSON is never more than a number. A key that is missing and a JSON null both are NULL.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import plain, typed
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Call, Comparison
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import OPERATORS, renders
from triode.db.sql.storage import (
    DecimalStorage,
    FlagStorage,
    IntegerStorage,
    JsonStorage,
    RealStorage,
    TextStorage,
)

_JSON: Final = JsonStorage()
_NUMBERS: Final = (IntegerStorage, RealStorage, DecimalStorage)


def _place(builder: Builder, call: Call) -> tuple[Built, Built]:
    """Return the column and the path within it, as text of SQL."""
    [inner] = call.arguments
    built = inner.build(builder)
    if not isinstance(built.type, JsonStorage):
        raise QueryError(
            f"{inner!r} is not JSON, so nothing can be looked up in it.", code="query-not-json"
        )
    is_postgres = builder.family == "postgresql"
    path = _postgres_path(call.options) if is_postgres else _dollar_path(builder, call.options)
    quoted = path.replace("'", "''")
    if builder.family == "generic":
        quoted = quoted.replace("\\", "\\\\")
    return plain(built), sa.literal_column(f"'{quoted}'")


def _dollar_path(builder: Builder, steps: tuple[Any, ...]) -> str:
    found = "$"
    is_sqlite = builder.family == "sqlite"
    for step in steps:
        if isinstance(step, int):
            if step < 0 and not is_sqlite:
                # MariaDB 10.11 takes it, and gives another item in each further row.
                raise QueryError(
                    f"MariaDB counts items of JSON only from the beginning: [{step}].",
                    code="query-not-supported",
                )
            found += f"[{step}]" if step >= 0 else f"[#{step}]"
        elif '"' in step or "\0" in step or ("\\" in step and not is_sqlite):
            name, what = ("SQLite", "") if is_sqlite else ("MariaDB", " or a backslash")
            raise QueryError(
                f"{name} finds no key of JSON that holds a quotation mark{what}: {step!r}.",
                code="query-not-supported",
            )
        else:
            found += f'."{step}"'
    return found


def _postgres_path(steps: tuple[Any, ...]) -> str:
    texts = [str(step).replace("\\", "\\\\").replace('"', '\\"') for step in steps]
    return "{" + ",".join(f'"{text}"' for text in texts) + "}"


@renders("json")
def _value(builder: Builder, call: Call) -> Built:
    """Return the value as JSON; NULL where there is none, or null."""
    column, path = _place(builder, call)
    if builder.family == "sqlite":
        found = sa.func.nullif(column.op("->")(path), sa.literal_column("'null'"))
    elif builder.family == "generic":
        found = sa.func.nullif(sa.func.json_extract(column, path), sa.literal_column("'null'"))
    else:
        found = sa.func.nullif(column.op("#>")(path), sa.literal_column("'null'::jsonb"))
    return typed(found, _JSON)


@renders("json sort")
def _sortable(builder: Builder, call: Call) -> Built:
    column, path = _place(builder, call)
    if builder.family == "sqlite":
        return sa.func.json_extract(column, path)
    if builder.family == "generic":
        raise QueryError(
            f"This database cannot sort by {call!r}, whose values may be of any type. Write "
            "cast(…, int), cast(…, float) or cast(…, str).",
            code="query-not-supported",
        )
    return _value(builder, call)


@renders("json raw text")
def _raw_text(builder: Builder, call: Call) -> Built:
    """Return the value as text, whatever its type."""
    if builder.family == "generic":
        return typed(sa.func.json_unquote(_value(builder, call)), TextStorage())
    column, path = _place(builder, call)
    return typed(column.op("->>" if builder.family == "sqlite" else "#>>")(path), TextStorage())


@renders("json text")
def _text(builder: Builder, call: Call) -> Built:
    """Return a text; NULL where the value is none."""
    column, path = _place(builder, call)
    found = _raw_text(builder, call)
    return typed(sa.case((_is_of(builder, column, path, "text"), found)), TextStorage())


_MYSQL_KINDS: Final = {
    "number": ("INTEGER", "UNSIGNED INTEGER", "DOUBLE", "DECIMAL"),
    "flag": ("BOOLEAN",),
    "text": ("STRING",),
}


def _is_of(builder: Builder, column: Built, path: Built, kind: str) -> Built:
    if builder.family == "sqlite":
        names = {"number": ("integer", "real"), "flag": ("true", "false"), "text": ("text",)}[kind]
        return sa.func.json_type(column, path).in_([sa.literal_column(f"'{n}'") for n in names])
    if builder.family == "generic":
        words = _MYSQL_KINDS[kind]
        found = sa.func.json_type(sa.func.json_extract(column, path))
        return found.in_([sa.literal_column(f"'{word}'") for word in words])
    name = {"number": "number", "flag": "boolean", "text": "string"}[kind]
    found = sa.func.jsonb_typeof(column.op("#>")(path))
    return plain(found) == sa.literal_column(f"'{name}'")


def compare(builder: Builder, comparison: Comparison) -> Built:
    """Compare a value in JSON with a value of a plain type.

    Raises:
        QueryError: it is of another type, such as a date.
    """
    call: Any = comparison.left
    column, path = _place(builder, call)
    right = comparison.right.build(builder)
    kind = _kind(call, right.type)
    compared = OPERATORS[comparison.operator](_as(builder, column, path, kind), plain(right))
    return sa.case(
        (_value(builder, call).is_(None), sa.null()),
        (_is_of(builder, column, path, kind), compared),
        else_=sa.true() if comparison.operator == "ne" else sa.false(),
    )


renders("json compare")(compare)


def _kind(call: Call, storage: Any) -> str:
    if isinstance(storage, FlagStorage):
        return "flag"
    if isinstance(storage, _NUMBERS):
        return "number"
    if isinstance(storage, TextStorage):
        return "text"
    raise QueryError(
        f"{call!r} is a value in JSON: compare it with a text, a number, True or False. Write a "
        "date as the text that stands there.",
        code="query-wrong-type",
    )


def _as(builder: Builder, column: Built, path: Built, kind: str) -> Built:
    if builder.family == "sqlite":
        return plain(sa.func.json_extract(column, path))
    if builder.family == "generic":
        found = sa.func.json_extract(column, path)
        if kind == "flag":
            return plain(found) == sa.literal_column("'true'")
        return plain(
            sa.cast(found, sa.Double()) if kind == "number" else sa.func.json_unquote(found)
        )
    text = column.op("#>>")(path)
    target: Any = {"number": sa.Numeric(), "flag": sa.Boolean(), "text": sa.Text()}[kind]
    return plain(sa.cast(text, target))
