"""Say with the names of the model what the database refused: which field, which value.

SECURITY: the database's own message may hold the whole row, so it is never handed on; the value of
a secret field is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from triode.db.engine import Channel
from triode.db.errors import (
    CheckFailed,
    ConstraintViolation,
    Duplicate,
    MissingParent,
    MissingValue,
    Protected,
    RowRefused,
    ValueRefused,
)
from triode.db.showing import in_words
from triode.db.sql.column import Column
from triode.db.sql.expressions import (
    Among,
    Both,
    Comparison,
    Condition,
    Expression,
    Not,
    Test,
    Value,
)
from triode.db.sql.plan import UNFIT, plan_for
from triode.db.sql.storage import is_mysql
from triode.db.tables.table import ModelTable, check_name
from triode.errors import TriodeError

_BITS: Final = ((sa.SmallInteger, 16), (sa.BigInteger, 64), (sa.Integer, 32))
_MOST_BITS: Final = 64


def blame(
    channel: Channel, model: ModelTable, refused: ValueRefused, values: Mapping[str, Any]
) -> None:
    """Say which of `values` was refused, where that can be told."""
    if refused.model is not None:
        return
    told = model.by_column.get(refused.field or "")
    name = told.name if told is not None else culprit(channel, model, values)
    names = () if name is None else (name,)
    refused.about(model.model_name, names, _shown(model, names, values))


def blame_row(
    channel: Channel,
    model: ModelTable,
    refused: ValueRefused,
    rows: Iterable[Mapping[str, Any]],
    start: int = 0,
) -> None:
    """Say which of many rows, counted from `start`, holds the value that was refused."""
    for number, values in enumerate(rows, start):
        name = culprit(channel, model, values)
        if name is not None:
            refused.about(model.model_name, (name,), _shown(model, (name,), values))
            refused.item = number
            return


def blame_conditions(
    channel: Channel, model: ModelTable, refused: ValueRefused, conditions: Iterable[Condition]
) -> None:
    """Say which field a query compares with the value that was refused, where that can be told."""
    for condition in conditions:
        for column, value in _compared(condition):
            is_own = column.owner is model and not column.path
            if is_own and not _fits(model.table.c[column.name].type, value, channel, stored=False):
                names = (column.name,)
                refused.about(model.model_name, names, _shown(model, names, {column.name: value}))
                return


def _compared(condition: Expression) -> Iterator[tuple[Column, Any]]:
    """Yield the columns that a condition is about, each with a value that it is compared with."""
    if isinstance(condition, Both):
        for each in condition.parts:
            yield from _compared(each)
    elif isinstance(condition, Not):
        yield from _compared(condition.inner)
    elif isinstance(condition, Comparison) and isinstance(condition.left, Column):
        if isinstance(condition.right, Value):
            yield condition.left, condition.right.values[0]
    elif isinstance(condition, Among) and isinstance(condition.inner, Column):
        for value in condition.values:
            yield condition.inner, value
    elif isinstance(condition, Test) and isinstance(condition.arguments[0], Column):
        for other in condition.arguments[1:]:
            if isinstance(other, Value):
                yield condition.arguments[0], other.values[0]


def culprit(channel: Channel, model: ModelTable, values: Mapping[str, Any]) -> str | None:
    """Return the name of the first value that its column cannot hold, None if none is found."""
    for name, value in values.items():
        if isinstance(value, Expression) or value is None:
            continue
        if not _fits(model.table.c[name].type, value, channel):
            return name
    return None


def _fits(
    kind: sa.types.TypeEngine[Any], value: Any, channel: Channel, *, stored: bool = True
) -> bool:
    """Return whether a column can be compared with a value, and with `stored` hold it."""
    if value is None:
        return True
    dialect = channel.engine.dialect
    processor = kind.bind_processor(dialect)
    try:
        sent = processor(value) if processor is not None else value
        if isinstance(sent, str):
            sent.encode()
    except (TriodeError, RecursionError, *UNFIT):
        return False
    column: Any = kind.dialect_impl(dialect)
    column = getattr(column, "impl_instance", column)
    if isinstance(sent, int) and not isinstance(sent, bool):
        is_free = dialect.name == "sqlite"
        bits = next((size for cls, size in _BITS if isinstance(column, cls)), _MOST_BITS)
        most = 1 << ((_MOST_BITS if is_free else bits) - 1)
        return -most <= sent < most
    length = getattr(column, "length", None) if stored else None
    return not (isinstance(sent, str | bytes) and isinstance(length, int) and len(sent) > length)


async def explain(
    channel: Channel,
    model: ModelTable,
    violation: ConstraintViolation,
    values: Mapping[str, Any] | None,
    *,
    is_update: bool,
) -> Exception:
    """Return the client's error for a constraint; `values` are None for a deletion."""
    columns = violation.columns
    if not columns and violation.constraint is not None:
        columns = await columns_of_key(channel, model.table, violation.constraint)
    names = tuple(model.by_column[name].name for name in columns if name in model.by_column)
    if violation.kind == "foreign key":
        return await _foreign_key(channel, model, values, is_update=is_update)
    if violation.kind == "unique":
        refused: RowRefused = Duplicate(
            f"{_noun(model)} with this {_words(model, names) or 'value'} already exists."
        )
    elif violation.kind == "not null" and names:
        refused = MissingValue(f"{_noun(model)}: {_words(model, names)} must have a value.")
    else:
        return _refused_by_check(model, violation, values or {})
    return refused.about(model.model_name, names, _shown(model, names, values or {}))


def _refused_by_check(
    model: ModelTable, violation: ConstraintViolation, values: Mapping[str, Any]
) -> RowRefused:
    noun = _noun(model)
    for check in model.checks:
        if check.name is not None and re.search(rf"\b{re.escape(check.name)}\b", violation.message):
            field = next(
                (each for each in model.fields if check_name(model, each) == check.name), None
            )
            words = "the values do" if field is None else f"{field.name} does"
            names = () if field is None else (field.name,)
            return CheckFailed(
                f"{noun}: {check.message or f'{words} not meet the condition {check.name}.'}"
            ).about(model.model_name, names, _shown(model, names, values))
    return ValueRefused(f"{noun}: the database refused a value.").about(model.model_name)


async def columns_of_key(channel: Channel, table: sa.Table, key: str) -> tuple[str, ...]:
    """Return the columns of a unique key by its name, () where nobody knows it."""
    if key == "PRIMARY":
        return tuple(column.name for column in table.primary_key.columns)
    for each in (*table.constraints, *table.indexes):
        if isinstance(each, sa.UniqueConstraint | sa.Index) and each.name == key:
            return tuple(column.name for column in each.columns)
    if not is_mysql(channel.engine.dialect):
        return ()
    # The table was made by something else, which named the key.
    sql = (
        "SELECT column_name FROM information_schema.statistics WHERE table_schema = database() "
        "AND table_name = %s AND index_name = %s ORDER BY seq_in_index"
    )
    return tuple(row[0] for row in await channel.read(sql, (table.name, key)))


async def _foreign_key(
    channel: Channel, model: ModelTable, values: Mapping[str, Any] | None, *, is_update: bool
) -> RowRefused:
    noun = _noun(model)
    if values is None:
        refused: RowRefused = Protected(f"{noun} cannot be deleted: other rows refer to it.")
        return refused.about(model.model_name)
    for relation in dict.fromkeys(model.by_name[name].relation for name in values):
        fields = [] if relation is None else model.fields_of(relation.name)
        key = [values.get(field.name) for field in fields]
        is_unknown = any(part is None or isinstance(part, Expression) for part in key)
        if relation is None or is_unknown:
            continue
        parent = relation.target
        plan = plan_for(channel.engine, ("parent", parent.key), lambda: _parent(parent))  # noqa: B023
        if not await channel.read(plan.sql, plan.parameters(key)):
            is_secret = any(field.is_secret for field in fields)
            shown = (None if is_secret else _named_key(parent, key)) or "such a key"
            refused = MissingParent(f"{noun}: there is no {parent.verbose_name} with {shown}.")
            columns = tuple(field.name for field in fields)
            return refused.about(model.model_name, columns, _shown(model, columns, values))
    names = tuple(name for name in values if name in model.key_names)
    if is_update and names:  # and its own foreign keys lead somewhere
        refused = Protected(f"{noun} cannot get another key: other rows refer to it.")
        return refused.about(model.model_name, names, _shown(model, names, values))
    return MissingParent(f"{noun} refers to a row that does not exist.").about(model.model_name)


def _parent(parent: ModelTable) -> tuple[sa.Select[Any], int]:
    one: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(parent.table)
    return one.where(parent.key_condition(0)), len(parent.key_fields)


def _named_key(parent: ModelTable, key: Sequence[Any]) -> str | None:
    names = ", ".join(field.name for field in parent.key_fields)
    words = [word for word in map(in_words, key) if word is not None]
    return f"{names} {', '.join(words)}" if len(words) == len(key) else None


def _noun(model: ModelTable) -> str:
    return model.verbose_name.capitalize()


def _shown(model: ModelTable, names: Sequence[str], values: Mapping[str, Any]) -> Any:
    """Return the values of some fields, None where one of them is secret or computed."""
    shown = tuple(values.get(name) for name in names)
    is_secret = any(model.by_name[name].is_secret for name in names)
    if is_secret or any(isinstance(value, Expression) for value in shown):
        return None
    return shown[0] if len(shown) == 1 else shown or None


def _words(model: ModelTable, names: Sequence[str]) -> str:
    spoken = []
    for name in names:
        relation = model.by_name[name].relation
        spoken.append((relation.name if relation else name).replace("_", " "))
    return " and ".join(dict.fromkeys(spoken))
