"""Write rows: INSERT, UPDATE and DELETE by key; what a refusal means is said by `refusals`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel, Into, Outcome, Row, Write
from triode.db.errors import ConstraintViolation, RowNotFound, StaleRow, ValueRefused
from triode.db.sql.builder import Builder
from triode.db.sql.comparing import assigned
from triode.db.sql.expressions import Expression, as_expression
from triode.db.sql.plan import plan_for
from triode.db.sql.storage import family_of
from triode.db.tables.registry import model_registry
from triode.db.tables.sequences import after_given
from triode.db.tables.table import ModelTable
from triode.db.writes.refusals import blame, explain
from triode.errors import ClientError


async def insert(
    channel: Channel, model: ModelTable, names: tuple[str, ...], values: Sequence[Any]
) -> Row:
    """Insert one row; return the columns of `generated` as the database made them.

    Raises:
        Duplicate: a unique value is taken.
        MissingParent: a foreign key leads nowhere.
    """
    engine = channel.engine
    is_returned = engine.dialect.insert_returning
    shape = ("insert", model.key, names)
    plan = plan_for(engine, shape, lambda: _insert_statement(model, names, is_returned))
    named = dict(zip(names, values, strict=True))
    try:
        writes = [Write(plan.sql, plan.parameters(values), is_short=True)]
        if not is_returned and len(names) < len(model.fields):
            plan = plan_for(engine, ("made", model.key, names), lambda: _made_row(model, names))
            key = [named[field.name] for field in model.key_fields if field.name in named]
            writes.append(Write(plan.sql, plan.parameters(key)))
        asked = len(writes)
        if names is not model.given:
            writes += after_given(engine.dialect, model, names, [values])
        outcomes = await write_checked(channel, model, writes, named)
    except ValueRefused as exc:
        blame(channel, model, exc, named)
        raise
    rows = outcomes[asked - 1].rows
    return plan.load(rows)[0] if rows else ()


def _insert_statement(
    model: ModelTable, names: tuple[str, ...], is_returned: bool
) -> tuple[sa.Insert, int]:
    table = model.table
    values = {
        name: sa.bindparam(f"_p{index}", type_=table.c[name].type)
        for index, name in enumerate(names)
    }
    statement = sa.insert(table).values(values).inline()
    generated = [table.c[name] for name in model.generated(names)] if is_returned else []
    return (statement.returning(*generated) if generated else statement), len(names)


def _made_row(model: ModelTable, names: tuple[str, ...]) -> tuple[sa.Select[Any], int]:
    """Return the SELECT of what RETURNING would give, for MySQL, which has none."""
    table = model.table
    columns = [table.c[name] for name in model.generated(names)]
    if model.key_names <= set(names):
        return sa.select(*columns).where(model.key_condition(0)), len(model.key_fields)
    key = table.c[model.primary_key.name]
    return sa.select(*columns).where(key == sa.func.last_insert_id()), 0


async def insert_many(
    channel: Channel, model: ModelTable, names: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert many rows in one transaction, all or none."""
    shape = ("insert many", model.key, names)
    plan = plan_for(channel.engine, shape, lambda: _insert_statement(model, names, False))
    # SQLAlchemy writes the columns in the order of the table.
    columns = tuple(column.name for column in model.table.columns if column.name in names)
    into = Into(model.table.name, columns, model.table.schema)
    write = Write(plan.sql, plan.parameters_of_all(rows), many=True, into=into)
    continued = after_given(channel.engine.dialect, model, names, rows)
    await write_checked(channel, model, [write, *continued], {})


async def update_row(
    channel: Channel, model: ModelTable, key: Any, changes: Mapping[str, Any]
) -> Row:
    """Update one row; return the columns that were given as expressions.

    Raises:
        RowNotFound: no row has the key.
        Duplicate: a unique value is taken.
        MissingParent: a foreign key leads nowhere.
    """
    expected = None if model.version is None else changes.get(model.version.name)
    changes = versioned(model, dict(changes))
    is_returned = channel.engine.dialect.update_returning
    names = tuple(changes)
    computed = tuple([name for name in names if isinstance(changes[name], Expression)])
    # PERF: no expression for each value where nothing is computed, 9 us less for 32 of them.
    expressions = [as_expression(value) for value in changes.values()] if computed else []
    is_checked = expected is not None
    shapes = tuple([each.shape for each in expressions])
    shape = ("update row", model.key, names, shapes, is_checked)

    def make() -> tuple[sa.Update, int]:
        builder = Builder(model.table, model, family=family_of(channel.engine.dialect))
        given = expressions or [as_expression(value) for value in changes.values()]
        statement = sa.update(model.table).values(assignments(builder, model, names, given))
        statement = statement.where(model.key_condition(builder.count))
        builder.count += len(model.key_fields)
        if is_checked and model.version is not None:
            version = model.table.c[model.version.name]
            statement = statement.where(version == builder.bind(version.type))
        if computed and is_returned:
            statement = statement.returning(*(model.table.c[name] for name in computed))
        return statement, builder.count

    plan = plan_for(channel.engine, shape, make)
    values: list[Any] = list(changes.values())
    if computed:
        values = [value for each in expressions for value in each.values]
    try:
        checks = [expected] if is_checked else []
        parameters = [*values, *model.key_values(key), *checks]
        writes = [
            Write(plan.sql, plan.parameters(parameters), is_short=model.key_names.isdisjoint(names))
        ]
        if computed and not is_returned:
            plan = plan_for(
                channel.engine, ("again", model.key, computed), lambda: _row_again(model, computed)
            )
            writes.append(Write(plan.sql, plan.parameters(model.key_values(key))))
        outcomes = await write_checked(channel, model, writes, changes)
    except ValueRefused as exc:
        blame(channel, model, exc, changes)
        raise
    if outcomes[0].changed == 0:
        raise await _stale(channel, model, key) if is_checked else not_found(model)
    return plan.load(outcomes[-1].rows)[0] if computed else ()


def _row_again(model: ModelTable, names: tuple[str, ...]) -> tuple[sa.Select[Any], int]:
    """Return the SELECT of what RETURNING would give, for databases without it."""
    columns = [model.table.c[name] for name in names]
    return sa.select(*columns).where(model.key_condition(0)), len(model.key_fields)


def versioned(model: ModelTable, changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes that count the row's version on, if the model has one."""
    if model.version is None:
        return changes
    name = model.version.name
    return {**changes, name: model.version.column + 1}


async def _stale(channel: Channel, model: ModelTable, key: Any) -> ClientError:
    """Return why no row has the key and the version: it was changed, or is gone."""

    def make() -> tuple[sa.Select[Any], int]:
        one: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(model.table)
        return one.where(model.key_condition(0)), len(model.key_fields)

    plan = plan_for(channel.engine, ("is there", model.key), make)
    if not await channel.read(plan.sql, plan.parameters(model.key_values(key))):
        return not_found(model)
    return StaleRow(
        f"{model.verbose_name.capitalize()} was changed by somebody else meanwhile. Read it again."
    )


def assignments(
    builder: Builder, model: ModelTable, names: Sequence[str], expressions: Sequence[Expression]
) -> dict[str, Any]:
    """Build what is set, giving each parameter the type of its column."""
    built = {}
    for name, expression in zip(names, expressions, strict=True):
        value = expression.build(builder)
        target = model.table.c[name].type
        if isinstance(value, sa.BindParameter):
            value.type = target
        else:
            value = assigned(builder, f"{model.model_name}.{name}", target, expression, value)
        built[name] = value
    return built


async def delete_row(
    channel: Channel, model: ModelTable, key: Any, *, version: int | None = None
) -> None:
    """Delete one row, if it has the version.

    Raises:
        RowNotFound: no row has the key.
        StaleRow: it has another version.
        Protected: other rows refer to it.
    """

    def make() -> tuple[sa.Delete, int]:
        statement = sa.delete(model.table).where(model.key_condition(0))
        count = len(model.key_fields)
        if version is None or model.version is None:
            return statement, count
        counted = model.table.c[model.version.name]
        expected = sa.bindparam(f"_p{count}", type_=counted.type)
        return statement.where(counted == expected), count + 1

    plan = plan_for(channel.engine, ("delete row", model.key, version is None), make)
    values = [*model.key_values(key), *([] if version is None else [version])]
    write = Write(plan.sql, plan.parameters(values), is_short=not model_registry.is_referred(model))
    [outcome] = await write_checked(channel, model, [write])
    if outcome.changed == 0:
        raise not_found(model) if version is None else await _stale(channel, model, key)


def not_found(model: ModelTable) -> RowNotFound:
    """Say that there is no such row, in the model's words."""
    return RowNotFound(f"{model.verbose_name.capitalize()} not found")


async def write_checked(
    channel: Channel,
    model: ModelTable,
    writes: Sequence[Write],
    values: Mapping[str, Any] | None = None,
) -> list[Outcome]:
    """Write; say in the model's words what a constraint refused.

    `values` are what is written, None for a deletion.
    """
    try:
        return await channel.write(writes)
    except ConstraintViolation as exc:
        is_update = writes[0].sql.startswith("UPDATE")
        raise await explain(channel, model, exc, values, is_update=is_update) from exc
    except ValueRefused as exc:
        blame(channel, model, exc, values or {})
        raise
