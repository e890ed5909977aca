"""Columns instead of objects: dicts, tuples, single values, or rows of a class of yours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from triode.db.engine import Channel, Row
from triode.db.errors import QueryError
from triode.db.queries.selecting import Selecting, refuse_width
from triode.db.queries.streaming import Streamed
from triode.db.sources import HasChannels
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Expression, Selected
from triode.db.sql.plan import Plan
from triode.db.sql.subqueries import Exists, QueryValue
from triode.db.statement import Operation, Statement
from triode.db.tables.table import ModelTable

R = TypeVar("R")
Maker = Callable[[Plan, list[Row]], list[R]]
"""Makes what is wanted of rows as the driver gives them."""


class Selection(Selected, Streamed[R]):
    """A query of some columns; it may stand within another query if it has one column."""

    __slots__ = ("_columns", "_make", "_names", "_query")

    def __init__(
        self, query: Selecting, columns: Sequence[Expression], names: Sequence[str], make: Maker[R]
    ) -> None:
        self._query = query
        self._columns = list(columns)
        self._names = list(names)
        self._make = make

    async def execute(self, channel: Channel) -> list[R]:
        """See `Statement.execute`."""
        plan, parameters = self._planned(channel)
        rows = await channel.read(plan.sql, parameters)
        return self._query._kept(self._make(plan, rows))

    async def _made(self, channel: Channel, plan: Plan, rows: list[Row]) -> list[R]:
        return self._query._kept(self._make(plan, rows))

    def _planned(self, channel: Channel) -> tuple[Plan, Sequence[Any]]:
        query = self._query
        matched = query.matches(self._columns)
        kind = ("select", matched, *(each.shape for each in self._columns))
        plan = query._plan(
            channel,
            kind,
            lambda builder: query.select(builder, self._columns, self._labels(), matched=matched),
        )
        values = [value for each in self._columns for value in each.values]
        return plan, plan.parameters([*values, *query._values(matched)])

    @property
    def database(self) -> HasChannels:
        """Where it goes to."""
        return self._query.find()

    def _labels(self) -> list[str]:
        return [f"c{number}" for number in range(len(self._columns))]

    def first(self) -> Statement[R | None]:
        """Give the first row, None if there is none."""

        async def execute(channel: Channel) -> R | None:
            limited = self._query._copy()
            limited._limit = 1 if limited._limit is None else min(1, limited._limit)
            found = await Selection(limited, self._columns, self._names, self._make).execute(
                channel
            )
            return found[0] if found else None

        return Operation(execute, self._query.find)

    def union(self, *others: Selection[R], all: bool = False) -> Statement[list[R]]:
        """Give these rows and those of `others`, each once unless `all`."""
        return Compound("union all" if all else "union", [self, *others])

    def intersect(self, *others: Selection[R]) -> Statement[list[R]]:
        """Give the rows that are among those of all `others` too."""
        return Compound("intersect", [self, *others])

    def except_(self, *others: Selection[R]) -> Statement[list[R]]:
        """Give the rows that are among those of none of `others`."""
        return Compound("except", [self, *others])

    def as_expression(self) -> QueryValue:
        """Return it as a query within another one.

        Raises:
            QueryError: it has several columns.
        """
        if len(self._columns) != 1:
            raise QueryError(
                f"A query within another one gives one column, not {len(self._columns)}. Write "
                "query.column(Hero.team_id).",
                code="query-many-columns",
            )
        return self._query.as_value(self._columns)

    def as_rows(self, count: int) -> QueryValue:
        """Return it as rows of `count` columns within another query.

        Raises:
            QueryError: it has another number of them.
        """
        refuse_width(len(self._columns), count)
        return self._query.as_value(self._columns)

    def as_exists(self) -> Exists:
        """Return whether there is any row, as a condition of another query."""
        return self._query.as_exists()


_COMBINE: dict[str, Callable[..., Any]] = {
    "union": sa.union,
    "union all": sa.union_all,
    "intersect": sa.intersect,
    "except": sa.except_,
}


class Compound(Statement[list[R]]):
    """Several selections made one."""

    __slots__ = ("_operator", "_parts")

    def __init__(self, operator: str, parts: list[Selection[R]]) -> None:
        widths = {len(part._columns) for part in parts}
        if len(widths) != 1 or len(parts) < 2:
            raise QueryError(
                "union, intersect and except_ take queries of as many columns.",
                code="query-many-columns",
            )
        self._operator = operator
        self._parts = parts

    @property
    def database(self) -> HasChannels:
        """Where it goes to."""
        return self._parts[0]._query.find()

    async def execute(self, channel: Channel) -> list[R]:
        """See `Statement.execute`."""
        queries = [part._query.as_value(part._columns) for part in self._parts]
        first = self._parts[0]
        shape = ("compound", self._operator, *(query.shape for query in queries))

        def make(builder: Builder) -> Any:
            selects = [query.make(builder) for query in queries]
            return _COMBINE[self._operator](
                *[sa.select(select.correlate(None).subquery()) for select in selects]
            )

        plan = Selecting(first._query.table)._plan(channel, shape, make)
        values = [value for query in queries for value in query.values]
        rows = await channel.read(plan.sql, plan.parameters(values))
        return first._make(plan, rows)


def as_dicts(names: Sequence[str]) -> Maker[dict[str, Any]]:
    """Return what makes a dict of each row."""
    named = tuple(names)
    return lambda plan, rows: plan.dicts(named, rows)


def as_objects(kind: Callable[..., R], names: Sequence[str]) -> Maker[R]:
    """Return what calls a class with the values of each row, by name."""
    named = tuple(names)
    return lambda plan, rows: [kind(**values) for values in plan.dicts(named, rows)]


def as_values(plan: Plan, rows: list[Row]) -> list[Any]:
    """Return the first value of each row."""
    return [row[0] for row in plan.load(rows)]


def as_tuples(table: ModelTable, parts: Sequence[int | None]) -> Maker[Any]:
    """Return what makes a tuple of each row; a part that is None is an object of the model."""
    width = len(table.loaded)
    if None not in parts:
        return lambda plan, rows: list(map(tuple, plan.load(rows)))

    def make(plan: Plan, rows: list[Row]) -> list[Any]:
        rows = plan.load(rows)
        columns: list[list[Any]] = []
        start = 0
        for part in parts:
            end = start + (width if part is None else 1)
            if part is None:
                columns.append(table.build([tuple(row[start:end]) for row in rows]))
            else:
                columns.append([row[start] for row in rows])
            start = end
        return list(zip(*columns, strict=True)) if rows else []

    return make
