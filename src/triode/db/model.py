"""`Model`: one class that is the table, the validated object and its description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

import msgspec
import sqlalchemy as sa

from triode.db.engine import Channel
from triode.db.errors import QueryError
from triode.db.fields.field import Field
from triode.db.metaclass import ModelMeta
from triode.db.nesting import remember
from triode.db.queries.finding import STATEMENTS, Finding
from triode.db.relating.many_to_many import ManyToManyRelation
from triode.db.sources import FindDatabase, keep_source
from triode.db.sql.expressions import Expression
from triode.db.statement import Operation, Statement, WriteOperation
from triode.db.tables.description import responses_of
from triode.db.tables.joining import load_paths
from triode.db.tables.lookup import check_values, relation_path
from triode.db.tables.table import ModelTable
from triode.db.writes.by_key import KeyStatement
from triode.db.writes.writing import (
    delete_row,
    insert,
    update_row,
    versioned,
)
from triode.schema import INVALID, MISSING, Problem, ValidationFailed

_NOTHING: frozenset[str] = frozenset()


# On the class, not on its metaclass: mypy would find the one of msgspec.Struct before it.
@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(Field,))
class Model(msgspec.Struct, Finding, metaclass=ModelMeta):
    """A row of a table, and the base of every model.

    Where a model declares no primary key, it has `id: int`, which the database fills.
    """

    if TYPE_CHECKING:
        id: Any = Field(default=None)
        table: ClassVar[sa.Table]

    __table__: ClassVar[ModelTable]
    __schema__: ClassVar[Any]
    # Methods of a model and of its queries whose result needs no task until it waits.
    # Beside the methods that it names: see `binding/awaits.py`.
    __statements__: ClassVar[frozenset[str]] = STATEMENTS

    # --- change

    def save(self) -> Statement[Self]:
        """Insert the row; if it was loaded or saved before, write the fields assigned since.

        JSON, which may change in place, is always written.

        Raises:
            Duplicate: a unique value is taken.
            MissingParent: a foreign key leads nowhere.
            RowNotFound: it was deleted meanwhile.
        """
        return WriteOperation(self._save, f"{type(self).__name__}.save()", _find(self))

    async def _save(self, channel: Channel) -> Self:
        table = self.__table__
        if "_new" in self.__dict__:
            await _insert(channel, table, self)
            return self
        key = _saved_key(self)
        names = (vars(self).get("_assigned", _NOTHING) | table.mutable) - table.key_names
        values = {name: getattr(self, name) for name in table.by_name if name in names}
        if values:
            row = await update_row(channel, table, key, _expecting(self, values))
            if table.version is not None:
                values[table.version.name] = row[0]
        else:
            await KeyStatement(table, key).execute(channel)
        remember(channel, self)
        if table.version is not None and values:
            table.set(self, table.version.name, values[table.version.name])
        _settle(self, values)
        return self

    def update(
        self, changes: Mapping[str, Any] | Self | None = None, /, **values: Any
    ) -> Statement[Self]:
        """Change some values, here and in the database; only their columns are written.

        `changes` is what a `Patch[…]` parameter gives. A value may be an expression.

        Raises:
            ValidationFailed: a field refuses its value.
            Duplicate, MissingParent, RowNotFound: as `save`.
        """
        given = {**_mapping(changes), **values}
        name = f"{type(self).__name__}.update(…)"
        return WriteOperation(lambda channel: self._update(channel, given), name, _find(self))

    async def _update(self, channel: Channel, given: dict[str, Any]) -> Self:
        table = self.__table__
        checked = check_values(table, given)
        if not checked:
            return self
        row = await update_row(channel, table, _saved_key(self), _expecting(self, checked))
        checked = versioned(table, checked)
        remember(channel, self)
        computed = [name for name, value in checked.items() if isinstance(value, Expression)]
        checked.update(zip(computed, row, strict=True))
        for name, value in checked.items():
            table.set(self, name, value)
            relation = table.by_name[name].relation
            if relation is not None:
                loaded = given.get(relation.name)
                is_object = hasattr(type(loaded), "__table__")
                table.slots[relation.name].fill(self, loaded if is_object else msgspec.UNSET)
        _settle(self, checked)
        return self

    def delete(self) -> Statement[None]:
        """Delete the row.

        Raises:
            Protected: other rows refer to it.
            RowNotFound: it was deleted meanwhile.
        """
        return WriteOperation(self._delete, f"{type(self).__name__}.delete()", _find(self))

    async def _delete(self, channel: Channel) -> None:
        table = self.__table__
        counter = table.version
        version = None if counter is None else getattr(self, counter.name)
        await delete_row(channel, table, _saved_key(self), version=version)
        remember(channel, self)
        vars(self)["_new"] = True

    def load(self, *relations: Any) -> Statement[Self]:
        """Load relations, for all rows of the query that gave this one, in one statement each."""

        async def execute(channel: Channel) -> Self:
            siblings = self.__dict__.get("_siblings") or [self]
            paths = [relation_path(self.__table__, relation) for relation in relations]
            await load_paths(channel, siblings, paths)
            if "_find" in vars(self):
                keep_source(siblings, _find(self))
            return self

        return Operation(execute, _find(self))

    def add(self, relation: Any, *others: Any, **values: Any) -> Statement[None]:
        """Link rows, or their keys, to this one: `hero.add(Hero.powers, flight)`.

        `values` are fields of the link's own model: `user.add(User.clubs, chess, role="chair")`.
        """
        many = _many(relation)
        return WriteOperation(
            lambda channel: many.add(channel, self, others, values), "add(…)", _find(self)
        )

    def remove(self, relation: Any, *others: Any) -> Statement[None]:
        """Unlink rows from this one; the rows themselves stay."""
        many = _many(relation)
        return WriteOperation(
            lambda channel: many.remove(channel, self, others), "remove(…)", _find(self)
        )

    def replace(self, relation: Any, others: Iterable[Any]) -> Statement[None]:
        """Link exactly these rows to this one."""
        many = _many(relation)
        chosen = list(others)
        return WriteOperation(
            lambda channel: many.replace(channel, self, chosen), "replace(…)", _find(self)
        )

    def refresh(self) -> Statement[Self]:
        """Read the row again.

        Raises:
            RowNotFound: it was deleted meanwhile.
        """

        async def execute(channel: Channel) -> Self:
            table = self.__table__
            key = _saved_key(self)
            fresh = await KeyStatement(table, key).execute(channel)
            for field in table.fields:
                table.set(self, field.name, getattr(fresh, field.name))
            for slot in table.slots.values():
                slot.fill(self, msgspec.UNSET)
            vars(self).pop("_assigned", None)
            return self

        return Operation(execute, _find(self))

    # --- be an object

    def __setattr__(self, name: str, value: Any) -> None:
        table = self.__table__
        field = table.by_name.get(name)
        if field is not None:
            table.set(self, name, _valid(field, value))
            hidden: Any = self.__dict__
            assigned = hidden.get("_assigned", _NOTHING)
            if name not in assigned:
                hidden["_assigned"] = assigned | {name}
            if field.relation is not None:
                slot = table.slots[field.relation.name]
                slot.fill(self, msgspec.UNSET)
        elif name in table.slots or name in table.computed or name.startswith("_"):
            table.set(self, name, value)
        else:
            raise AttributeError(table.unknown(name))

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            raise AttributeError(type(self).__table__.unknown(name), name=name, obj=self)

    def __eq__(self, other: object) -> bool:
        """Be the same row: of the same model, with the same key, both saved."""
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        read = self.__table__.key_of
        key = read(self)
        return key is not None and bool(key == read(other))

    def __hash__(self) -> int:
        key = self.__table__.key_of(self)
        return id(self) if key is None else hash((type(self).__name__, key))

    def __copy__(self) -> Self:
        table = self.__table__
        made: Self = table.make(*[getattr(self, field.name) for field in table.public])
        vars(made).update(vars(self))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        table = self.__table__
        hidden = {name: value for name, value in vars(self).items() if name != "_siblings"}
        return _restore, (type(self), [getattr(self, each.name) for each in table.public], hidden)

    def __repr__(self) -> str:
        shown = [f"{field.name}={getattr(self, field.name)!r}" for field in self.__table__.public]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __str__(self) -> str:
        """Name the row: its first text, else its model and key. Override it to say it better."""
        table = self.__table__
        for field in table.public:
            value = getattr(self, field.name)
            if isinstance(value, str) and value and not field.is_key:
                return value
        key = table.key_of(self)
        return f"{table.verbose_name.capitalize()} {'(new)' if key is None else key}"

    @classmethod
    def __responses__(cls, method_name: str) -> dict[int, str]:
        """Say which error responses a handler may give that calls a method; for OpenAPI.

        A call on what another call gave is named with it: "where.limit.get".
        """
        return responses_of(cls.__table__, method_name)


def _find(row: Model) -> FindDatabase:
    """Return what finds the database of a row: that of its model, or the one it was read from."""
    return vars(row).get("_find") or row.__table__.find


def _restore(model: Any, public: list[Any], hidden: dict[str, Any]) -> Any:
    """Make the row again that was pickled; relations it had loaded are left out."""
    made = model.__table__.make(*public)
    vars(made).update(hidden)
    return made


async def _insert(channel: Channel, table: ModelTable, row: Any) -> None:
    names = table.given
    values = table.read_given(row)
    for field in table.optional:
        value = getattr(row, field.name)
        if value is not None:
            names += (field.name,)
            values += (value,)
    made = await insert(channel, table, names, values)
    remember(channel, row)
    if made:
        for name, value in zip(table.generated(names), made, strict=True):
            table.set(row, name, value)
    row.__dict__.pop("_new", None)
    _settle(row, dict(zip(names, values, strict=True)))


def _settle(row: Any, written: Mapping[str, Any]) -> None:
    """Hold what was written as a query would give it; fields assigned meanwhile wait for a save."""
    hidden, table = row.__dict__, row.__table__
    left: list[str] = []
    if "_assigned" in hidden:
        assigned = hidden.pop("_assigned")
        left = [name for name in assigned if getattr(row, name) is not written.get(name, MISSING)]
        if left:
            hidden["_assigned"] = frozenset(left)
    for name, normal in table.normal.items():
        if name in written and name not in left:
            value = getattr(row, name)
            fresh = None if value is None else normal(value)
            if fresh is not value:
                table.set(row, name, fresh)


def _expecting(row: Model, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return changes with the version that the row must still have: the one given, or read."""
    counter = row.__table__.version
    if counter is None:
        return values
    return {**values, counter.name: values.get(counter.name, getattr(row, counter.name))}


def _saved_key(row: Model) -> Any:
    key = row.__table__.key_of(row)
    if key is None:
        raise QueryError(
            f"The {row.__table__.model_name} was never saved, so it has no key. Save it first.",
            code="query-unsaved",
        )
    return key


def _many(relation: Any) -> ManyToManyRelation:
    path: tuple[Any, ...] = getattr(relation, "as_path", ())
    if len(path) != 1 or not isinstance(path[0], ManyToManyRelation):
        raise QueryError(
            f"{relation!r} is not a many-to-many relation of this model, such as Hero.powers.",
            code="query-not-a-relation",
        )
    return path[0]


def _mapping(changes: Any) -> Mapping[str, Any]:
    if changes is None:
        return {}
    if isinstance(changes, Mapping):
        return changes
    raise QueryError(
        f"update takes a mapping, the value of a Patch[…] parameter, or name=value, not "
        f"{type(changes).__name__}.",
        code="query-update",
    )


def _valid(field: Any, value: Any) -> Any:
    if field.unchanged(value):
        return value
    problems: list[Problem] = []
    valid = field.validate(value, (field.name,), problems)
    if valid is INVALID:
        raise ValidationFailed(problems)
    return valid
