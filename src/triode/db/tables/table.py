"""A model as data: its columns, its relations, its SQLAlchemy table.

The table is made when it is first needed, because a foreign key may name a model that is
defined later.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement

from triode.db.engine import Channel
from triode.db.errors import QueryError
from triode.db.fields.column_type import ColumnType, OwnSchema
from triode.db.fields.computing import computed
from triode.db.fields.constraints import Check
from triode.db.fields.declaration import ModelOptions
from triode.db.fields.field import ColumnInfo
from triode.db.fields.kinds import strip_optional
from triode.db.fields.words import plural, snake_case
from triode.db.sources import find_database
from triode.db.sql.builder import Step
from triode.db.sql.column import Column
from triode.db.sql.expressions import Condition
from triode.db.sql.storage import JsonStorage, Storage
from triode.db.tables.blank import Blank
from triode.db.tables.key_parts import in_key_order, key_reader, tuple_reader, version_of
from triode.errors import ModelError, did_you_mean
from triode.schema import Schema, describe
from triode.schema.fields import MISSING
from triode.schema.kinds.unions import NullableSchema
from triode.schema.problems import HIDDEN, Loc, Problem
from triode.schema.unchanged import unchanged

keys: Final = itertools.count(1)
"""Numbers for columns, relations and models: parts of shapes, never used twice."""


@dataclass(eq=False)
class ModelField:
    """One column of a model.

    A foreign key's column has `relation`, the name of the relation; its storage is that of the
    key it refers to. A key of several columns has as many here.
    """

    name: str
    annotation: Any
    info: ColumnInfo
    where: str
    is_nullable: bool
    is_automatic: bool = False
    storage: Storage | None = None
    relation: Relation | None = None
    relation_name: str | None = None
    """The foreign key that it belongs to."""
    part: int = 0
    """Which column of the key that it refers to, where that has several."""
    column: Column = dataclasses.field(init=False)

    @cached_property
    def schema(self) -> Schema:
        """What checks a value of the column."""
        own = self.info.column_type
        if self.relation is not None or not isinstance(own, ColumnType):
            return describe(Annotated[self.value_annotation, self.info])
        node = OwnSchema(strip_optional(self.annotation)[0], self.info, own)
        return NullableSchema(self.annotation, self.info, node) if self.is_nullable else node

    @property
    def column_name(self) -> str:
        """The name of the column in the database."""
        given = self.info.db_column
        return given if isinstance(given, str) else self.name

    @property
    def value_annotation(self) -> Any:
        """The type of the value: one of the choices, or the type of the key it refers to."""
        if self.relation is None:
            return self.annotation if not self.info.choices else self._choice_annotation()
        annotation = self.referred.value_annotation
        return annotation | None if self.is_nullable else annotation

    @property
    def referred(self) -> ModelField:
        """The column of the other model's key that a foreign key refers to."""
        assert self.relation is not None
        return self.relation.target.key_fields[self.part]

    @cached_property
    def unchanged(self) -> Callable[[Any], bool]:
        """Tell of most valid values that `validate` would give them back as they are."""
        return unchanged(self.schema)

    @cached_property
    def validate(self) -> Callable[..., Any]:
        """Check a value as `Schema.validate` does; a secret one is shown in no problem."""
        check = self.schema.validate
        if not self.is_secret:
            return check

        def check_secret(value: Any, loc: Loc, problems: list[Problem]) -> Any:
            start = len(problems)
            valid = check(value, loc, problems)
            for found in problems[start:]:
                found["input"] = HIDDEN
            return valid

        return check_secret

    def _choice_annotation(self) -> Any:
        values = tuple(value for value, _ in self.info.choices or ())
        if not all(isinstance(value, int | str | bool) for value in values):
            return self.annotation
        chosen: Any = typing.cast(Any, Literal)[values]
        return chosen | None if self.is_nullable else chosen

    @property
    def is_key(self) -> bool:
        return self.info.primary_key

    @property
    def is_secret(self) -> bool:
        """Whether it is never part of an answer, and so no field of the Struct."""
        return self.info.write_only

    @property
    def is_required(self) -> bool:
        """Whether a new object needs a value for it."""
        has_default = self.info.has_default or self.info.server_default is not None
        is_optional_relation = self.relation is not None and self.is_nullable
        return not (has_default or self.is_automatic or is_optional_relation)

    def kinds(self) -> tuple[type, ...] | None:
        """Return the types that the column may be compared with; None: any."""
        if self.relation is not None:
            return self.referred.kinds()
        return None if self.storage is None else self.storage.kinds

    def portable(self, value: Any) -> Any:
        """Return a value that looks the same wherever it is; of a class that only we know, too."""
        if value is None or self.storage is None:
            return value
        return self.storage.portable(value)

    def make_default(self) -> Any:
        """Return the default; None where there is none."""
        made = self.info.make_default()
        return None if made is MISSING else made


class Relation(Step, typing.Protocol):
    """A relation of one model to another."""

    is_unique: bool
    """Whether no two rows of the model lead to the same one."""
    is_declared: bool
    """Whether the class body names it; if not, only another model's `related_name` does."""

    @property
    def target(self) -> ModelTable: ...

    @property
    def source_table(self) -> ModelTable:
        """The model on which the relation is declared."""
        ...

    def assigned(self, value: Any) -> list[tuple[ModelField, Any]]:
        """Return the columns and their values that assigning `value` means.

        Raises:
            QueryError: the relation is many-valued.
        """
        ...

    def equals(self, value: Any) -> Condition:
        """Lead to `value`: an object, its key, or None."""
        ...

    def link_table(self) -> sa.Table | None:
        """Return the table that the relation itself made, None if it made none."""
        ...

    def forget(self) -> None:
        """Take that table out of the metadata."""
        ...

    async def load(
        self, channel: Channel, objects: Sequence[Any], rest: tuple[tuple[Relation, ...], ...]
    ) -> None:
        """Load what the relation leads to for all of `objects`, and from there the paths `rest`."""
        ...


class ModelTable:
    """Everything the database rooms know of one model."""

    def __init__(
        self,
        model_name: str,
        module: str,
        fields: list[ModelField],
        options: ModelOptions,
        where: str,
    ) -> None:
        self.key = next(keys)
        self.model_name = model_name
        self.module = module
        self.where = where
        self.options = options
        self.fields = fields
        self.by_name = {field.name: field for field in fields}
        self.relations: dict[str, Relation] = {}
        self.slots: dict[str, Any] = {}
        self.checks: list[Check] = []
        self.computed: dict[str, computed[Any]] = {}
        self.model: Any = None
        self.find: Final = find_database(options.database)
        """Find the database that the rows lie in."""
        self.name = options.db_table or snake_case(model_name)
        self.full_name = f"{options.schema}.{self.name}" if options.schema else self.name
        for field in fields:
            field.column = Column(self, field.name, next(keys), field.kinds)
        self.version = version_of(model_name, fields)
        self.key_fields = in_key_order(
            [each for each in fields if each.is_key], options.primary_key
        )
        self.by_column = {field.column_name: field for field in fields}
        self.key_names = frozenset(field.name for field in self.key_fields)
        self.is_composite = len(self.key_fields) > 1
        self.key_of: Final = key_reader([field.name for field in self.key_fields])
        """Read the key of a row: a value, a tuple where the key has several columns, or None."""
        # Rows hold the public columns first, as the Struct does, then the secret ones.
        self.public = [field for field in fields if not field.is_secret]
        self.secret = [field for field in fields if field.is_secret]
        self.loaded = [*self.public, *self.secret]
        # What a new row always gives; the rest it may leave to the database.
        self.given = tuple(
            field.name
            for field in fields
            if not field.is_automatic and field.info.server_default is None
        )
        self.optional = tuple(field for field in fields if field.name not in self.given)
        self._generated: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._table: sa.Table | None = None
        self.make_sql: Callable[[], sa.Table]
        """Check the declaration and make the SQLAlchemy table; the model gives it."""
        self.make: Callable[..., Any]
        """The Struct's own constructor: public columns by position; the model gives it."""
        self.set: Callable[[Any, str, Any], None]
        """Set an attribute of a row without checking it; the model gives it."""
        self.build: Callable[..., list[Any]]
        """Make objects of rows; the model gives it."""

    def __repr__(self) -> str:
        return self.model_name

    @property
    def verbose_name(self) -> str:
        return self.options.verbose_name or snake_case(self.model_name).replace("_", " ")

    @property
    def verbose_name_plural(self) -> str:
        return self.options.verbose_name_plural or plural(self.verbose_name)

    @property
    def table(self) -> sa.Table:
        """The SQLAlchemy table.

        Raises:
            ModelError: a relation names a model that does not exist.
        """
        if self._table is None:
            self._table = self.make_sql()
        return self._table

    @property
    def primary_key(self) -> ModelField:
        """The one column of the key.

        Raises:
            ModelError: the key has several columns.
        """
        if self.is_composite:
            names = ", ".join(field.name for field in self.key_fields)
            raise ModelError(
                f"{self.model_name} has a key of several columns ({names}), and here only one "
                "can stand for a row: many-to-many relations and the admin need a model with one "
                "key column. Give it an id, and put the group into Meta.unique_together.",
                code="model-composite-key",
                where=self.where,
            )
        return self.key_fields[0]

    @cached_property
    def key_kinds(self) -> tuple[type, ...] | None:
        """The types that a key of one column has; None where it may be of any."""
        return None if self.is_composite else self.primary_key.kinds()

    def key_values(self, key: Any) -> tuple[Any, ...]:
        """Return a key as the values of its columns.

        Raises:
            QueryError: it has not one value for each column.
        """
        if not self.is_composite:
            return (key,)
        if not isinstance(key, tuple) or len(key) != len(self.key_fields):
            names = ", ".join(field.name for field in self.key_fields)
            raise QueryError(
                f"{key!r} is no key of {self.model_name}: give a tuple of ({names}).",
                code="query-key",
            )
        return key

    def key_condition(self, first: int) -> ColumnElement[bool]:
        """Return the condition that a row has the key in the parameters from `first` on."""
        columns = [self.table.c[field.name] for field in self.key_fields]
        return sa.and_(
            *(
                column == sa.bindparam(f"_p{number}", type_=column.type)
                for number, column in enumerate(columns, first)
            )
        )

    @cached_property
    def required(self) -> list[ModelField]:
        """The fields that a new row must be given."""
        return [field for field in self.fields if field.is_required]

    def referred(self) -> list[ModelTable]:
        """Return the tables that foreign keys lead to, from this table or one that it made."""
        found = [field.relation.target for field in self.fields if field.relation is not None]
        for relation in self.relations.values():
            if relation.link_table() is not None:
                found += [relation.target, relation.source_table]
        return found

    @cached_property
    def blank(self) -> Blank:
        """What the public fields of a new row hold where nothing is said."""
        return Blank(self.public)

    @cached_property
    def mutable(self) -> frozenset[str]:
        """The fields whose values may change without being assigned."""
        storages = {field.name: field.storage for field in self.fields}
        return frozenset(name for name, each in storages.items() if isinstance(each, JsonStorage))

    @cached_property
    def normal(self) -> dict[str, Callable[[Any], Any]]:
        """What makes of a field's value what will be read back, where that may differ."""
        storages = {field.name: field.storage for field in self.fields if field.storage}
        found = {name: storage.normal() for name, storage in storages.items()}
        return {name: normal for name, normal in found.items() if normal is not None}

    @cached_property
    def read_given(self) -> Callable[[Any], tuple[Any, ...]]:
        """Read the values of `given` from a row."""
        return tuple_reader(self.given)

    @cached_property
    def read_public(self) -> Callable[[Any], tuple[Any, ...]]:
        """Read the values of `public` from a row."""
        return tuple_reader([field.name for field in self.public])

    def generated(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns that the database fills when only `names` are given."""
        found = self._generated.get(names)
        if found is None:
            found = tuple(field.name for field in self.fields if field.name not in names)
            self._generated[names] = found
        return found

    def fields_of(self, name: str) -> list[ModelField]:
        """Return the columns that a name stands for: a field, or a foreign key."""
        found = self.by_name.get(name)
        if found is not None:
            return [found]
        return [field for field in self.fields if field.relation_name == name]

    def fields_named(self, names: Sequence[str]) -> list[ModelField]:
        """Return the columns that several names stand for.

        Raises:
            ModelError: a name is none.
        """
        return [field for name in names for field in self.fields_of(name) or [self.field(name)]]

    def field(self, name: str) -> ModelField:
        """Return a field by its name, that of a relation standing for its column."""
        found = self.by_name.get(name)
        if found is None:
            fields = self.fields_of(name)
            if len(fields) > 1:
                raise ModelError(
                    f"{self.model_name}.{name} has several columns: "
                    f"{', '.join(field.name for field in fields)}. Name one of them.",
                    code="model-composite-key",
                    where=self.where,
                )
            found = fields[0] if fields else None
        if found is None:
            raise ModelError(self.unknown(name), code="model-unknown-field", where=self.where)
        return found

    def unknown(self, name: str) -> str:
        """Say that there is no field of a name, and which one was meant."""
        names = [*self.by_name, *self.relations]
        hint = did_you_mean(name, names) or f" It has: {', '.join(names)}."
        return f"{self.model_name} has no field {name!r}.{hint}"


def check_name(model: ModelTable, field: ModelField) -> str:
    """Return the name of a field's own check in the database."""
    return f"{model.name}_{field.column_name}_check"
