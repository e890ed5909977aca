"""Many-to-many relations: rows of another model, by way of a link table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.expression import ColumnElement, FromClause

from triode.db.engine import Channel, Write
from triode.db.errors import Duplicate, QueryError
from triode.db.fields.declaration import Target
from triode.db.fields.field import ManyToManyInfo
from triode.db.nesting import one_unit
from triode.db.relating.relations import BaseRelation, by_key, key_of, parts
from triode.db.sql.builder import Builder
from triode.db.sql.column import Column
from triode.db.sql.plan import plan_for
from triode.db.sql.storage import family_of, is_mysql
from triode.db.tables.ddl import storage_for
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelTable, Relation
from triode.db.writes.writing import insert_many, write_checked
from triode.errors import ModelError


class ManyToManyRelation(BaseRelation):
    """To any number of rows of another model, by way of a link table."""

    def __init__(
        self, source: ModelTable, name: str, target: Target, info: ManyToManyInfo, *, where: str
    ) -> None:
        super().__init__(source, name, target, where=where)
        self.info = info
        self.owner = self
        self._link: sa.Table | None = None

    def reversed(self, name: str, *, is_declared: bool) -> ManyToManyRelation:
        """Return the same relation as seen from the other side."""
        other = ManyToManyRelation(self.target, name, Target(None), self.info, where=self.where)
        other._target = self.source
        other.owner = self
        other.is_declared = is_declared
        return other

    @property
    def through(self) -> ModelTable | None:
        """The model of the link table, None where Triode makes the table."""
        given = self.info.through
        if given is None:
            return None
        if isinstance(given, str):
            found = model_registry.find(given, self.source.module)
        else:
            found = getattr(given, "__table__", None)
        if found is None:
            raise ModelError(
                f"{self!r}: through={given!r} is not a model.",
                code="model-unknown-target",
                where=self.where,
            )
        return found

    def link(self) -> sa.Table:
        """Return the link table."""
        if self.owner is not self:
            return self.owner.link()
        through = self.through
        if through is not None:
            return through.table
        if self._link is None:
            self._link = self._make_link()
        return self._link

    def link_table(self) -> sa.Table | None:
        return None if self.info.through is not None else self.link()

    def forget(self) -> None:
        link, self._link = self._link, None
        if link is not None and link.metadata.tables.get(link.fullname) is link:
            link.metadata.remove(link)

    def _make_link(self) -> sa.Table:
        metadata = model_registry.metadata_of(self.source.options.database)
        name = f"{self.source.name}_{self.name}"
        schema = self.source.options.schema
        full_name = f"{schema}.{name}" if schema else name
        if full_name in metadata.tables:
            metadata.remove(metadata.tables[full_name])
        mine, theirs = self._link_names()
        return sa.Table(
            name,
            metadata,
            _link_column(mine, self.source),
            _link_column(theirs, self.target),
            sa.PrimaryKeyConstraint(mine, theirs),
            schema=schema,
            sqlite_strict=True,
            sqlite_with_rowid=False,
        )

    def _link_names(self) -> tuple[str, str]:
        if self.source is self.target:
            return f"from_{self.source.name}_id", f"to_{self.target.name}_id"
        return f"{self.source.name}_id", f"{self.target.name}_id"

    def sides(self) -> tuple[sa.Column[Any], sa.Column[Any]]:
        """Return the link table's columns: the one that leads here, the one that leads there."""
        link = self.link()
        through = self.owner.through
        if through is None:
            mine, theirs = self.owner._link_names()
        else:
            mine = _key_to(through, self.owner.source, self)
            theirs = _key_to(through, self.owner.target, self, besides=mine)
        names = (mine, theirs) if self.owner is self else (theirs, mine)
        return link.c[names[0]], link.c[names[1]]

    def on(self, source: FromClause, target: FromClause) -> ColumnElement[bool]:
        here, there = self.sides()
        linked = sa.select(there).where(here == source.c[self.source.primary_key.name])
        return target.c[self.target.primary_key.name].in_(linked.correlate(source))

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        key_name = self.source.primary_key.name
        pairs: list[tuple[Any, Any]] = []
        for part in parts({getattr(each, key_name) for each in objects}):
            pairs += await self._pairs(channel, part)
        found = await by_key(channel, self.target, {there for _, there in pairs}, rest)
        groups: defaultdict[Any, set[Any]] = defaultdict(set)
        for here, there in pairs:
            groups[here].add(there)
        slot = self.source.slots[self.name]
        for each in objects:
            wanted = groups[getattr(each, key_name)]
            # `found` is in the order of the target's model.
            slot.fill(each, [item for key, item in found.items() if key in wanted])

    async def _pairs(self, channel: Channel, part: Sequence[Any]) -> list[tuple[Any, Any]]:
        here, there = self.sides()
        owner = LinkOwner(self.link())
        condition = Column(owner, here.key, self.key, lambda: None).in_(part)

        def make() -> tuple[Any, int]:
            family = family_of(channel.engine.dialect)
            builder = Builder(owner.table, owner, family=family)
            return sa.select(here, there).where(condition.build(builder)), builder.count

        plan = plan_for(channel.engine, ("pairs", self.key, condition.shape), make)
        rows = await channel.read(plan.sql, plan.parameters(condition.values))
        return plan.load(rows)

    async def add(
        self, channel: Channel, row: Any, others: Sequence[Any], values: Mapping[str, Any]
    ) -> None:
        """Link rows; those that are linked already stay as they are.

        Two that do it at once link a row once, if the link's own model says that the two of its
        keys are unique together; nothing hinders them else.

        `values` are the other fields of the link's own model, the same for all of them.

        Raises:
            QueryError: the link has no model of its own.
            ValidationFailed: a value is missing or refused.
        """
        if self.owner.through is not None:
            await self._add_through(channel, row, others, values)
            return
        if values:
            raise QueryError(
                f"{self!r} has no model of its own for {', '.join(values)}. Give it one: "
                "ManyToMany(through=Membership).",
                code="query-link-values",
            )
        here, there = self.sides()
        link = self.link()

        def make() -> tuple[Any, int]:
            values = {
                here.key: sa.bindparam("_p0", type_=here.type),
                there.key: sa.bindparam("_p1", type_=there.type),
            }
            return insert_unless_there(channel.engine.dialect, link, values), 2

        await self._write_pairs(channel, "add link", make, row, others)

    async def _add_through(
        self, channel: Channel, row: Any, others: Sequence[Any], values: Mapping[str, Any]
    ) -> None:
        through = self.owner.through
        assert through is not None
        here, there = self.sides()
        key = key_of(row, self.source)
        linked = {other for _, other in await self._pairs(channel, [key])} if others else set()
        made = []
        for other in dict.fromkeys(key_of(each, self.target) for each in others):
            if other not in linked:
                made.append(through.model(**{here.key: key, there.key: other, **values}))
        if made:
            extra = tuple(
                field.name for field in through.optional if getattr(made[0], field.name) is not None
            )
            rows = [
                (*through.read_given(each), *(getattr(each, name) for name in extra))
                for each in made
            ]
            names = through.given + extra
            try:
                await insert_many(channel, through, names, rows)
            except Duplicate as exc:
                if not _is_pair(exc, here, there):
                    raise
                # Somebody else has linked one of them since.
                await self._add_missing(channel, names, rows)
        self.source.slots[self.name].fill(row, msgspec.UNSET)

    async def _add_missing(
        self, channel: Channel, names: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Insert links one by one, passing over those that are there."""
        through = self.owner.through
        assert through is not None
        here, there = self.sides()
        async with one_unit(channel) as inner:
            for row in rows:
                try:
                    await insert_many(inner, through, names, [row])
                except Duplicate as exc:
                    if not _is_pair(exc, here, there):
                        raise

    async def remove(self, channel: Channel, row: Any, others: Sequence[Any]) -> None:
        """Unlink rows; those that are not linked are passed over."""
        here, there = self.sides()

        def make() -> tuple[Any, int]:
            mine = sa.bindparam("_p0", type_=here.type)
            theirs = sa.bindparam("_p1", type_=there.type)
            return sa.delete(self.link()).where(here == mine, there == theirs), 2

        await self._write_pairs(channel, "remove link", make, row, others)

    async def replace(self, channel: Channel, row: Any, others: Sequence[Any]) -> None:
        """Link these rows and no others."""
        key = key_of(row, self.source)
        wanted = {key_of(other, self.target) for other in others}
        linked = {there for _, there in await self._pairs(channel, [key])}
        await self.remove(channel, row, list(linked - wanted))
        await self.add(channel, row, list(wanted - linked), {})

    async def _write_pairs(
        self,
        channel: Channel,
        kind: str,
        make: Callable[[], tuple[Any, int]],
        row: Any,
        others: Sequence[Any],
    ) -> None:
        if others:
            key = key_of(row, self.source)
            plan = plan_for(channel.engine, (kind, self.key), make)
            pairs = [plan.parameters((key, key_of(other, self.target))) for other in others]
            await write_checked(channel, self.source, [Write(plan.sql, pairs, many=True)], {})
        self.source.slots[self.name].fill(row, msgspec.UNSET)


def insert_unless_there(dialect: Dialect, table: sa.Table, values: dict[str, Any]) -> sa.Insert:
    """Return an INSERT that leaves a row with the same key as it is."""
    if is_mysql(dialect):
        # Not IGNORE, which would pass over a missing parent too.
        key = next(iter(values))
        insert = mysql.insert(table).values(values).inline()
        return insert.on_duplicate_key_update({key: table.c[key]})
    if dialect.name == "sqlite":
        return sqlite.insert(table).values(values).inline().on_conflict_do_nothing()
    if dialect.name == "postgresql":
        return postgresql.insert(table).values(values).inline().on_conflict_do_nothing()
    columns = [table.c[name] for name in values]
    is_there = sa.exists().where(*(table.c[name] == value for name, value in values.items()))
    return sa.insert(table).from_select(columns, sa.select(*values.values()).where(~is_there))


def _is_pair(exc: Duplicate, here: sa.Column[Any], there: sa.Column[Any]) -> bool:
    """Whether what exists is the link itself, not something else that is unique of it."""
    return set(exc.fields) == {here.key, there.key}


class LinkOwner:
    """Stands for a link table where a column wants the model that owns it."""

    def __init__(self, table: sa.Table) -> None:
        self.table = table
        self.model_name = table.name


def _link_column(name: str, side: ModelTable) -> sa.Column[Any]:
    key = side.primary_key
    return sa.Column(
        name,
        storage_for(key),
        sa.ForeignKey(f"{side.full_name}.{key.name}", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )


def _key_to(
    through: ModelTable, side: ModelTable, relation: BaseRelation, *, besides: str = ""
) -> str:
    """Return the column of a link model that leads to one side."""
    for field in through.fields:
        is_other = field.name != besides
        if is_other and field.relation is not None and field.relation.target is side:
            return field.name
    raise ModelError(
        f"{relation!r}: {through.model_name} has no foreign key to {side.model_name}.",
        code="model-through",
        where=relation.where,
    )
