"""Relations between models: to one row by a foreign key, to many by its other side or a link table.

A relation stands on the model's metaclass, so that `Hero.team` is a path that conditions and
`include` understand; on the instance stands a `Slot`, which gives what was loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement, FromClause

from triode.db.engine import Channel
from triode.db.errors import NotLoaded, QueryError
from triode.db.fields.declaration import Declaration, Target
from triode.db.fields.field import ForeignKeyInfo
from triode.db.queries.quantified import any_of, none_of
from triode.db.queries.query import Query
from triode.db.sql.column import Column
from triode.db.sql.expressions import Condition, Selected
from triode.db.sql.keys import among_keys, has_key, has_other_key
from triode.db.tables.key_parts import key_reader
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelField, ModelTable, Relation, keys
from triode.errors import ModelError

KEYS_AT_ONCE = 5000
"""Keys in one IN list at most; SQLite takes 32,766 parameters."""


class BaseRelation:
    """What all relations share: a name on one model, and a model it leads to."""

    is_many = True
    is_unique = False

    def __init__(self, source: ModelTable, name: str, target: Target, *, where: str) -> None:
        self.key = next(keys)
        self.source = source
        self.name = name
        self.where = where
        self._target_name = target
        self._target: ModelTable | None = None
        self.is_declared = True

    def __repr__(self) -> str:
        return f"{self.source.model_name}.{self.name}"

    def __get__(self, instance: object, owner: type | None = None) -> RelationPath:
        return RelationPath((self,))

    def __set__(self, instance: object, value: object) -> None:
        raise QueryError(
            f"{self!r} is a relation of the model; assign to a row of it instead.",
            code="query-assign-column",
        )

    @property
    def source_table(self) -> ModelTable:
        return self.source

    @property
    def target(self) -> ModelTable:
        """The model it leads to.

        Raises:
            ModelError: there is no model of that name.
        """
        if self._target is None:
            self._target = self.find_target()
        if self._target is None:
            raise ModelError(
                f"{self!r} leads to {self._target_name.model!r}, which is not a model. Define or "
                "import it before the application starts.",
                code="model-unknown-target",
                where=self.where,
            )
        return self._target

    def find_target(self) -> ModelTable | None:
        """Return the model it leads to, None if it is not defined yet."""
        model = self._target_name.model
        if isinstance(model, str):
            return model_registry.find(model, self.source.module)
        found = getattr(model, "__table__", None)
        return found if isinstance(found, ModelTable) else None

    def target_table(self) -> sa.Table:
        return self.target.table

    def on(self, source: FromClause, target: FromClause) -> ColumnElement[bool]:
        raise NotImplementedError

    def link_table(self) -> sa.Table | None:
        return None

    def forget(self) -> None:
        """Take the table that the relation itself made out of the metadata."""

    def equals(self, value: Any) -> Condition:
        return has_key(key_columns(self.target, (self,)), key_of(value, self.target))

    def assigned(self, value: Any) -> list[tuple[ModelField, Any]]:
        """Return the columns and their values that assigning `value` means."""
        raise QueryError(
            f"{self!r} cannot be assigned this way. Use add, remove or replace on a saved row.",
            code="query-assign-many",
        )

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        raise NotImplementedError

    def how_to_load(self) -> str:
        """Say what to write to have it loaded."""
        model = self.source.model_name
        return (
            f"Write {model}.where(…).include({model}.{self.name}) to load it with the query, or "
            f"await row.load({model}.{self.name}) to load it for all rows of the query that gave "
            "this one."
        )


class ForeignKeyRelation(BaseRelation):
    """To one row of another model, by a column of this one, or several."""

    is_many = False

    def __init__(
        self, source: ModelTable, declaration: Declaration, fields: Sequence[ModelField]
    ) -> None:
        assert declaration.target is not None
        assert isinstance(declaration.info, ForeignKeyInfo)
        super().__init__(source, declaration.name, declaration.target, where=declaration.where)
        self.info = declaration.info
        self.is_unique = declaration.info.unique
        self.fields = tuple(fields)
        self.key_of = key_reader([field.name for field in fields])
        """Read the key that a row refers to, None where it refers to none."""

    @property
    def field(self) -> ModelField:
        """The one column.

        Raises:
            ModelError: there are several.
        """
        return self.source.field(self.name)

    @property
    def columns(self) -> list[Column]:
        return [field.column for field in self.fields]

    def on(self, source: FromClause, target: FromClause) -> ColumnElement[bool]:
        pairs = [(source.c[each.name], target.c[each.referred.name]) for each in self.fields]
        return sa.and_(*(here == there for here, there in pairs))

    def equals(self, value: Any) -> Condition:
        return has_key(self.columns, key_of(value, self.target))

    def assigned(self, value: Any) -> list[tuple[ModelField, Any]]:
        key = key_of(value, self.target)
        parts = [None] * len(self.fields) if key is None else self.target.key_values(key)
        return list(zip(self.fields, parts, strict=True))

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        read = self.key_of
        wanted = {key for each in objects if (key := read(each)) is not None}
        found = await by_key(channel, self.target, wanted, rest)
        slot = self.source.slots[self.name]
        for each in objects:
            key = read(each)
            slot.fill(each, None if key is None else found.get(key))


class ReverseRelation(BaseRelation):
    """To the rows of another model whose foreign key leads here."""

    def __init__(self, forward: ForeignKeyRelation, name: str, *, is_declared: bool) -> None:
        super().__init__(forward.target, name, Target(None), where=forward.where)
        self._target = forward.source
        self.forward = forward
        self.is_declared = is_declared

    def on(self, source: FromClause, target: FromClause) -> ColumnElement[bool]:
        return self.forward.on(target, source)

    def assigned(self, value: Any) -> list[tuple[ModelField, Any]]:
        column = f"{self.target.model_name}.{self.forward.name}"
        raise QueryError(
            f"{self!r} cannot be assigned: the rows on its other side hold the key. Set {column} "
            f"of each and save it: {self.target.model_name}({self.forward.name}=row, …).save().",
            code="query-assign-many",
        )

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        read, columns = self.source.key_of, self.forward.columns
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        for part in parts({read(each) for each in objects}, len(columns)):
            query = including(Query(self.target, (among_keys(columns, part),)), rest)
            for found in await query.execute(channel):
                groups[self.forward.key_of(found)].append(found)
        slot = self.source.slots[self.name]
        for each in objects:
            slot.fill(each, groups[read(each)])


class ReverseOneRelation(ReverseRelation):
    """To the one row of another model whose one-to-one key leads here, or to None."""

    is_many = False

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        await super().load(channel, objects, rest)
        slot = self.source.slots[self.name]
        for each in objects:
            [found] = slot.peek(each) or [None]
            slot.fill(each, found)


class RelationPath:
    """One relation or several in a row, as in `Hero.team.captain`.

    Its attributes are the fields and relations of the model it leads to.
    """

    __slots__ = ("as_path",)

    def __init__(self, path: tuple[BaseRelation, ...]) -> None:
        self.as_path = path

    def __repr__(self) -> str:
        return ".".join([repr(self.as_path[0]), *(step.name for step in self.as_path[1:])])

    def __getattr__(self, name: str) -> Any:
        target = self.as_path[-1].target
        if name in target.by_name:
            return target.by_name[name].column.along(self.as_path)
        relation = target.relations.get(name)
        if relation is None:
            raise AttributeError(target.unknown(name))
        return RelationPath((*self.as_path, relation))  # type: ignore[arg-type]

    def as_columns(self) -> list[Column]:
        """Return the columns that stand for the relation: its foreign key, or the other's key."""
        last = self.as_path[-1]
        if isinstance(last, ForeignKeyRelation):
            return [column.along(self.as_path[:-1]) for column in last.columns]
        return key_columns(last.target, self.as_path)

    def as_column(self) -> Column:
        """Return the one column that stands for the relation.

        Raises:
            QueryError: there are several.
        """
        columns = self.as_columns()
        if len(columns) > 1:
            raise QueryError(
                f"{self!r} has several columns: {', '.join(map(repr, columns))}. Name one of them, "
                "or compare the relation with a row or a tuple.",
                code="query-key",
            )
        return columns[0]

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        if other is None and self.as_path[-1].is_many:
            return none_of(self)
        return has_key(self.as_columns(), key_of(other, self.as_path[-1].target))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        if other is None and self.as_path[-1].is_many:
            return any_of(self)
        return has_other_key(self.as_columns(), key_of(other, self.as_path[-1].target))

    def in_(self, values: Iterable[Any]) -> Condition:
        """Lead to one of `values`, objects or keys, or of the rows of a query."""
        target = self.as_path[-1].target
        is_query = isinstance(values, Selected)
        wanted = values if is_query else [key_of(value, target) for value in values]
        return among_keys(self.as_columns(), wanted)

    def is_(self, value: None) -> Condition:
        """Lead nowhere."""
        return self == value

    def is_not(self, value: None) -> Condition:
        """Lead somewhere."""
        return self != value


class Slot:
    """What an instance has loaded of a relation; reading it before raises `NotLoaded`.

    A relation that the class body declares lies in a field of the Struct, so that it is part of
    the JSON; one that only a `related_name` made lies in the instance's `__dict__`.
    """

    def __init__(
        self, relation: BaseRelation, member: Any | None, declaration: Declaration | None = None
    ) -> None:
        self.relation = relation
        self.member = member
        self.declaration = declaration

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.peek(instance)
        if value is not msgspec.UNSET:
            return value
        relation = self.relation
        if isinstance(relation, ForeignKeyRelation) and relation.key_of(instance) is None:
            return None
        raise NotLoaded(f"{relation!r} was not loaded. {relation.how_to_load()}")

    def __set__(self, instance: Any, value: Any) -> None:
        relation = self.relation
        if value is not msgspec.UNSET:
            for field, key in relation.assigned(value):
                setattr(instance, field.name, key)
            value = value if value is None or hasattr(value, "__table__") else msgspec.UNSET
        self.fill(instance, value)

    def peek(self, instance: Any) -> Any:
        """Return what is loaded, UNSET if nothing is."""
        if self.member is None:
            return instance.__dict__.get(self.relation.name, msgspec.UNSET)
        return self.member.__get__(instance)

    def fill(self, instance: Any, value: Any) -> None:
        """Keep what was loaded."""
        if self.member is None:
            instance.__dict__[self.relation.name] = value
        else:
            self.member.__set__(instance, value)


def key_of(value: Any, target: ModelTable) -> Any:
    """Return the key that an object, a key or None stands for.

    Raises:
        QueryError: it is a tuple and no key, the object is of another model, or was never saved.
    """
    table = getattr(type(value), "__table__", None)
    if table is None:
        if isinstance(value, tuple) and not target.is_composite:
            raise QueryError(
                f"{value!r} was given where a {target.model_name} or its key is meant. "
                "(get_or_create and update_or_create give a tuple: the row, and whether it was "
                "made.)",
                code="query-wrong-model",
            )
        return value
    if table is not target:
        raise QueryError(
            f"A {table.model_name} was given where a {target.model_name} is meant.",
            code="query-wrong-model",
        )
    key = target.key_of(value)
    if key is None:
        raise QueryError(
            f"The {table.model_name} has no key yet: save it first.", code="query-unsaved"
        )
    return key


async def by_key(
    channel: Channel,
    target: ModelTable,
    wanted: Iterable[Any],
    rest: tuple[tuple[Relation, ...], ...],
) -> dict[Any, Any]:
    """Return the rows with the wanted keys, by key, in the order of their model."""
    found: dict[Any, Any] = {}
    columns = key_columns(target)
    for part in parts(wanted, len(columns)):
        query = including(Query(target, (among_keys(columns, part),)), rest)
        found.update((target.key_of(each), each) for each in await query.execute(channel))
    return found


def key_columns(target: ModelTable, path: tuple[Any, ...] = ()) -> list[Column]:
    """Return the columns of a model's key, as seen from the start of a path."""
    columns = [field.column for field in target.key_fields]
    return [column.along(path) for column in columns] if path else columns


def including(query: Query[Any], rest: tuple[tuple[Relation, ...], ...]) -> Query[Any]:
    """Return the query with the rest of some paths included."""
    return query.include(*map(RelationPath, rest)) if rest else query  # type: ignore[arg-type]


def parts(wanted: Iterable[Any], width: int = 1) -> list[list[Any]]:
    """Return keys of `width` columns in lists that fit into one statement."""
    listed, size = list(wanted), KEYS_AT_ONCE // width
    return [listed[start : start + size] for start in range(0, len(listed), size)]
