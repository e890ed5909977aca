"""Queries: `User.where(User.age >= 18).order_by(desc(User.age)).limit(20)`.

A query is immutable; each method gives a new one. Awaited, it gives a list of objects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Generic, Self, TypeVar

import msgspec
import sqlalchemy as sa

from triode.db.engine import Channel, Row, Write
from triode.db.errors import MultipleRows, ValueRefused
from triode.db.joining import attach, joined_columns, joined_paths
from triode.db.lookup import (
    check_values,
    field_of,
    make_conditions,
    make_order,
    name_of,
    relation_path,
)
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import (
    Condition,
    Expression,
    Order,
    as_expression,
)
from triode.db.sql.plan import Plan, Shape, plan_for
from triode.db.sql.storage import IntegerStorage, family_of
from triode.db.statement import Operation, Statement, WriteOperation
from triode.db.table import ModelTable, Relation
from triode.db.writing import assignments, not_found, write_checked

M = TypeVar("M")
T = TypeVar("T")

STREAM_SIZE = 500
"""Rows that a streaming query holds in memory."""
_MOST = 2**63 - 1  # what a database takes for LIMIT and OFFSET


class Page(msgspec.Struct, Generic[T]):
    """One page of a longer list; `page` counts from 1."""

    items: list[T]
    total: int
    page: int
    size: int
    pages: int


class Query(Statement[list[M]], Generic[M]):
    """Rows of one model."""

    __slots__ = ("_conditions", "_groups", "_includes", "_limit", "_offset", "_orders", "table")

    def __init__(self, table: ModelTable, conditions: tuple[Condition, ...] = ()) -> None:
        self.table = table
        self._conditions = conditions
        self._orders: tuple[Order, ...] = ()
        self._groups: tuple[Expression, ...] = ()
        self._includes: tuple[tuple[Relation, ...], ...] = ()
        self._limit: int | None = None
        self._offset: int | None = None

    def _copy(self) -> Self:
        clone = object.__new__(type(self))
        clone.table = self.table
        clone._conditions = self._conditions
        clone._orders = self._orders
        clone._groups = self._groups
        clone._includes = self._includes
        clone._limit = self._limit
        clone._offset = self._offset
        return clone

    # --- what is asked for

    def where(self, *conditions: Condition | bool | int, **equals: Any) -> Self:
        """Keep the rows for which every condition holds; `name=value` is a short equality.

        Raises:
            QueryError: something is not a condition, or a name is no field.
        """
        clone = self._copy()
        clone._conditions += make_conditions(self.table, conditions, equals)
        return clone

    def order_by(self, *orders: Any) -> Self:
        """Sort by fields, `desc(field)`, or names with "-" in front for descending.

        Called without any, it takes an order away.
        """
        clone = self._copy()
        clone._orders = tuple(make_order(self.table, order) for order in orders)
        return clone

    def limit(self, count: int | None) -> Self:
        """Give at most `count` rows.

        Raises:
            ValueRefused: it is negative, which SQLite would take for no limit.
        """
        _refuse_negative(count)
        clone = self._copy()
        clone._limit = count
        return clone

    def offset(self, count: int | None) -> Self:
        """Leave out the first `count` rows.

        Raises:
            ValueRefused: it is negative.
        """
        _refuse_negative(count)
        clone = self._copy()
        clone._offset = count
        return clone

    def include(self, *relations: Any) -> Self:
        """Load relations with the rows.

        A relation to one row is joined; one to many is loaded by one more statement, however
        many rows there are. `Country.subdivisions.parent` loads the subdivisions and their
        parents.
        """
        clone = self._copy()
        clone._includes += tuple(relation_path(self.table, relation) for relation in relations)
        return clone

    def group_by(self, *fields: Any) -> Self:
        """Make one row of all that agree in `fields`; say which columns with `values`."""
        clone = self._copy()
        clone._groups += tuple(field_of(self.table, field) for field in fields)
        return clone

    # --- what it gives

    async def execute(self, channel: Channel) -> list[M]:
        """See `Statement.execute`."""
        plan = self._rows_plan(channel)
        parameters = plan.parameters(self._values())
        rows = channel.read_now(plan.sql, parameters)
        if rows is None:
            rows = await channel.read(plan.sql, parameters)
        return await self._objects(channel, plan, rows)

    async def _objects(self, channel: Channel, plan: Plan, rows: list[Row]) -> list[M]:
        if plan.loaders:
            rows = plan.load(rows)
        if not self._includes:
            return self.table.build(rows)
        width = len(self.table.loaded)
        objects = self.table.build([row[:width] for row in rows])
        joined = joined_paths(self._includes)
        attach(objects, rows, joined, width)
        for path in self._includes:
            if path not in joined:
                await path[0].load(channel, objects, path[1:])
        return objects

    def _rows_plan(self, channel: Channel) -> Plan:
        if not self._includes:
            return self._plan(channel, "rows", self._select_rows)
        joined = joined_paths(self._includes)
        shape = ("rows", *(tuple([step.key for step in path]) for path in joined))
        return self._plan(channel, shape, self._select_rows)

    def first(self) -> Statement[M | None]:
        """Give the first row, None if there is none."""

        async def execute(channel: Channel) -> M | None:
            found = await self.limit(1).execute(channel)
            return found[0] if found else None

        return Operation(execute)

    def get(self) -> Statement[M]:
        """Give the only row.

        Raises:
            RowNotFound: there is none.
            MultipleRows: there are several.
        """

        async def execute(channel: Channel) -> M:
            found = await self.limit(2).execute(channel)
            if not found:
                raise not_found(self.table)
            if len(found) > 1:
                raise MultipleRows(
                    f"Several rows of {self.table.model_name} match. Ask for a list, for first(), "
                    "or by a unique field."
                )
            return found[0]

        return Operation(execute)

    def count(self) -> Statement[int]:
        """Count the rows."""

        is_whole = self._limit is None and self._offset is None
        query = self.order_by() if is_whole else self

        async def execute(channel: Channel) -> int:
            plan = query._plan(channel, "count", query._select_count)
            [[found]] = await channel.read(plan.sql, plan.parameters(query._values()))
            return int(found)

        return Operation(execute)

    def exists(self) -> Statement[bool]:
        """Say whether there is any row."""

        async def execute(channel: Channel) -> bool:
            one = self if self._limit is not None else self.limit(1)
            plan = one._plan(channel, "exists", one._select_one)
            return bool(await channel.read(plan.sql, plan.parameters(one._values())))

        return Operation(execute)

    def page(self, number: int = 1, size: int = 20) -> Statement[Page[M]]:
        """Give one page and how many there are; `number` counts from 1.

        A number below 1 stands for the first page; a page after the last has no items.
        """
        number = max(number, 1)

        async def execute(channel: Channel) -> Page[M]:
            start = min((number - 1) * size, _MOST)
            items = await self.limit(min(size, _MOST)).offset(start).execute(channel)
            total = await self.count().execute(channel)
            return Page(items, total, number, size, -(-total // size) if size else 0)

        return Operation(execute)

    def values(self, *fields: Any, **named: Any) -> Statement[list[dict[str, Any]]]:
        """Give dicts of some columns and computed values instead of objects."""
        columns: dict[str, Expression] = {}
        for field in fields:
            expression = field_of(self.table, field)
            columns[name_of(expression)] = expression
        columns.update((name, field_of(self.table, field)) for name, field in named.items())
        shape = ("values", *(each.shape for each in columns.values()))
        values = tuple(value for each in columns.values() for value in each.values)

        async def execute(channel: Channel) -> list[dict[str, Any]]:
            plan = self._plan(channel, shape, lambda builder: self._select(builder, columns))
            rows = await channel.read(plan.sql, plan.parameters((*values, *self._values())))
            return [dict(zip(columns, row, strict=True)) for row in plan.load(rows)]

        return Operation(execute)

    async def __aiter__(self) -> AsyncIterator[M]:
        """Give the objects one by one, holding only some of them in memory."""
        channel = self.database.channel()
        plan = self._rows_plan(channel)
        parameters = plan.parameters(self._values())
        async for rows in channel.stream(plan.sql, parameters, STREAM_SIZE):
            for item in await self._objects(channel, plan, rows):
                yield item

    # --- what it changes

    def update(self, **changes: Any) -> Statement[int]:
        """Change every row; a value may be an expression: `age=User.age + 1`.

        Gives how many rows there were. Without a `where` it changes all.
        """
        checked = check_values(self.table, changes)
        names = tuple(checked)
        expressions = [as_expression(value) for value in checked.values()]
        shape = ("update", names, *(each.shape for each in expressions))
        values = tuple(value for each in expressions for value in each.values)

        def make(builder: Builder) -> Any:
            statement = sa.update(self.table.table)
            statement = statement.values(assignments(builder, self.table, names, expressions))
            return statement.where(*self._where_to_write(builder))

        return WriteOperation(
            lambda channel: self._write(channel, shape, make, values, checked), "Query.update(…)"
        )

    def delete(self) -> Statement[int]:
        """Delete every row; gives how many there were. Without a `where` it deletes all."""

        def make(builder: Builder) -> Any:
            return sa.delete(self.table.table).where(*self._where_to_write(builder))

        return WriteOperation(
            lambda channel: self._write(channel, "delete", make, (), None), "Query.delete()"
        )

    async def _write(
        self,
        channel: Channel,
        shape: Any,
        make: Callable[[Builder], Any],
        values: tuple[Any, ...],
        changes: dict[str, Any] | None,
    ) -> int:
        plan = self._plan(channel, shape, make)
        write = Write(plan.sql, plan.parameters((*values, *self._values())))
        [outcome] = await write_checked(channel, self.table, [write], changes)
        return outcome.changed

    def _where_to_write(self, builder: Builder) -> list[Any]:
        """Return the conditions, by way of the keys where the query is more than conditions."""
        before = builder.count
        conditions = [condition.build(builder) for condition in self._conditions]
        if not builder.has_joins and self._limit is None and self._offset is None:
            return conditions
        builder.count = before
        key = self.table.table.c[self.table.primary_key.name]
        table = self.table.table.alias()
        inner = Builder(table, self.table, family=builder.family, first=before)
        select = self._finish(inner, [table.c[key.name]])
        builder.count = inner.count
        return [key.in_(select)]

    # --- how it is compiled

    def _shape(self, kind: Any) -> Shape:
        return (
            kind,
            self.table.key,
            tuple([condition.shape for condition in self._conditions]),
            tuple([order.shape for order in self._orders]),
            tuple([group.shape for group in self._groups]),
            self._limit is None,
            self._offset is None,
        )

    def _values(self) -> list[Any]:
        values: list[Any] = []
        for condition in self._conditions:
            values += condition.values
        for group in self._groups:
            values += group.values
        for order in self._orders:
            values += order.values
        if self._limit is not None:
            values.append(self._limit)
        if self._offset is not None:
            values.append(self._offset)
        return values

    def _plan(self, channel: Channel, kind: Any, make: Callable[[Builder], Any]) -> Plan:
        engine = channel.engine
        shape = self._shape(kind)
        plan = engine.plans.get(shape)
        if plan is not None:
            return plan  # type: ignore[no-any-return]

        def compile_with_builder() -> tuple[Any, int]:
            family = family_of(engine.dialect)
            builder = Builder(self.table.table, self.table, family=family)
            statement = make(builder)
            return statement, builder.count

        return plan_for(engine, shape, compile_with_builder)

    def _select_rows(self, builder: Builder) -> Any:
        columns = [builder.root.c[field.name] for field in self.table.loaded]
        columns += joined_columns(builder, joined_paths(self._includes))
        return self._finish(builder, columns)

    def _select_one(self, builder: Builder) -> Any:
        return self._finish(builder, [sa.literal_column("1")])

    def _select_count(self, builder: Builder) -> Any:
        if self._limit is None and self._offset is None and not self._groups:
            return self._finish(builder, [sa.func.count()], is_ordered=False)
        inner = self._finish(builder, [sa.literal_column("1").label("one")]).subquery()
        return sa.select(sa.func.count()).select_from(inner)

    def _select(self, builder: Builder, columns: dict[str, Expression]) -> Any:
        built = [each.build(builder).label(name) for name, each in columns.items()]
        return self._finish(builder, built, is_ordered=bool(self._orders))

    def _finish(self, builder: Builder, columns: list[Any], *, is_ordered: bool = True) -> Any:
        conditions = [condition.build(builder) for condition in self._conditions]
        groups = [group.build(builder) for group in self._groups]
        orders: Sequence[Order] = self._orders
        if is_ordered and not orders:
            orders = [make_order(self.table, name) for name in self.table.options.ordering]
        built_orders = [order.build(builder) for order in orders]
        statement = sa.select(*columns).select_from(builder.joined()).where(*conditions)
        if groups:
            statement = statement.group_by(*groups)
        if is_ordered:
            statement = statement.order_by(*built_orders)
        return self._cut(builder, statement)

    def _cut(self, builder: Builder, statement: Any) -> Any:
        # SQLAlchemy adds the half that is missing on SQLite as a parameter of its own, so both
        # are given.
        if self._limit is not None:
            statement = statement.limit(builder.bind(IntegerStorage()))
        elif self._offset is not None and builder.family == "sqlite":
            statement = statement.limit(sa.literal_column("-1"))
        if self._offset is not None:
            statement = statement.offset(builder.bind(IntegerStorage()))
        elif self._limit is not None and builder.family == "sqlite":
            statement = statement.offset(sa.literal_column("0"))
        return statement


def _refuse_negative(count: int | None) -> None:
    if count is not None and count < 0:
        raise ValueRefused(f"A limit or offset of {count} makes no sense: it counts rows.")
