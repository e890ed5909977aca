"""Inserts that update the row which is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from triode.db.engine import Channel, Write
from triode.db.errors import QueryError, ValueRefused
from triode.db.sql.builder import Builder
from triode.db.sql.column import Column
from triode.db.sql.expressions import Expression, as_expression
from triode.db.sql.plan import Plan, plan_for
from triode.db.sql.storage import family_of, is_mysql
from triode.db.tables.lookup import check_values, own_columns
from triode.db.tables.sequences import after_given
from triode.db.tables.table import ModelTable
from triode.db.writes.batches import Items, batches_in_unit
from triode.db.writes.new_rows import as_mappings, by_names, made_rows, values_of
from triode.db.writes.refusals import blame_row
from triode.db.writes.writing import assignments, write_checked


class Upsert:
    """What becomes of a row whose unique values are taken.

    `on` are the fields that are unique together; `update` the fields that take the new value, or
    what is computed for them. No fields: the row that is there stays as it is.
    """

    def __init__(self, table: ModelTable, on: Any, update: Any) -> None:
        self.table = table
        self.on = tuple(own_columns(table, _listed(on)))
        refuse_not_unique(table, self.on)
        changes = self._changes(update)
        if table.version is not None and changes:
            changes[table.version.name] = table.version.column + 1
        self.names = tuple(changes)
        self.expressions = [as_expression(value) for value in changes.values()]
        self.shape = (self.on, self.names, tuple(each.shape for each in self.expressions))
        self.values = tuple(value for each in self.expressions for value in each.values)

    def _changes(self, update: Any) -> dict[str, Any]:
        table = self.table
        if isinstance(update, Mapping):
            return check_values(table, dict(update))
        if update is None:
            names = [name for name in table.given if name not in self.on]
        else:
            names = own_columns(table, _listed(update))
        return {name: Excluded(table.by_name[name].column) for name in names}

    def build(self, channel: Channel, values: dict[str, Any], first: int) -> tuple[Any, int]:
        """Return the INSERT and the number of its parameters."""
        dialect = channel.engine.dialect
        builder = Builder(self.table.table, self.table, family=family_of(dialect), first=first)
        if is_mysql(dialect):
            return self._build_mysql(builder, values)
        insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        statement = insert(self.table.table).values(values)
        columns = [self.table.table.c[name] for name in self.on]
        if not self.names:
            return statement.on_conflict_do_nothing(index_elements=columns), first
        builder.excluded = statement.excluded
        changes = assignments(builder, self.table, self.names, self.expressions)
        done = statement.on_conflict_do_update(index_elements=columns, set_=changes)
        return done, builder.count

    def _build_mysql(self, builder: Builder, values: dict[str, Any]) -> tuple[Any, int]:
        self._refuse_other_unique(set(values))
        statement = mysql.insert(self.table.table).values(values)
        builder.excluded = statement.inserted
        first = self.on[0]
        changes = assignments(builder, self.table, self.names, self.expressions)
        # To set a column to itself is its way to change nothing.
        changes = changes or {first: self.table.table.c[first]}
        return statement.on_duplicate_key_update(**changes), builder.count

    def _refuse_other_unique(self, given: set[str]) -> None:
        """Refuse what MySQL and MariaDB would do: update the row that holds any unique value."""
        table = self.table.table
        groups: list[Any] = [each for each in table.constraints if isinstance(each, _UNIQUE)]
        groups += [each for each in table.indexes if each.unique]
        for group in groups:
            names = {column.name for column in group.columns}
            if names != set(self.on) and names <= given:
                raise QueryError(
                    f"{', '.join(sorted(names))} of {self.table.model_name} is unique too, and "
                    "this database would update the row that holds it. Use update_or_create, "
                    "or catch Duplicate.",
                    code="query-not-supported",
                )


_UNIQUE: Final = (sa.UniqueConstraint, sa.PrimaryKeyConstraint)


class Excluded(Expression):
    """The value that an upsert would have inserted."""

    __slots__ = ("column",)

    def __init__(self, column: Column) -> None:
        self.column = column
        self.shape = ("excluded", column.shape)
        self.values = ()

    def __repr__(self) -> str:
        return f"excluded({self.column!r})"

    def build(self, builder: Builder) -> Any:
        if builder.excluded is None:
            raise QueryError(
                f"{self!r} is for the update of an upsert only.", code="query-excluded"
            )
        return builder.excluded[self.column.name]


def excluded(field: Any) -> Any:
    """Return the value that an upsert would have inserted: `Stock.number + excluded(Stock.number)`.

    Raises:
        QueryError: it is no field of a model.
    """
    if not isinstance(field, Column):
        raise QueryError(
            f"{field!r} is not a field of a model. Write excluded(Stock.number).",
            code="query-not-a-field",
        )
    return Excluded(field)


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


def refuse_not_unique(table: ModelTable, names: Sequence[str]) -> None:
    """Refuse fields that no unique constraint is over: two rows could have the same values.

    Raises:
        QueryError: says what is unique.
    """
    wanted = set(names)
    unique = [{field.name} for field in table.fields if field.info.unique]
    unique += [
        {field.name for field in table.fields_named(group)}
        for group in table.options.unique_together
    ]
    unique.append({field.name for field in table.key_fields})
    unique += [
        {field.name for field in table.fields_of(name)}
        for name, relation in table.relations.items()
        if relation.is_unique
    ]
    if wanted not in unique:
        known = "; ".join(", ".join(sorted(group)) for group in unique)
        raise QueryError(
            f"{', '.join(names)} of {table.model_name} is not unique, so there may be several such "
            f"rows. Unique are: {known}. Add Field(unique=True) or Meta.unique_together.",
            code="query-not-unique",
        )


async def upsert_all(channel: Channel, upsert: Upsert, items: Items) -> int:
    """Insert rows, or update those that are there; return how many were given."""
    table = upsert.table
    done = 0
    async with batches_in_unit(channel, items) as (inner, batches):
        async for batch in batches:
            rows = made_rows(table, batch, done)
            try:
                for names, some in by_names(table, rows).items():
                    await _upsert_rows(inner, upsert, names, some)
            except ValueRefused as exc:
                blame_row(inner, table, exc, as_mappings(table, rows), done)
                raise
            done += len(rows)
    return done


async def _upsert_rows(
    channel: Channel, upsert: Upsert, names: tuple[str, ...], rows: list[Any]
) -> None:
    table = upsert.table
    missing = [name for name in upsert.on if name not in names]
    if missing:
        raise QueryError(
            f"A row of upsert has no {', '.join(missing)}, by which it would be found.",
            code="query-update",
        )

    def make() -> tuple[Any, int]:
        values = {
            name: sa.bindparam(f"_p{index}", type_=table.table.c[name].type)
            for index, name in enumerate(names)
        }
        return upsert.build(channel, values, len(names))

    plan = plan_for(channel.engine, ("upsert", table.key, names, upsert.shape), make)
    values = [(*each, *upsert.values) for each in values_of(table, names, rows)]
    writes = _upsert_writes(channel, upsert, plan, values)
    continued = after_given(channel.engine.dialect, table, names, values)
    await write_checked(channel, table, [*writes, *continued], {})


def _upsert_writes(
    channel: Channel, upsert: Upsert, plan: Plan, values: Sequence[Sequence[Any]]
) -> list[Write]:
    if upsert.values and is_mysql(channel.engine.dialect):
        # Its driver takes no parameters behind those of the row when it writes many.
        return [Write(plan.sql, plan.parameters(each)) for each in values]
    return [Write(plan.sql, plan.parameters_of_all(values), many=True)]
