"""What a query asks for, and how it is compiled: conditions, groups, order, limits, a lock.

`Selecting` is immutable; `query` adds what users call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, TypeVar

import sqlalchemy as sa

from triode.db.engine import Channel
from triode.db.errors import QueryError
from triode.db.queries.refusing import refuse_hidden_order, refuse_multiplied
from triode.db.sources import FindDatabase, keep_source
from triode.db.sql.builder import Builder
from triode.db.sql.column import Column
from triode.db.sql.expressions import Condition, Expression, Selected
from triode.db.sql.order import Order
from triode.db.sql.plan import Plan, Shape, plan_for
from triode.db.sql.storage import IntegerStorage, family_of
from triode.db.sql.subqueries import Exists, QueryValue
from triode.db.tables.joining import joined_columns, joined_paths
from triode.db.tables.lookup import make_order
from triode.db.tables.table import ModelTable, Relation

Found = TypeVar("Found")
Matches: TypeAlias = tuple[int | None, ...]
"""For each group and each order the number of what is the same; see `Selecting.matches`."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What few queries have."""

    groups: tuple[Expression, ...] = ()
    having: tuple[Condition, ...] = ()
    distinct: tuple[Expression, ...] | None = None
    lock: tuple[bool, bool] | None = None
    """skip_locked, nowait"""
    find: FindDatabase | None = None
    """What `using` named."""

    def shape(self) -> Shape:
        return (
            tuple(group.shape for group in self.groups),
            tuple(condition.shape for condition in self.having),
            None if self.distinct is None else tuple(each.shape for each in self.distinct),
            self.lock,
        )


PLAIN: Final = Extras()


class Selecting(Selected):
    """Rows of one model."""

    __slots__ = ("_conditions", "_extras", "_includes", "_limit", "_offset", "_orders", "table")

    def __init__(self, table: ModelTable, conditions: tuple[Condition, ...] = ()) -> None:
        self.table = table
        self._conditions = conditions
        self._orders: tuple[Order, ...] = ()
        self._extras = PLAIN
        self._includes: tuple[tuple[Relation, ...], ...] = ()
        self._limit: int | None = None
        self._offset: int | None = None

    def _copy(self) -> Self:
        clone = object.__new__(type(self))
        clone.table = self.table
        clone._conditions = self._conditions
        clone._orders = self._orders
        clone._extras = self._extras
        clone._includes = self._includes
        clone._limit = self._limit
        clone._offset = self._offset
        return clone

    @property
    def find(self) -> FindDatabase:
        """What finds the database that the query goes to."""
        return self._extras.find or self.table.find

    def _kept(self, found: Found) -> Found:
        """Return what was found; its rows know where they are from if `using` was said."""
        find = self._extras.find
        if find is not None:
            keep_source(found, find)
        return found

    def refuse_using(self, where: str) -> None:
        """Refuse a database named for a part of a statement.

        Raises:
            QueryError: `using` was said.
        """
        if self._extras.find is not None:
            raise QueryError(
                f"A query of {self.table.model_name} within {where} goes to the database of that "
                "one. Write .using(…) behind the outermost query alone.",
                code="query-other-database",
            )

    def as_expression(self) -> QueryValue:
        """Return the keys of the rows, as a query within another one.

        Raises:
            ModelError: the key has several columns.
        """
        return self.as_value([self.table.primary_key.column])

    def as_rows(self, count: int) -> QueryValue:
        """Return the keys of the rows, which have `count` columns, as a query within another one.

        Raises:
            QueryError: they have not.
        """
        columns = [field.column for field in self.table.key_fields]
        refuse_width(len(columns), count)
        return self.as_value(columns)

    def as_value(self, columns: Sequence[Expression]) -> QueryValue:
        """Return some columns of the rows, as a query within another one."""
        self.refuse_using("another one")
        name = f"a query of {self.table.model_name}"
        kind, values = ("value", *(each.shape for each in columns)), _values_of(columns)
        matched = self.matches(columns)

        def make(builder: Builder) -> Any:
            return self._inner(builder, lambda inner: self.select(inner, columns, matched=matched))

        shape = self._shape((kind, matched))
        return QueryValue(make, shape, (*values, *self._values(matched)), name)

    def as_exists(self) -> Exists:
        """Return whether there is any row, as a condition of another query."""
        self.refuse_using("another one")

        def make(builder: Builder) -> Any:
            one: list[Any] = [sa.literal_column("1")]
            return self._inner(builder, lambda inner: self._finish(inner, one, is_ordered=False))

        return Exists(make, self._shape("exists"), tuple(self._values(is_ordered=False)))

    def _inner(self, builder: Builder, make: Callable[[Builder], Any]) -> Any:
        """Build a SELECT within another statement, whose rows it may refer to.

        Raises:
            QueryError: the two models lie in different databases.
        """
        around = getattr(builder.owner, "options", None)
        if around is not None and around.database != self.table.options.database:
            raise QueryError(
                f"{builder.owner!r} lies in {database_of(around.database)}, and "
                f"{self.table.model_name} in {database_of(self.table.options.database)}: no "
                "statement reaches both. Ask for the values first, then write in_(field, values).",
                code="query-other-database",
            )
        table = self.table.table.alias()
        inner = Builder(
            table, self.table, family=builder.family, first=builder.count, outer=builder
        )
        select = make(inner)
        builder.count = inner.count
        return select.correlate(*builder.froms())

    # --- how it is compiled

    def matches(self, columns: Sequence[Expression] = ()) -> Matches:
        """Return for each group, then for each order, what is the same, counted from 1.

        For a group it is a column, for an order a column or, behind these, a group. PostgreSQL
        does not see that two expressions with parameters are the same: a group is named by the
        number of the column, and an order takes the parameters of the other.
        """
        if self._extras is PLAIN:
            return ()
        groups = self._extras.groups
        found: list[int | None] = []
        known = [(each.shape, each.values) for each in columns]
        for each in groups:
            found.append(_place(known, each.shape, each.values))
        known += [(each.shape, each.values) for each in groups]
        for order in self._orders:
            found.append(_place(known, order.inner.shape, order.values))
        return tuple(found)

    def _shape(self, kind: Any) -> Shape:
        extras = self._extras
        return (
            kind,
            self.table.key,
            tuple([condition.shape for condition in self._conditions]),
            tuple([order.shape for order in self._orders]),
            None if extras is PLAIN else (extras.shape(), self.matches()),
            self._limit is None,
            self._offset is None,
        )

    def _values(self, matched: Matches | None = None, *, is_ordered: bool = True) -> list[Any]:
        values: list[Any] = []
        matched = self.matches() if matched is None else matched
        for condition in self._conditions:
            values += condition.values
        if self._extras is not PLAIN:
            for number, group in enumerate(self._extras.groups):
                values += () if matched[number] else group.values
            values += _values_of(self._extras.having)
        if is_ordered:
            first = len(self._extras.groups)
            for number, order in enumerate(self._orders, first):
                values += () if matched and matched[number] else order.values
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

    def _rows_plan(self, channel: Channel) -> Plan:
        if not self._includes:
            return self._plan(channel, "rows", self._select_rows)
        joined = joined_paths(self._includes)
        shape = ("rows", *(tuple([step.key for step in path]) for path in joined))
        return self._plan(channel, shape, self._select_rows)

    def _select_rows(self, builder: Builder) -> Any:
        columns = [builder.root.c[field.name] for field in self.table.loaded]
        columns += joined_columns(builder, joined_paths(self._includes))
        return self._finish(builder, columns)

    def _select_one(self, builder: Builder) -> Any:
        columns: list[Any] = [sa.literal_column("1")]
        if self._extras.distinct is not None:
            columns = [builder.root.c[field.name] for field in self.table.loaded]
        return self._finish(builder, columns)

    def _select_count(self, builder: Builder) -> Any:
        extras = self._extras
        is_whole = self._limit is None and self._offset is None
        if is_whole and not extras.groups and extras.distinct is None:
            return self._finish(builder, [sa.func.count()], is_ordered=False)
        columns: list[Any] = [sa.literal_column("1").label("one")]
        if extras.distinct is not None:
            columns = [builder.root.c[field.name] for field in self.table.loaded]
        inner = self._finish(builder, columns).subquery()
        return sa.select(sa.func.count()).select_from(inner)

    def select(
        self,
        builder: Builder,
        columns: Sequence[Expression],
        names: Sequence[str] | None = None,
        *,
        matched: Matches | None = None,
    ) -> Any:
        """Return a SELECT of some columns.

        Raises:
            QueryError: one of them differs among the rows of a group.
        """
        groups = self._extras.groups
        known = {(group.shape, group.values) for group in groups}
        built = []
        for each in columns:
            before = len(builder.read)
            built.append(each.build(builder))
            if (each.shape, each.values) in known:
                builder.grouped += builder.read[before:]
                del builder.read[before:]
        if groups or builder.aggregates:
            _refuse_ungrouped(self.table, builder.read, groups)
        builder.made += built
        if names is not None:
            built = [each.label(name) for each, name in zip(built, names, strict=True)]
        return self._finish(builder, built, is_ordered=bool(self._orders), matched=matched)

    def _finish(
        self,
        builder: Builder,
        columns: list[Any],
        *,
        is_ordered: bool = True,
        matched: Matches | None = None,
    ) -> Any:
        extras = self._extras
        conditions = [condition.build(builder) for condition in self._conditions]
        matched = self.matches() if matched is None else matched
        before = len(builder.read)
        groups = [
            sa.literal_column(str(matched[at])) if matched[at] else each.build(builder)
            for at, each in enumerate(extras.groups)
        ]
        builder.grouped += builder.read[before:]
        builder.made += groups
        del builder.read[before:]
        before = len(builder.read)
        having = [condition.build(builder) for condition in extras.having]
        orders = self._built_orders(builder, columns, matched) if is_ordered else []
        if groups or builder.aggregates:
            _refuse_ungrouped(self.table, builder.read[before:], extras.groups)
        refuse_multiplied(builder)
        distinct = self._distinct(builder)
        statement = sa.select(*columns).select_from(builder.joined()).where(*conditions)
        statement = statement.group_by(*groups).having(*having) if groups or having else statement
        if distinct is not None:
            statement = statement.distinct(*distinct)
        statement = self._cut(builder, statement.order_by(*orders))
        return self._locked(builder, statement)

    def _built_orders(self, builder: Builder, columns: list[Any], matched: Matches) -> list[Any]:
        groups = self._extras.groups
        orders: Sequence[Order] = self._orders
        if not orders and not groups:
            orders = [make_order(self.table, name) for name in self.table.options.ordering]
            matched = ()
        known = {(group.shape, group.values) for group in groups}
        built = []
        for number, order in enumerate(orders, len(groups)):
            before = len(builder.read)
            place = matched[number] if matched else None
            inner = builder.made[place - 1] if place else order.inner.build_sortable(builder)
            if (order.inner.shape, order.values) in known:
                del builder.read[before:]
            if self._extras.distinct == ():
                refuse_hidden_order(order, inner, columns)
            built.append(order.directed(builder, inner))
        return built

    def _distinct(self, builder: Builder) -> list[Any] | None:
        fields = self._extras.distinct
        if fields and builder.family != "postgresql":
            raise QueryError(
                "distinct(field, …) is for PostgreSQL only. Number the rows of each group with "
                "row_number().over(partition_by=…, order_by=…) instead.",
                code="query-not-supported",
            )
        return None if fields is None else [field.build(builder) for field in fields]

    def _locked(self, builder: Builder, statement: Any) -> Any:
        lock = self._extras.lock
        if lock is None:
            return statement
        skip_locked, nowait = lock
        # Joined rows of the other side of a relation may be absent, and cannot be locked then.
        of = builder.root if builder.family == "postgresql" else None
        return statement.with_for_update(skip_locked=skip_locked, nowait=nowait, of=of)

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


def _place(known: list[tuple[Shape, Any]], shape: Shape, values: tuple[Any, ...]) -> int | None:
    key = (shape, values)
    return known.index(key) + 1 if values and key in known else None


def _refuse_ungrouped(
    table: ModelTable, read: Sequence[Column], groups: Sequence[Expression]
) -> None:
    """Refuse columns that have several values in a group: databases err, or take any of them."""
    shapes = {group.shape for group in groups}
    if all(field.column.shape in shapes for field in table.key_fields):
        return
    for column in read:
        if column.shape not in shapes:
            raise QueryError(
                f"{column!r} may differ among the rows that are counted or summed together. Name "
                f"it in {table.model_name}.group_by(…) too, or make one value of it, as with "
                f"max_({column!r}).",
                code="query-not-grouped",
            )


def refuse_width(found: int, wanted: int) -> None:
    """Refuse a query whose rows are compared with another number of fields.

    Raises:
        QueryError: says both numbers.
    """
    if found != wanted:
        raise QueryError(
            f"A query of {found} columns is compared with {wanted} fields. Write as many: "
            "query.tuples(Line.order_id, Line.product_id).",
            code="query-many-columns",
        )


def database_of(name: str | None) -> str:
    """Say which database a model lies in."""
    return "the default database" if name is None else f"the database {name!r}"


def _values_of(expressions: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([value for each in expressions for value in each.values])
