"""A key to sort by."""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement

from triode.db.sql.builder import Builder, Path
from triode.db.sql.plan import Shape


class Sortable(Protocol):
    """What an order needs of an expression."""

    shape: Shape
    values: tuple[Any, ...]

    def build_sortable(self, builder: Builder) -> ColumnElement[Any]: ...

    def many_paths(self) -> set[Path]: ...


class Order:
    """One key to sort by."""

    __slots__ = ("inner", "is_descending", "nulls", "shape", "values")

    def __init__(self, inner: Sortable, *, is_descending: bool, nulls: str | None = None) -> None:
        self.inner = inner
        self.is_descending = is_descending
        self.nulls = nulls
        self.shape: Shape = ("order", is_descending, nulls, inner.shape)
        self.values = inner.values

    def nulls_first(self) -> Order:
        """Put rows without a value first."""
        return Order(self.inner, is_descending=self.is_descending, nulls="first")

    def nulls_last(self) -> Order:
        """Put rows without a value last."""
        return Order(self.inner, is_descending=self.is_descending, nulls="last")

    def build(self, builder: Builder) -> ColumnElement[Any]:
        return self.directed(builder, self.inner.build_sortable(builder))

    def directed(self, builder: Builder, built: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the key made of what is sorted by."""
        ordered = built.desc() if self.is_descending else built.asc()
        if self.nulls is None:
            return ordered
        if builder.family == "generic":
            # MySQL, MariaDB and SQL Server have no word for it.
            ranks: list[Any] = [sa.literal_column(rank) for rank in ("0", "1")]
            if self.nulls == "last":
                ranks.reverse()
            rank = sa.case((built.is_(None), ranks[0]), else_=ranks[1])
            return sa.sql.expression.ClauseList(rank, ordered, group=False)  # type: ignore[return-value]
        return ordered.nulls_first() if self.nulls == "first" else ordered.nulls_last()
