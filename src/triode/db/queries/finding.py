"""What a model class can be asked for, and what is done to many of its rows at once."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, ClassVar, Self

from triode.db.queries.creating import get_or_create, update_or_create
from triode.db.queries.paging import Page
from triode.db.queries.query import Query
from triode.db.queries.selection import Selection
from triode.db.sources import HasChannels
from triode.db.sql.expressions import Condition
from triode.db.statement import Statement, WriteOperation
from triode.db.tables.lookup import make_conditions, refuse_unknown
from triode.db.tables.table import ModelTable
from triode.db.writes.by_key import KeyStatement
from triode.db.writes.insert_many import insert_all
from triode.db.writes.update_many import update_all
from triode.db.writes.upsert import Upsert, upsert_all
from triode.schema import MISSING

STATEMENTS = frozenset(
    {"get", "where", "all", "order_by", "include", "group_by", "values", "first", "count"}
    | {"exists", "page", "limit", "offset", "save", "update", "delete", "load", "refresh"}
    | {"insert_many", "update_many", "upsert", "get_or_create", "update_or_create"}
    | {"add", "remove", "replace", "having", "distinct", "for_update", "after", "before"}
    | {"using", "tuples", "column", "into", "union", "intersect", "except_", "returning"}
)


class Finding:
    """The class methods of models."""

    __slots__ = ()

    __table__: ClassVar[ModelTable]
    __statements__: ClassVar[frozenset[str]] = STATEMENTS

    @classmethod
    def get(cls, key: Any = MISSING, /, **equals: Any) -> Statement[Self]:
        """Give the row with this key, or the only one with these values.

        Raises:
            RowNotFound: there is none.
            MultipleRows: several have these values.
        """
        if equals or key is MISSING:
            return Query(cls.__table__).where(**equals).get()
        return KeyStatement(cls.__table__, key)

    @classmethod
    def where(cls, *conditions: Condition | bool | int, **equals: Any) -> Query[Self]:
        """Select the rows for which every condition holds; `name=value` is a short equality."""
        return Query(cls.__table__, make_conditions(cls.__table__, conditions, equals))

    @classmethod
    def all(cls) -> Query[Self]:
        """Select every row."""
        return Query(cls.__table__)

    @classmethod
    def using(cls, database: HasChannels | str) -> Query[Self]:
        """Select every row of another database than the model's; see `Query.using`."""
        return Query(cls.__table__).using(database)

    @classmethod
    def order_by(cls, *orders: Any) -> Query[Self]:
        """Select every row, sorted; see `Query.order_by`."""
        return Query(cls.__table__).order_by(*orders)

    @classmethod
    def include(cls, *relations: Any) -> Query[Self]:
        """Select every row with relations loaded; see `Query.include`."""
        return Query(cls.__table__).include(*relations)

    @classmethod
    def group_by(cls, *fields: Any) -> Query[Self]:
        """Group every row; see `Query.group_by`."""
        return Query(cls.__table__).group_by(*fields)

    @classmethod
    def values(cls, *fields: Any, **named: Any) -> Selection[dict[str, Any]]:
        """Give dicts of some columns; see `Query.values`."""
        return Query(cls.__table__).values(*fields, **named)

    @classmethod
    def first(cls, **equals: Any) -> Statement[Self | None]:
        """Give the first row, None if there is none."""
        return Query(cls.__table__).where(**equals).first()

    @classmethod
    def count(cls) -> Statement[int]:
        """Count the rows."""
        return Query(cls.__table__).count()

    @classmethod
    def exists(cls, **equals: Any) -> Statement[bool]:
        """Say whether there is any row with these values."""
        return Query(cls.__table__).where(**equals).exists()

    @classmethod
    def page(cls, number: int = 1, size: int = 20) -> Statement[Page[Self]]:
        """Give one page of all rows; see `Query.page`."""
        return Query(cls.__table__).page(number, size)

    @classmethod
    def insert_many(
        cls,
        items: Iterable[Self | Mapping[str, Any]] | AsyncIterable[Self | Mapping[str, Any]],
    ) -> Statement[int]:
        """Insert many rows in one transaction; gives how many.

        Items are objects or mappings of values, which are checked. They are taken from an iterator,
        or an asynchronous one, and written in batches, so that any number of them needs little
        memory. The objects do not learn the keys that the database gave them.

        Raises:
            ValidationFailed: lists what is wrong in a batch, by the number of the item.
            Duplicate, MissingParent: nothing was inserted.
        """
        name = f"{cls.__name__}.insert_many(…)"
        return WriteOperation(
            lambda channel: insert_all(channel, cls.__table__, items), name, cls.__table__.find
        )

    @classmethod
    def update_many(
        cls,
        items: Iterable[Self | Mapping[str, Any]] | AsyncIterable[Self | Mapping[str, Any]],
        *fields: Any,
    ) -> Statement[int]:
        """Write `fields` of many rows, each with its own values, by their keys; gives how many.

        Items are objects, or mappings with the key and the values.

        Raises:
            RowNotFound: one of them is not there; nothing is written then.
            Duplicate, MissingParent: as `save`.
        """
        name = f"{cls.__name__}.update_many(…)"
        return WriteOperation(
            lambda channel: update_all(channel, cls.__table__, items, fields),
            name,
            cls.__table__.find,
        )

    @classmethod
    def upsert(
        cls,
        items: Iterable[Self | Mapping[str, Any]] | AsyncIterable[Self | Mapping[str, Any]],
        *,
        on: Any,
        update: Any = None,
    ) -> Statement[int]:
        """Insert rows; where the fields `on` are taken, update the row that is there.

        `update` are the fields that take the new value, all given ones by default, none with `[]`;
        or a mapping of what they become: `{"number": Stock.number + excluded(Stock.number)}`.
        Gives how many rows were given.

        Raises:
            QueryError: no unique constraint is over `on`.
        """
        upsert = Upsert(cls.__table__, on, update)
        name = f"{cls.__name__}.upsert(…)"
        return WriteOperation(
            lambda channel: upsert_all(channel, upsert, items), name, cls.__table__.find
        )

    @classmethod
    def get_or_create(
        cls, defaults: Mapping[str, Any] | None = None, /, **equals: Any
    ) -> Statement[tuple[Self, bool]]:
        """Give the row with these unique values and False, or make it and give True.

        Two that do it at once get the same row. `defaults` are further values of a new one.

        Raises:
            QueryError: no unique constraint is over the names.
        """
        refuse_unknown(cls.__table__, {**(defaults or {}), **equals})
        name = f"{cls.__name__}.get_or_create(…)"
        return WriteOperation(
            lambda channel: get_or_create(channel, cls.__table__, equals, defaults or {}),
            name,
            cls.__table__.find,
        )

    @classmethod
    def update_or_create(
        cls, changes: Mapping[str, Any], /, **equals: Any
    ) -> Statement[tuple[Self, bool]]:
        """Change the row with these unique values and give False, or make it and give True.

        Raises:
            QueryError: no unique constraint is over the names.
        """
        refuse_unknown(cls.__table__, {**changes, **equals})
        name = f"{cls.__name__}.update_or_create(…)"
        return WriteOperation(
            lambda channel: update_or_create(channel, cls.__table__, equals, changes),
            name,
            cls.__table__.find,
        )
