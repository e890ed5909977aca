"""Queries within queries: `exists`, `outer(Team.id)`, a query of one column as a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import typed
from triode.db.sql.builder import Builder
from triode.db.sql.column import Column
from triode.db.sql.expressions import Condition, Expression
from triode.db.sql.nodes import Built
from triode.db.sql.plan import Shape


class QueryValue(Expression):
    """A query of one column, as a value: in a comparison, among `values`, in `in_`.

    `make` builds the SELECT within a builder; its parameters come in the order of `values`.
    """

    __slots__ = ("make", "name")

    def __init__(
        self, make: Callable[[Builder], Any], shape: Shape, values: tuple[Any, ...], name: str
    ) -> None:
        self.make = make
        self.shape = ("query", shape)
        self.values = values
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def build(self, builder: Builder) -> Built:
        select = self.make(builder)
        kind = select.selected_columns[0].type
        return typed(select.scalar_subquery(), kind)

    def build_rows(self, builder: Builder) -> Any:
        """Return the SELECT itself, for IN."""
        return self.make(builder)


class Exists(Condition):
    """Whether a query gives any row."""

    __slots__ = ("make",)

    def __init__(
        self, make: Callable[[Builder], Any], shape: Shape, values: tuple[Any, ...]
    ) -> None:
        self.make = make
        self.shape = ("exists", shape)
        self.values = values

    def build_here(self, builder: Builder) -> Built:
        found: Built = self.make(builder).exists()
        return found


class Outer(Expression):
    """A column of the query around this one."""

    __slots__ = ("column",)

    def __init__(self, column: Column) -> None:
        self.column = column
        self.shape = ("outer", column.shape)
        self.values = ()

    def __repr__(self) -> str:
        return f"outer({self.column!r})"

    def build(self, builder: Builder) -> Built:
        start = self.column.path[0].source if self.column.path else self.column.owner
        around = builder.outer
        while around is not None:
            if around.owner is start:
                return around.column(self.column.path, self.column.name)
            around = around.outer
        raise QueryError(
            f"{self!r} stands in no query within a query of {start!r}.", code="query-no-outer"
        )


def exists(query: Any) -> Condition:
    """Be there any row that `query` gives; `outer(…)` in it means the query around.

    Raises:
        QueryError: it is no query.
    """
    make = getattr(query, "as_exists", None)
    if make is None:
        raise QueryError(
            f"{query!r} is no query. Write exists(Hero.where(Hero.team_id == outer(Team.id))).",
            code="query-not-a-query",
        )
    return make()  # type: ignore[no-any-return]


def outer(field: Any) -> Any:
    """Return a field of the query around this one.

    Raises:
        QueryError: it is no field of a model.
    """
    column = getattr(field, "as_column", None)
    found = field if column is None else column()
    if not isinstance(found, Column):
        raise QueryError(
            f"{field!r} is not a field of a model. Write outer(Team.id).", code="query-not-a-field"
        )
    return Outer(found)
