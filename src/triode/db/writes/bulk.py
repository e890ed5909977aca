"""Many rows at once: inserts in batches, updates by key, inserts that update what is there."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from itertools import islice
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from triode.db.engine import Channel, Write
from triode.db.errors import QueryError, RowNotFound, ValueRefused
from triode.db.nesting import filling, one_unit
from triode.db.sql.builder import Builder
from triode.db.sql.column import Column
from triode.db.sql.expressions import Expression, as_expression
from triode.db.sql.plan import Plan, plan_for
from triode.db.sql.storage import family_of, is_mysql
from triode.db.tables.lookup import check_values, field_of
from triode.db.tables.sequences import after_given
from triode.db.tables.table import ModelTable
from triode.db.writes.refusals import blame_row
from triode.db.writes.updating import CASES, update_by_cases
from triode.db.writes.writing import assignments, insert_many, not_found, write_checked
from triode.schema import Problem, ValidationFailed

BATCH: Final = 1000
"""Rows that are held in memory and written together."""

Items = Iterable[Any] | AsyncIterable[Any]


async def insert_all(channel: Channel, table: ModelTable, items: Items) -> int:
    """Insert rows in batches, in one transaction; return how many.

    Raises:
        ValidationFailed: lists what is wrong with the rows of one batch.
    """
    with filling(channel, channel.engine.pinned) as filled:
        async with aclosing(in_batches(channel, items)) as batches:
            first: list[Any] = await anext(batches, [])
            second = await anext(batches, None)
            if second is None:
                return await _insert_batch(channel, table, first, 0)
            async with one_unit(channel, filled) as inner:
                done = await _insert_batch(inner, table, first, 0)
                done += await _insert_batch(inner, table, second, done)
                async for batch in batches:
                    done += await _insert_batch(inner, table, batch, done)
            return done


async def in_batches(channel: Channel, items: Items) -> AsyncGenerator[list[Any], None]:
    """Give lists of at most `BATCH` items; a plain iterable is never waited for.

    Raises:
        QueryError: plain code gave an asynchronous iterator.
    """
    if channel.is_blocking and not isinstance(items, Iterable):
        raise QueryError(
            f"The rows come from an asynchronous iterator ({type(items).__name__}), which plain "
            "code cannot wait for. Await the statement, or give it a plain iterator.",
            code="query-not-iterable",
        )
    if isinstance(items, AsyncIterable) and not channel.is_blocking:
        batch: list[Any] = []
        async for item in items:
            batch.append(item)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
        return
    iterator = iter(cast("Iterable[Any]", items))
    while found := list(islice(iterator, BATCH)):
        yield found


@asynccontextmanager
async def batches_in_unit(
    channel: Channel, items: Items
) -> AsyncIterator[tuple[Channel, AsyncGenerator[list[Any], None]]]:
    """Give a channel whose writes are one unit, and the items in batches."""
    with filling(channel, channel.engine.pinned) as filled:
        async with (
            one_unit(channel, filled) as inner,
            aclosing(in_batches(channel, items)) as batches,
        ):
            yield inner, batches


async def _insert_batch(channel: Channel, table: ModelTable, items: list[Any], start: int) -> int:
    rows = made_rows(table, items, start)
    try:
        await _insert_groups(channel, table, _by_names(table, rows))
    except ValueRefused as exc:
        blame_row(channel, table, exc, _as_mappings(table, rows), start)
        raise
    return len(rows)


def _by_names(table: ModelTable, rows: list[Any]) -> dict[tuple[str, ...], list[Any]]:
    """Return rows by the columns that they fill."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(names_given(table, row), []).append(row)
    return groups


async def _insert_groups(
    channel: Channel, table: ModelTable, groups: Mapping[tuple[str, ...], list[Any]]
) -> None:
    if len(groups) < 2:
        for names, some in groups.items():
            await _insert_rows(channel, table, names, some)
        return
    async with one_unit(channel) as inner:
        for names, some in groups.items():
            await _insert_rows(inner, table, names, some)


def _as_mappings(table: ModelTable, rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: getattr(row, name) for name in names_given(table, row)}


def names_given(table: ModelTable, row: Any) -> tuple[str, ...]:
    """Return the columns that a new row fills; a key or default of its own is one of them."""
    if not table.optional:
        return table.given
    own = [field.name for field in table.optional if getattr(row, field.name) is not None]
    return (*table.given, *own) if own else table.given


async def _insert_rows(
    channel: Channel, table: ModelTable, names: tuple[str, ...], rows: list[Any]
) -> None:
    await insert_many(channel, table, names, _values(table, names, rows))


def _values(table: ModelTable, names: tuple[str, ...], rows: list[Any]) -> list[tuple[Any, ...]]:
    if names == table.given:
        return [table.read_given(row) for row in rows]
    return [tuple([getattr(row, name) for name in names]) for row in rows]


def made_rows(table: ModelTable, items: Sequence[Any], start: int) -> list[Any]:
    """Return objects of the model for objects and mappings of values.

    Raises:
        ValidationFailed: lists what is wrong, by the number of the item.
    """
    problems: list[Problem] = []
    rows = []
    for number, item in enumerate(items, start):
        row = item
        if not isinstance(item, table.model):
            try:
                row = table.model(**item)
            except ValidationFailed as exc:
                problems += exc.under(number).errors
                continue
        rows.append(row)
    if problems:
        raise ValidationFailed(problems)
    return rows


# --- update by key


async def update_all(
    channel: Channel, table: ModelTable, items: Items, fields: Sequence[Any]
) -> int:
    """Write some fields of many rows, each with its own values; return how many.

    Raises:
        RowNotFound: one of them is not there any more; nothing is written then.
    """
    names = tuple(dict.fromkeys(own_columns(table, fields)))
    if not names or table.key_names & set(names):
        raise QueryError(
            f"Say which fields of {table.model_name} are written, its key not among them: "
            f"update_many(rows, {table.model_name}.…).",
            code="query-update",
        )
    done = 0
    async with batches_in_unit(channel, items) as (inner, batches):
        async for batch in batches:
            rows = [_keyed_values(table, item, names) for item in batch]
            done += await _update_batch(inner, table, names, rows)
    return done


def own_columns(table: ModelTable, fields: Sequence[Any]) -> list[str]:
    """Return the names of fields of the model itself; a foreign key may have several.

    Raises:
        QueryError: one is something else.
    """
    names: list[str] = []
    for field in fields:
        columns = getattr(field, "as_columns", None)
        found = [field] if columns is None else columns()
        names += [_own_column(table, each) for each in found]
    return names


def _own_column(table: ModelTable, field: Any) -> str:
    found = field_of(table, field)
    if not isinstance(found, Column) or found.path or found.owner is not table:
        raise QueryError(
            f"{found!r} is not a field of {table.model_name} itself.", code="query-unknown-field"
        )
    return found.name


def _keyed_values(table: ModelTable, item: Any, names: tuple[str, ...]) -> list[Any]:
    keys = [field.name for field in table.key_fields]
    if isinstance(item, table.model):
        return [getattr(item, name) for name in (*keys, *names)]
    missing = [name for name in (*keys, *names) if name not in item]
    if missing:
        raise QueryError(
            f"A row of update_many has no {', '.join(missing)}: {list(item)}.", code="query-update"
        )
    checked = check_values(table, {name: item[name] for name in names})
    return [*(item[name] for name in keys), *(checked[name] for name in names)]


async def _update_batch(
    channel: Channel, table: ModelTable, names: tuple[str, ...], rows: list[list[Any]]
) -> int:
    # Few lengths are ever compiled; the last row stands for those that are missing.
    size = min(1 << (len(rows) - 1).bit_length(), BATCH)
    width = len(table.key_fields)
    size = min(size, _most_rows(channel, len(names) + width))
    changed = 0
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        padded = part + [part[-1]] * (size - len(part))
        plan = _update_plan(channel, table, names, size)
        write = Write(plan.sql, plan.parameters([value for row in padded for value in row]))
        [outcome] = await write_checked(channel, table, [write], {})
        if outcome.changed != len({tuple(row[:width]) for row in part}):
            raise RowNotFound(f"{not_found(table).message}: one of the rows to be updated.")
        changed += outcome.changed
    return changed


def _most_rows(channel: Channel, width: int) -> int:
    """Return how many rows a statement can hold: the databases take 32,766 parameters."""
    if is_mysql(channel.engine.dialect):
        return CASES
    return 1 << ((32_000 // width).bit_length() - 1)


def _update_plan(channel: Channel, table: ModelTable, names: tuple[str, ...], size: int) -> Plan:
    def make() -> tuple[sa.Update, int]:
        keys = [table.table.c[field.name] for field in table.key_fields]
        columns = [*keys, *(table.table.c[name] for name in names)]
        given = [sa.column(f"v{number}", column.type) for number, column in enumerate(columns)]
        numbers = iter(range(size * len(columns)))
        data = [
            tuple(sa.bindparam(f"_p{next(numbers)}", type_=column.type) for column in columns)
            for _ in range(size)
        ]
        values = sa.values(*given, name="given").data(data).cte("given")
        changes: dict[str, Any] = {
            name: values.c[f"v{at}"] for at, name in enumerate(names, len(keys))
        }
        if table.version is not None:
            version = table.table.c[table.version.name]
            changes[table.version.name] = version + sa.literal_column("1")
        matched = [key == values.c[f"v{at}"] for at, key in enumerate(keys)]
        statement = sa.update(table.table).values(changes).where(*matched)
        # The drivers do not count the rows of a statement that begins with WITH.
        statement = statement.returning(*keys)
        return statement, size * len(columns)

    def make_cases() -> tuple[sa.Update, int]:
        return update_by_cases(table, names, size), size * (len(table.key_fields) + len(names))

    is_by_cases = is_mysql(channel.engine.dialect)
    made = make_cases if is_by_cases else make
    return plan_for(channel.engine, ("update many", table.key, names, size), made)


# --- insert or update


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
            names = {column.key for column in group.columns}
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
                for names, some in _by_names(table, rows).items():
                    await _upsert_rows(inner, upsert, names, some)
            except ValueRefused as exc:
                blame_row(inner, table, exc, _as_mappings(table, rows), done)
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
    values = [(*each, *upsert.values) for each in _values(table, names, rows)]
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
