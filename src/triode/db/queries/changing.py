"""Change many rows by one statement: `query.update(…)`, `query.delete()`, what they return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar, overload

import sqlalchemy as sa

from triode.db.engine import Channel, Outcome, Write
from triode.db.errors import QueryError, ValueRefused
from triode.db.queries.selecting import PLAIN, Selecting
from triode.db.sql.builder import Builder
from triode.db.sql.column import Column
from triode.db.sql.expressions import as_expression
from triode.db.sql.plan import Plan
from triode.db.statement import Statement, WriteOperation
from triode.db.tables.lookup import check_values, field_of
from triode.db.writes.refusals import blame, blame_conditions
from triode.db.writes.writing import assignments, versioned, write_checked

M = TypeVar("M")
Make = Callable[[Builder], Any]


class Change(WriteOperation[int], Generic[M]):
    """An update or a deletion that waits to be run; it gives the number of rows."""

    __slots__ = ("_changes", "_kind", "_make", "_query", "_values")

    def __init__(
        self,
        query: Selecting,
        kind: tuple[Any, ...],
        make: Make,
        *,
        values: tuple[Any, ...] = (),
        changes: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(self._count, f"Query.{kind[0]}(…)", query.find)
        self._query = query
        self._kind = kind
        self._make = make
        self._values = values
        self._changes = changes

    @overload
    def returning(self) -> Statement[list[M]]: ...
    @overload
    def returning(self, first: Any, /, *fields: Any) -> Statement[list[tuple[Any, ...]]]: ...
    def returning(self, *fields: Any) -> Statement[Any]:
        """Give the rows as they are now, or were before they were deleted; not their number.

        With fields it gives tuples of these.
        """
        name, self._name = self._name, None
        columns = [self._column(field) for field in fields] or [
            field.name for field in self._query.table.loaded
        ]

        async def execute(channel: Channel) -> list[Any]:
            self._refuse_returning(channel)
            plan, outcome = await self._run(channel, columns)
            rows = plan.load(outcome.rows)
            return [tuple(row) for row in rows] if fields else self._query.table.build(rows)

        return WriteOperation(execute, name or "returning(…)", self._query.find)

    def _refuse_returning(self, channel: Channel) -> None:
        dialect = channel.engine.dialect
        is_update = self._kind[0] == "update"
        if not (dialect.update_returning if is_update else dialect.delete_returning):
            verb = "an update" if is_update else "a deletion"
            raise QueryError(
                f"{dialect.name} gives no rows of {verb}. Read them in one transaction with it: "
                "rows = await query.for_update(), then the change.",
                code="query-not-supported",
            )

    def _column(self, field: Any) -> str:
        found = field_of(self._query.table, field)
        if not isinstance(found, Column) or found.path:
            raise QueryError(
                f"returning takes fields of {self._query.table.model_name}, not {found!r}.",
                code="query-unknown-field",
            )
        return found.name

    async def _count(self, channel: Channel) -> int:
        _, outcome = await self._run(channel, [])
        return outcome.changed

    async def _run(self, channel: Channel, columns: list[str]) -> tuple[Plan, Outcome]:
        def make(builder: Builder) -> Any:
            statement = self._make(builder)
            table = self._query.table.table
            return (
                statement.returning(*(table.c[name] for name in columns)) if columns else statement
            )

        query = self._query
        plan = query._plan(channel, (*self._kind, *columns), make)
        try:
            write = Write(plan.sql, plan.parameters([*self._values, *query._values()]))
            [outcome] = await write_checked(channel, query.table, [write], self._changes)
        except ValueRefused as exc:
            blame(channel, query.table, exc, self._changes or {})
            if exc.field is None:
                blame_conditions(channel, query.table, exc, query._conditions)
            raise
        return plan, outcome


def update_rows(query: Selecting, changes: dict[str, Any]) -> Change[Any]:
    """Return the update of every row that a query gives."""
    table = query.table
    checked = versioned(table, check_values(table, changes))
    names = tuple(checked)
    expressions = [as_expression(value) for value in checked.values()]
    kind = ("update", names, *(each.shape for each in expressions))
    values = tuple(value for each in expressions for value in each.values)

    def make(builder: Builder) -> Any:
        statement = sa.update(table.table)
        statement = statement.values(assignments(builder, table, names, expressions))
        return statement.where(*where_to_write(query, builder))

    return Change(query, kind, make, values=values, changes=checked)


def delete_rows(query: Selecting) -> Change[Any]:
    """Return the deletion of every row that a query gives."""

    def make(builder: Builder) -> Any:
        return sa.delete(query.table.table).where(*where_to_write(query, builder))

    return Change(query, ("delete",), make)


def where_to_write(query: Selecting, builder: Builder) -> list[Any]:
    """Return the conditions, by way of the keys where the query is more than conditions."""
    before = builder.count
    conditions = [condition.build(builder) for condition in query._conditions]
    is_whole = query._limit is None and query._offset is None
    is_plain = is_whole and replace(query._extras, find=None) == PLAIN
    if not builder.has_joins and is_plain:
        for order in query._orders:
            order.build(builder)  # Its parameters are there, though a change has no order.
        return conditions
    builder.count = before
    names = [field.name for field in query.table.key_fields]
    columns = [query.table.table.c[name] for name in names]
    table = query.table.table.alias()
    inner = Builder(table, query.table, family=builder.family, first=before)
    select = query._finish(inner, [table.c[name] for name in names])
    builder.count = inner.count
    if builder.family == "generic":
        # MySQL and MariaDB take no LIMIT right in IN, nor the table that is written.
        rows = select.subquery()
        select = sa.select(*(rows.c[name] for name in names))
    key = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
    return [key.in_(select)]
