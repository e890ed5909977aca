"""Write rows: INSERT, UPDATE and DELETE by key, and what a constraint's refusal means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.engine import Channel, Into, Outcome, Row, Write
from triode.db.errors import (
    ConstraintViolation,
    Duplicate,
    MissingParent,
    Protected,
    RowNotFound,
    StaleRow,
    ValueRefused,
)
from triode.db.sql.builder import Builder
from triode.db.sql.comparing import assigned
from triode.db.sql.expressions import Expression, as_expression
from triode.db.sql.plan import plan_for
from triode.db.sql.storage import family_of, is_mysql
from triode.db.table import ModelTable, check_name
from triode.errors import ClientError, TriodeError


async def insert(
    channel: Channel, model: ModelTable, names: tuple[str, ...], values: Sequence[Any]
) -> Row:
    """Insert one row; return the columns of `generated_names` as the database made them.

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
        writes = [Write(plan.sql, plan.parameters(values))]
        if not is_returned and len(names) < len(model.fields):
            plan = plan_for(engine, ("made", model.key, names), lambda: _made_row(model, names))
            key = [named[field.name] for field in model.key_fields if field.name in named]
            writes.append(Write(plan.sql, plan.parameters(key)))
        outcomes = await write_checked(channel, model, writes, named)
    except ValueRefused as exc:
        exc.field = exc.field or culprit(channel, model, named)
        raise
    rows = outcomes[-1].rows
    return plan.load(rows)[0] if rows else ()


def generated_names(model: ModelTable, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that the database fills when only `names` are given."""
    return tuple(field.name for field in model.fields if field.name not in names)


def _insert_statement(
    model: ModelTable, names: tuple[str, ...], is_returned: bool
) -> tuple[sa.Insert, int]:
    table = model.table
    values = {
        name: sa.bindparam(f"_p{index}", type_=table.c[name].type)
        for index, name in enumerate(names)
    }
    statement = sa.insert(table).values(values).inline()
    generated = [table.c[name] for name in generated_names(model, names)] if is_returned else []
    return (statement.returning(*generated) if generated else statement), len(names)


def _made_row(model: ModelTable, names: tuple[str, ...]) -> tuple[sa.Select[Any], int]:
    """Return the SELECT of what RETURNING would give, for MySQL, which has none."""
    table = model.table
    columns = [table.c[name] for name in generated_names(model, names)]
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
    write = Write(plan.sql, [plan.parameters(row) for row in rows], many=True, into=into)
    await write_checked(channel, model, [write], {})


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
    expressions = [as_expression(value) for value in changes.values()]
    computed = tuple(name for name in names if isinstance(changes[name], Expression))
    is_checked = expected is not None
    shapes = tuple(each.shape for each in expressions)
    shape = ("update row", model.key, names, shapes, is_checked)

    def make() -> tuple[sa.Update, int]:
        builder = Builder(model.table, model, family=family_of(channel.engine.dialect))
        statement = sa.update(model.table).values(assignments(builder, model, names, expressions))
        statement = statement.where(model.key_condition(builder.count))
        builder.count += len(model.key_fields)
        if is_checked and model.version is not None:
            version = model.table.c[model.version.name]
            statement = statement.where(version == builder.bind(version.type))
        if computed and is_returned:
            statement = statement.returning(*(model.table.c[name] for name in computed))
        return statement, builder.count + len(model.key_fields)

    plan = plan_for(channel.engine, shape, make)
    values = [value for each in expressions for value in each.values]
    try:
        checks = [expected] if is_checked else []
        parameters = [*values, *model.key_values(key), *checks]
        writes = [Write(plan.sql, plan.parameters(parameters))]
        if computed and not is_returned:
            plan = plan_for(
                channel.engine, ("again", model.key, computed), lambda: _row_again(model, computed)
            )
            writes.append(Write(plan.sql, plan.parameters(model.key_values(key))))
        outcomes = await write_checked(channel, model, writes, changes)
    except ValueRefused as exc:
        exc.field = exc.field or culprit(channel, model, changes)
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


def culprit(channel: Channel, model: ModelTable, values: Mapping[str, Any]) -> str | None:
    """Return the name of the first value that its column cannot hold, None if none is found."""
    for name, value in values.items():
        if isinstance(value, Expression) or value is None:
            continue
        processor = model.table.c[name].type.bind_processor(channel.engine.dialect)
        try:
            driver_value = processor(value) if processor is not None else value
        except (TriodeError, ValueError, TypeError, OverflowError):
            return name
        if isinstance(driver_value, int) and not -(2**63) <= driver_value < 2**63:
            return name
    return None


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
    [outcome] = await write_checked(channel, model, [Write(plan.sql, plan.parameters(values))])
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
        raise await explain(channel, model, exc, values) from exc


async def explain(
    channel: Channel,
    model: ModelTable,
    violation: ConstraintViolation,
    values: Mapping[str, Any] | None,
) -> Exception:
    """Return the client's error for what the database refused."""
    noun = model.verbose_name.capitalize()
    columns = violation.columns
    if not columns and violation.constraint is not None:
        columns = await columns_of_key(channel, model.table, violation.constraint)
    names = tuple(name for name in columns if name in model.by_name)
    if violation.kind == "unique":
        return _duplicate(model, noun, names, values or {})
    if violation.kind == "foreign key":
        if values is None:
            return Protected(f"{noun} cannot be deleted: other rows refer to it.")
        return await _missing_parent(channel, model, noun, values)
    if violation.kind == "not null" and names:
        return ValueRefused(f"{noun}: {_words(model, names)} must have a value.")
    return _refused_by_check(model, noun, violation)


def _refused_by_check(model: ModelTable, noun: str, violation: ConstraintViolation) -> ValueRefused:
    # SECURITY: the database's own message may hold the whole row, secrets included.
    for check in model.checks:
        if check.name is not None and re.search(rf"\b{re.escape(check.name)}\b", violation.message):
            field = next(
                (each for each in model.fields if check_name(model, each) == check.name), None
            )
            words = "the values do" if field is None else f"{field.name} does"
            refused = ValueRefused(
                f"{noun}: {check.message or f'{words} not meet the condition {check.name}.'}"
            )
            refused.field = None if field is None else field.name
            return refused
    return ValueRefused(f"{noun}: the database refused a value.")


async def columns_of_key(channel: Channel, table: sa.Table, key: str) -> tuple[str, ...]:
    """Return the columns of a unique key by its name, () where nobody knows it."""
    if key == "PRIMARY":
        return tuple(table.primary_key.columns.keys())
    for each in (*table.constraints, *table.indexes):
        if isinstance(each, sa.UniqueConstraint | sa.Index) and each.name == key:
            return tuple(each.columns.keys())
    if not is_mysql(channel.engine.dialect):
        return ()
    # The table was made by something else, which named the key.
    sql = (
        "SELECT column_name FROM information_schema.statistics WHERE table_schema = database() "
        "AND table_name = %s AND index_name = %s ORDER BY seq_in_index"
    )
    return tuple(row[0] for row in await channel.read(sql, (table.name, key)))


def _duplicate(
    model: ModelTable, noun: str, names: tuple[str, ...], values: Mapping[str, Any]
) -> Duplicate:
    is_secret = any(model.by_name[name].is_secret for name in names)
    shown = tuple(values.get(name) for name in names)
    return Duplicate(
        f"{noun} with this {_words(model, names) or 'value'} already exists.",
        model=model.model_name,
        fields=names,
        value=None if is_secret else shown[0] if len(shown) == 1 else shown,
    )


async def _missing_parent(
    channel: Channel, model: ModelTable, noun: str, values: Mapping[str, Any]
) -> MissingParent:
    for name, value in values.items():
        field = model.by_name[name]
        if field.relation is None or value is None or isinstance(value, Expression):
            continue
        parent = field.relation.target
        plan = plan_for(channel.engine, ("parent", parent.key), lambda: _parent(parent))  # noqa: B023
        if not await channel.read(plan.sql, plan.parameters([value])):
            return MissingParent(
                f"{noun}: there is no {parent.verbose_name} with "
                f"{parent.primary_key.name} {value!r}."
            )
    return MissingParent(f"{noun} refers to a row that does not exist.")


def _parent(parent: ModelTable) -> tuple[sa.Select[Any], int]:
    column = parent.table.c[parent.primary_key.name]
    return sa.select(column).where(column == sa.bindparam("_p0", type_=column.type)), 1


def _words(model: ModelTable, names: Sequence[str]) -> str:
    spoken = []
    for name in names:
        relation = model.by_name[name].relation
        spoken.append((relation.name if relation else name).replace("_", " "))
    return " and ".join(spoken)
