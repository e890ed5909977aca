"""Queries: `User.where(User.age >= 18).order_by(desc(User.age)).limit(20)`.

A query is immutable; each method gives a new one. Awaited, it gives a list of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Generic, Self, TypeVar, overload

from triode.db.engine import Channel, Row
from triode.db.errors import MultipleRows, QueryError, TransactionError, ValueRefused
from triode.db.nesting import LevelChannel
from triode.db.queries.changing import Change, delete_rows, update_rows
from triode.db.queries.paging import CursorPage, Keyset, Page
from triode.db.queries.selecting import Selecting
from triode.db.queries.selection import Selection, as_dicts, as_objects, as_tuples, as_values
from triode.db.queries.streaming import Streamed, part_siblings
from triode.db.recording import Recorder
from triode.db.sources import HasChannels, find_database
from triode.db.sql import comparing, documents, texts  # noqa: F401 - what expressions are in SQL
from triode.db.sql.expressions import Condition, Expression, as_condition
from triode.db.sql.plan import Plan
from triode.db.sql.sets import KeySet
from triode.db.statement import Operation, Statement
from triode.db.tables.joining import attach, joined_paths, load_further
from triode.db.tables.lookup import (
    field_of,
    key_conditions,
    make_conditions,
    make_order,
    name_of,
    relation_path,
)
from triode.db.writes.refusals import blame_conditions
from triode.db.writes.writing import not_found
from triode.schema import MISSING

M = TypeVar("M")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

_MOST: Final = 2**63 - 1  # what a database takes for LIMIT and OFFSET


class Query(Selecting, Streamed[M], Generic[M]):
    """Rows of one model."""

    __slots__ = ()

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
        clone._orders = tuple([make_order(self.table, order) for order in orders])
        return clone

    def limit(self, count: int | None) -> Self:
        """Give at most `count` rows.

        Raises:
            ValueRefused: it is negative, which SQLite would take for no limit.
        """
        _refuse_negative(count)
        return self._at_most(count)

    def _at_most(self, count: int | None) -> Self:
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

    @property
    def database(self) -> HasChannels:
        """Where it goes to."""
        return self.find()

    def using(self, database: HasChannels | str) -> Self:
        """Send it to another database than the model's: one by its name, or a `Database`.

        The rows remember where they are from, unless that is read-only: `save`, `load` and the
        like go there too.
        """
        return self._with(find=find_database(database))

    def group_by(self, *fields: Any) -> Self:
        """Make one row of all that agree in `fields`; say which columns with `values`."""
        groups = tuple([field_of(self.table, field) for field in fields])
        return self._with(groups=self._extras.groups + groups)

    def having(self, *conditions: Any) -> Self:
        """Keep the groups for which every condition holds, such as `count() > 3`."""
        made = tuple([as_condition(condition) for condition in conditions])
        return self._with(having=self._extras.having + made)

    def distinct(self, *fields: Any) -> Self:
        """Give each row once; with fields, on PostgreSQL, the first of those that agree in them."""
        return self._with(distinct=tuple([field_of(self.table, field) for field in fields]))

    def for_update(self, *, skip_locked: bool = False, nowait: bool = False) -> Self:
        """Lock the rows until the transaction ends, so that nobody else changes or locks them.

        Rows that are locked already are waited for, left out (`skip_locked`), or refused at once
        with `DatabaseBusy` (`nowait`). On SQLite a transaction has all of the database anyway.

        Raises:
            TransactionError: it runs outside of a transaction.
        """
        if skip_locked and nowait:
            raise QueryError("Choose skip_locked or nowait: both contradict.", code="query-lock")
        return self._with(lock=(skip_locked, nowait))

    def union(self, *others: Query[M]) -> Self:
        """Give these rows and those of `others`, each once; the result is a query as any other."""
        return self._combined("union", others)

    def intersect(self, *others: Query[M]) -> Self:
        """Give the rows that are among those of all `others` too."""
        return self._combined("intersect", others)

    def except_(self, *others: Query[M]) -> Self:
        """Give the rows that are among those of none of `others`."""
        return self._combined("except", others)

    def _combined(self, operator: str, others: tuple[Query[M], ...]) -> Self:
        for other in others:
            if not isinstance(other, Query) or other.table is not self.table:
                raise QueryError(
                    f"{operator} takes queries of {self.table.model_name} only.",
                    code="query-wrong-model",
                )
        everything: list[Query[M]] = [self, *others]
        keys = [field.column for field in self.table.key_fields]
        queries = [each.as_value(keys) for each in everything]
        return type(self)(self.table, (KeySet(operator, keys, queries),))

    def _with(self, **changes: Any) -> Self:
        clone = self._copy()
        clone._extras = replace(self._extras, **changes)
        return clone

    # --- what it gives

    async def execute(self, channel: Channel) -> list[M]:
        """See `Statement.execute`."""
        try:
            plan, parameters = self._planned(channel)
            rows = channel.read_now(plan.sql, parameters)
            if rows is None:
                rows = await channel.read(plan.sql, parameters)
        except ValueRefused as exc:
            blame_conditions(channel, self.table, exc, self._conditions)
            raise
        if self._includes:
            return await self._made(channel, plan, rows)
        return self._kept(self.table.build(rows, plan))

    async def _read(self, channel: Channel, plan: Plan) -> list[Row]:
        try:
            parameters = plan.parameters(self._values())
            rows = channel.read_now(plan.sql, parameters)
            return await channel.read(plan.sql, parameters) if rows is None else rows
        except ValueRefused as exc:
            blame_conditions(channel, self.table, exc, self._conditions)
            raise

    def _planned(self, channel: Channel) -> tuple[Plan, Sequence[Any]]:
        if self._extras.lock is not None:
            _refuse_lock(channel)
        plan = self._rows_plan(channel)
        return plan, plan.parameters(self._values())

    async def _made(self, channel: Channel, plan: Plan, rows: list[Row]) -> list[M]:
        if not self._includes:
            return self._kept(self.table.build(rows, plan))
        rows = plan.load(rows)
        width = len(self.table.loaded)
        objects = self.table.build([row[:width] for row in rows])
        joined = joined_paths(self._includes)
        reached = attach(objects, rows, joined, width)
        await load_further(channel, reached, self._includes)
        return self._kept(objects)

    def first(self) -> Statement[M | None]:
        """Give the first row, None if there is none."""

        async def execute(channel: Channel) -> M | None:
            found = await self._at_most(1).execute(channel)
            return found[0] if found else None

        return Operation(execute, self.find)

    def get(self, key: Any = MISSING, /, **equals: Any) -> Statement[M]:
        """Give the only row, or the only one with this key or these values.

        Raises:
            RowNotFound: there is none.
            MultipleRows: there are several.
        """
        query = self.where(**equals)

        async def execute(channel: Channel) -> M:
            found = await query._two_of(channel, key)
            if not found:
                raise not_found(self.table)
            if len(found) > 1:
                raise MultipleRows(
                    f"Several rows of {self.table.model_name} match. Ask for a list, for first(), "
                    "or by a unique field."
                )
            return found[0]

        return Operation(execute, self.find)

    async def _two_of(self, channel: Channel, key: Any) -> list[M]:
        if key is MISSING:
            return await self.limit(2).execute(channel)
        try:
            return await self.where(*key_conditions(self.table, key)).execute(channel)
        except ValueRefused:
            return []  # No row has a key that cannot be stored.

    def count(self) -> Statement[int]:
        """Count the rows."""

        is_whole = self._limit is None and self._offset is None
        query = self.order_by() if is_whole else self

        async def execute(channel: Channel) -> int:
            plan = query._plan(channel, "count", query._select_count)
            [[found]] = await query._read(channel, plan)
            return int(found)

        return Operation(execute, self.find)

    def exists(self) -> Statement[bool]:
        """Say whether there is any row."""

        async def execute(channel: Channel) -> bool:
            one = self if self._limit is not None else self._at_most(1)
            plan = one._plan(channel, "exists", one._select_one)
            return bool(await one._read(channel, plan))

        return Operation(execute, self.find)

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

        return Operation(execute, self.find)

    def after(self, cursor: str | None = None, size: int = 20) -> Statement[CursorPage[M]]:
        """Give the rows after a cursor in the order of the query, from the start if it is None.

        Nothing is counted or skipped, so that the last page is as fast as the first, and rows that
        come in meanwhile shift nothing. The cursor is the `next` of the page before.

        Raises:
            ValueRefused: a client sent a cursor that is none of this query's.
            QueryError: it is not sorted by fields of its own model.
        """
        return self._keyset(cursor, size, is_backward=False)

    def before(self, cursor: str | None = None, size: int = 20) -> Statement[CursorPage[M]]:
        """Give the rows before a cursor, `previous` of a page; the last ones if it is None."""
        return self._keyset(cursor, size, is_backward=True)

    def _keyset(self, cursor: str | None, size: int, *, is_backward: bool) -> Statement[Any]:
        _refuse_negative(size)
        orders = self._orders or [
            make_order(self.table, each) for each in self.table.options.ordering
        ]
        keyset = Keyset(self.table, orders)
        query = self._copy()
        query._orders = keyset.orders(is_backward=is_backward)
        if cursor is not None:
            query = query.where(keyset.condition(cursor, is_backward=is_backward))

        async def execute(channel: Channel) -> CursorPage[M]:
            found = await query.limit(min(size, _MOST - 1) + 1).execute(channel)
            return keyset.page(found, size, cursor, is_backward=is_backward)

        return Operation(execute, self.find)

    def values(self, *fields: Any, **named: Any) -> Selection[dict[str, Any]]:
        """Give dicts of some columns and computed values instead of objects."""
        names, columns = self._named(fields, named)
        return Selection(self, columns, names, as_dicts(names))

    def into(self, kind: Callable[..., R], *fields: Any, **named: Any) -> Selection[R]:
        """Give objects of `kind`, a Struct or dataclass, made of columns by their names."""
        names, columns = self._named(fields, named)
        return Selection(self, columns, names, as_objects(kind, names))

    def column(self, field: A) -> Selection[A]:
        """Give the values of one column, alone."""
        expression = field_of(self.table, field)
        return Selection(self, [expression], ["column"], as_values)

    @overload
    def tuples(self, first: type[A], second: B, /) -> Selection[tuple[A, B]]: ...
    @overload
    def tuples(self, first: type[A], second: B, third: C, /) -> Selection[tuple[A, B, C]]: ...
    @overload
    def tuples(self, first: A, /) -> Selection[tuple[A]]: ...
    @overload
    def tuples(self, first: A, second: B, /) -> Selection[tuple[A, B]]: ...
    @overload
    def tuples(self, first: A, second: B, third: C, /) -> Selection[tuple[A, B, C]]: ...
    @overload
    def tuples(
        self, first: A, second: B, third: C, fourth: D, /
    ) -> Selection[tuple[A, B, C, D]]: ...
    @overload
    def tuples(
        self, first: Any, second: Any, third: Any, fourth: Any, fifth: Any, /, *rest: Any
    ) -> Selection[tuple[Any, ...]]: ...
    def tuples(self, *parts: Any) -> Selection[Any]:
        """Give tuples of columns and computed values; the model itself stands for whole objects."""
        columns: list[Expression] = []
        kinds: list[int | None] = []
        for part in parts:
            if part is self.table.model:
                columns += [field.column for field in self.table.loaded]
                kinds.append(None)
            else:
                columns.append(field_of(self.table, part))
                kinds.append(1)
        names = [f"column_{number}" for number in range(len(columns))]
        return Selection(self, columns, names, as_tuples(self.table, kinds))

    def _named(
        self, fields: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[list[str], list[Expression]]:
        columns: dict[str, Expression] = {}
        for field in fields:
            expression = field_of(self.table, field)
            columns[name_of(expression)] = expression
        columns.update((name, field_of(self.table, field)) for name, field in named.items())
        return list(columns), list(columns.values())

    def _part(self, items: list[M]) -> None:
        part_siblings(items, self._includes)

    # --- what it changes

    def update(self, **changes: Any) -> Change[M]:
        """Change every row; a value may be an expression: `age=User.age + 1`.

        Gives how many rows there were, or the rows: `update(…).returning()`. Without a `where` it
        changes all.
        """
        return update_rows(self, changes)

    def delete(self) -> Change[M]:
        """Delete every row; gives how many there were. Without a `where` it deletes all."""
        return delete_rows(self)


def _refuse_lock(channel: Channel) -> None:
    if not isinstance(channel, LevelChannel | Recorder):
        raise TransactionError(
            "for_update locks rows until a transaction ends, and there is none. Write it within "
            "async with transaction()."
        )


def _refuse_negative(count: int | None) -> None:
    if count is not None and count < 0:
        raise ValueRefused(f"A limit or offset of {count} makes no sense: it counts rows.")
