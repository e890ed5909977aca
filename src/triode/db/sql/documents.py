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
from triode.db.sql.expressions import OPERATORS, Built, Call, Comparison
from triode.db.sql.rendering import renders
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
    if builder.family == "generic":
        raise QueryError(
            "Paths into JSON are for SQLite and PostgreSQL only.", code="query-not-supported"
        )
    is_sqlite = builder.family == "sqlite"
    path = _sqlite_path(call.options) if is_sqlite else _postgres_path(call.options)
    quoted = path.replace("'", "''")
    return plain(built), sa.literal_column(f"'{quoted}'")


def _sqlite_path(steps: tuple[Any, ...]) -> str:
    found = "$"
    for step in steps:
        if isinstance(step, int):
            found += f"[{step}]" if step >= 0 else f"[#{step}]"
        elif '"' in step or "\0" in step:
            raise QueryError(
                f"SQLite finds no key of JSON that holds a quotation mark: {step!r}.",
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
    else:
        found = sa.func.nullif(column.op("#>")(path), sa.literal_column("'null'::jsonb"))
    return typed(found, _JSON)


@renders("json sort")
def _sortable(builder: Builder, call: Call) -> Built:
    column, path = _place(builder, call)
    if builder.family == "sqlite":
        return sa.func.json_extract(column, path)
    return _value(builder, call)


@renders("json raw text")
def _raw_text(builder: Builder, call: Call) -> Built:
    """Return the value as text, whatever its type."""
    column, path = _place(builder, call)
    return typed(column.op("->>" if builder.family == "sqlite" else "#>>")(path), TextStorage())


@renders("json text")
def _text(builder: Builder, call: Call) -> Built:
    """Return a text; NULL where the value is none."""
    column, path = _place(builder, call)
    found = _raw_text(builder, call)
    return typed(sa.case((_is_of(builder, column, path, "text"), found)), TextStorage())


def _is_of(builder: Builder, column: Built, path: Built, kind: str) -> Built:
    if builder.family == "sqlite":
        names = {"number": ("integer", "real"), "flag": ("true", "false"), "text": ("text",)}[kind]
        return sa.func.json_type(column, path).in_([sa.literal_column(f"'{n}'") for n in names])
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
    text = column.op("#>>")(path)
    target: Any = {"number": sa.Numeric(), "flag": sa.Boolean(), "text": sa.Text()}[kind]
    return plain(sa.cast(text, target))
