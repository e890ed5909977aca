"""Keys of several columns in conditions: to be one of some, to be another than one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ClauseList, Grouping, UnaryExpression
from sqlalchemy.sql.operators import custom_op

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder, Path
from triode.db.sql.expressions import Condition, Expression, Missing, Selected
from triode.db.sql.nodes import IN_LIMIT, Built


class KeyAmong(Condition):
    """Columns that together are one of some keys; padded to a power of two, as `Among` is."""

    __slots__ = ("columns", "count", "is_refusal")

    def __init__(
        self, columns: Sequence[Expression], keys: Iterable[Any], *, is_refusal: bool = False
    ) -> None:
        listed = [_checked(columns, key) for key in keys]
        if len(listed) * len(columns) > IN_LIMIT:
            raise QueryError(
                f"{len(listed)} keys of {len(columns)} columns are too many for one query; "
                f"{IN_LIMIT} values are possible. Ask in parts.",
                code="query-too-many-values",
            )
        self.columns = tuple(columns)
        self.is_refusal = is_refusal
        self.count = 1 << (len(listed) - 1).bit_length() if listed else 0
        padded = [*listed, *([listed[-1]] * (self.count - len(listed)) if listed else [])]
        shapes = [column.shape for column in columns]
        self.shape = ("keys", self.count, is_refusal, *shapes)
        inner = [value for column in columns for value in column.values]
        self.values = (*inner, *(value for key in padded for value in key))

    def __repr__(self) -> str:
        return f"(({', '.join(map(repr, self.columns))}) in …)"

    def build_here(self, builder: Builder) -> Built:
        built = [column.build(builder) for column in self.columns]
        keys = [[builder.bind(column.type) for column in built] for _ in range(self.count)]
        if not keys:
            found: Built = sa.false()
        elif len(keys) == 1:
            found = sa.and_(*(one == other for one, other in zip(built, keys[0], strict=True)))
        else:
            found = _row_in(builder, built, keys)
        if not self.is_refusal:
            return found
        # As with one column: rows without a value are left out.
        return sa.and_(*(column.is_not(None) for column in built), sa.not_(found))

    def many_paths(self) -> set[Path]:
        return set().union(*(column.many_paths() for column in self.columns))


def _checked(columns: Sequence[Expression], key: Any) -> Sequence[Any]:
    if not isinstance(key, tuple | list) or len(key) != len(columns):
        names = ", ".join(map(repr, columns))
        raise QueryError(
            f"{key!r} is no key of ({names}): give a tuple of as many values.", code="query-key"
        )
    return key


def _row_in(builder: Builder, columns: Sequence[Built], keys: Sequence[Sequence[Any]]) -> Built:
    rows: list[Any] = [sa.tuple_(*key) for key in keys]
    found: Built
    if builder.family == "sqlite":
        # SQLite knows no list of row values, but a list of rows.
        inner: Any = ClauseList(*rows, group=False)
        listed: Any = UnaryExpression(inner, operator=custom_op("VALUES"))
        found = sa.tuple_(*columns).op("IN", is_comparison=True)(Grouping(listed))
    else:
        found = sa.tuple_(*columns).in_(rows)
    return found


class KeyInQuery(Condition):
    """Columns that together are a row of a query."""

    __slots__ = ("columns", "query")

    def __init__(self, columns: Sequence[Expression], query: Any) -> None:
        self.columns = tuple(columns)
        self.query = query
        self.shape = ("key in", *(column.shape for column in columns), query.shape)
        inner = [value for column in columns for value in column.values]
        self.values = (*inner, *query.values)

    def build_here(self, builder: Builder) -> Built:
        built = [column.build(builder) for column in self.columns]
        found: Built = sa.tuple_(*built).in_(self.query.make(builder))
        return found

    def many_paths(self) -> set[Path]:
        return set().union(*(column.many_paths() for column in self.columns))


def among_keys(columns: Sequence[Expression], keys: Any) -> Condition:
    """Be one of some keys: values where the key has one column, else tuples; or rows of a query."""
    if len(columns) > 1 and isinstance(keys, Selected):
        return KeyInQuery(columns, keys.as_rows(len(columns)))
    return columns[0].in_(keys) if len(columns) == 1 else KeyAmong(columns, keys)


def has_key(columns: Sequence[Expression], key: Any) -> Condition:
    """Be one key; None means that a part of it has no value."""
    if len(columns) == 1:
        return columns[0].equals(key)
    if key is not None:
        return KeyAmong(columns, [key])
    found: Condition = Missing(columns[0])
    for column in columns[1:]:
        found = found | Missing(column)
    return found


def has_other_key(columns: Sequence[Expression], key: Any) -> Condition:
    """Be another key than this; None means that every part of it has a value."""
    if len(columns) == 1:
        return columns[0].differs(key)
    return ~has_key(columns, None) if key is None else KeyAmong(columns, [key], is_refusal=True)
