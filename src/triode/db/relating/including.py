"""Load of a many-valued relation only some rows: `include(Include(Team.heroes, Hero.where(…)))`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel
from triode.db.errors import QueryError
from triode.db.queries.query import Query
from triode.db.relating.many_to_many import ManyToManyRelation
from triode.db.relating.relations import ForeignKeyRelation, ReverseRelation, including, parts
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Condition
from triode.db.sql.keys import among_keys
from triode.db.sql.nodes import Built
from triode.db.tables.lookup import make_order
from triode.db.tables.table import ModelTable, Relation


class Include:
    """A relation to many and the query that says which of its rows are loaded, in which order.

    A limit or an offset counts for each row that they are loaded for. The relation then holds
    these rows alone.

    Raises:
        QueryError: the relation leads to one row, or the query is about another model or groups,
            or names a database.
    """

    def __init__(self, relation: Any, query: Query[Any]) -> None:
        path: tuple[Relation, ...] | None = getattr(relation, "as_path", None)
        if not path or not isinstance(path[-1], ReverseRelation | ManyToManyRelation):
            raise QueryError(
                f"{relation!r} is not a relation to many rows, such as Team.heroes.",
                code="query-not-a-relation",
            )
        last = path[-1]
        if not last.is_many or query.table is not last.target or query._extras.groups:
            raise QueryError(
                f"Include({relation!r}, …) takes a query of {last.target.model_name} without "
                f"group_by, for a relation to many rows. This one is of {query.table.model_name}.",
                code="query-wrong-model",
            )
        query.refuse_using("Include(…)")
        self.as_path = (*path[:-1], Narrowed(last, query))

    def __repr__(self) -> str:
        return f"Include({'.'.join(step.name for step in self.as_path)}, …)"


class Narrowed:
    """A relation that loads what a query gives; in all else it is the relation."""

    def __init__(self, relation: Any, query: Query[Any]) -> None:
        self.relation = relation
        self.query = query

    def __getattr__(self, name: str) -> Any:
        return getattr(self.relation, name)

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        """Load the rows for all of `objects`, in one statement, or two over a link table."""
        relation = self.relation
        read = relation.source.key_of
        keys = {read(each) for each in objects}
        if isinstance(relation, ManyToManyRelation):
            groups = await self._over_links(channel, keys, rest)
        else:
            groups = await self._over_key(channel, keys, rest)
        slot = relation.source.slots[relation.name]
        for each in objects:
            slot.fill(each, groups[read(each)])

    async def _over_key(
        self, channel: Channel, keys: set[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> defaultdict[Any, list[Any]]:
        forward: ForeignKeyRelation = self.relation.forward
        columns = forward.columns
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        for part in parts(keys, len(columns)):
            query = self.query.where(among_keys(columns, part))
            if query._limit is not None or query._offset is not None:
                query = _cut(query, [column.name for column in columns])
            for found in await including(query, rest).execute(channel):
                groups[forward.key_of(found)].append(found)
        return groups

    async def _over_links(
        self, channel: Channel, keys: set[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> defaultdict[Any, list[Any]]:
        relation: ManyToManyRelation = self.relation
        linked: defaultdict[Any, set[Any]] = defaultdict(set)
        for part in parts(keys):
            for here, there in await relation._pairs(channel, part):
                linked[there].add(here)
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        key = relation.target.primary_key
        start, count = self.query._offset or 0, self.query._limit
        query = including(self.query.limit(None).offset(None), rest)
        for part in parts(linked):
            for found in await query.where(key.column.in_(part)).execute(channel):
                for here in linked[getattr(found, key.name)]:
                    groups[here].append(found)
        for here, rows in groups.items():
            groups[here] = rows[start:] if count is None else rows[start : start + count]
        return groups


def _cut(query: Query[Any], group: Sequence[str]) -> Query[Any]:
    """Return a query of the same rows whose limit counts for each value of some columns."""
    orders = query._orders or tuple(
        make_order(query.table, name) for name in query.table.options.ordering
    )
    made: Query[Any] = Query(query.table, (_Ranked(query, group, orders),))
    made._includes = query._includes
    return made.order_by(*orders)


class _Ranked(Condition):
    """To be among the first rows of a group, by ROW_NUMBER."""

    __slots__ = ("conditions", "first", "group", "last", "orders", "table")

    def __init__(self, query: Query[Any], group: Sequence[str], orders: Sequence[Any]) -> None:
        self.table: ModelTable = query.table
        self.group = tuple(group)
        self.conditions = query._conditions
        self.orders = orders
        self.first = query._offset or 0
        self.last = None if query._limit is None else self.first + query._limit
        # The numbers are part of the text: few are ever used, and each is one plan.
        self.shape = (
            "ranked", self.group, self.first, self.last,
            *(each.shape for each in (*self.conditions, *orders)),
        )  # fmt: skip
        self.values = tuple(value for each in (*self.conditions, *orders) for value in each.values)

    def build(self, builder: Builder) -> Built:
        inner = Builder(
            self.table.table.alias(), self.table, family=builder.family, first=builder.count
        )
        conditions = [each.build(inner) for each in self.conditions]
        orders = [each.build(inner) for each in self.orders]
        builder.count = inner.count
        names = [field.name for field in self.table.key_fields]
        number = sa.func.row_number().over(
            partition_by=[inner.root.c[name] for name in self.group],
            order_by=[*orders, *(inner.root.c[name] for name in names)],
        )
        ranked = (
            sa.select(*(inner.root.c[name] for name in names), number.label("_number"))
            .select_from(inner.joined())
            .where(*conditions)
            .subquery()
        )
        place = ranked.c["_number"]
        wanted = sa.select(*(ranked.c[name] for name in names)).where(
            place > sa.literal_column(str(self.first))
        )
        if self.last is not None:
            wanted = wanted.where(place <= sa.literal_column(str(self.last)))
        columns = [builder.root.c[name] for name in names]
        key = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
        return key.in_(wanted)
