"""The order of the operations of a migration."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic.operations import ops

from triode.db.migrations.rules import is_special
from triode.db.migrations.scope import whole_name
from triode.db.tables.creation import circular, in_order


def untangle(operations: ops.UpgradeOps, metadata: sa.MetaData) -> None:
    """Make tables before those that refer to them; keys that lead in a circle come last."""
    made = [each for each in operations.ops if isinstance(each, ops.CreateTableOp)]
    if not made:
        return
    by_name = {whole_name(each): each for each in made}
    tables = in_order({metadata.tables[name] for name in by_name})
    late = circular(tables)
    position = {table.fullname: number for number, table in enumerate(tables)}
    for key in late:
        create = by_name[key.table.fullname]
        create.columns = [each for each in create.columns if each is not key]
    keys = [
        ops.ModifyTableOps(
            key.table.name, [ops.CreateForeignKeyOp.from_constraint(key)], schema=key.table.schema
        )
        for key in late
    ]
    rest = [each for each in operations.ops if not isinstance(each, ops.CreateTableOp)]
    made.sort(key=lambda each: position[whole_name(each)])
    operations.ops = [*made, *rest, *keys]


_CONSTRAINTS: Final = (
    ops.CreateUniqueConstraintOp,
    ops.CreateForeignKeyOp,
    ops.CreateCheckConstraintOp,
    ops.CreatePrimaryKeyOp,
)


def use_free_names(operations: ops.UpgradeOps, holders: Mapping[str, str]) -> None:
    """Number the names of new constraints and indexes that another table has.

    A table that was renamed keeps the names that it was made with, and most databases have each
    name once. PostgreSQL numbers its own in this way.
    """
    for each in operations.ops:
        if not isinstance(each, ops.CreateTableOp | ops.ModifyTableOps):
            continue
        table = whole_name(each)
        if isinstance(each, ops.CreateTableOp):
            each.columns = [_with_free_name(part, table, holders) for part in each.columns]
        for made in each.ops if isinstance(each, ops.ModifyTableOps) else ():
            if isinstance(made, ops.CreateIndexOp) and made.index_name:
                made.index_name = _free(made.index_name, table, holders)
            elif isinstance(made, _CONSTRAINTS) and made.constraint_name:
                made.constraint_name = _free(str(made.constraint_name), table, holders)


def _with_free_name(part: Any, table: str, holders: Mapping[str, str]) -> Any:
    name = part.name if isinstance(part, sa.Constraint) else None
    free = None if name is None else _free(str(name), table, holders)
    if free == name:
        return part
    made = copy.copy(part)  # The model's own stays as it is.
    made.name = free
    return made


def _free(name: str, table: str, holders: Mapping[str, str]) -> str:
    number, free = 0, name
    while holders.get(free, table) != table:
        number += 1
        free = f"{name}{number}"
    return free


def drop_rules_first(operations: ops.UpgradeOps) -> None:
    """Drop checks and conditions of a table before a column of it gets another type.

    PostgreSQL reads them again for the new type, and those of before need not fit it. New ones
    stand behind the change already; taken back, all of it is the other way round.
    """
    tables = [each for each in operations.ops if isinstance(each, ops.ModifyTableOps)]
    for table in tables:
        if not any(_changes_type(each) for each in table.ops):
            continue
        early: list[Any] = []
        for other in tables:
            if whole_name(other) == whole_name(table):
                early += [each for each in other.ops if _drops_rule(each)]
                other.ops = [each for each in other.ops if not _drops_rule(each)]
        table.ops = [*early, *table.ops]
    operations.ops = [
        each for each in operations.ops if not isinstance(each, ops.ModifyTableOps) or each.ops
    ]


def _changes_type(operation: Any) -> bool:
    return isinstance(operation, ops.AlterColumnOp) and operation.modify_type is not None


def _drops_rule(operation: Any) -> bool:
    if isinstance(operation, ops.DropConstraintOp):
        return operation.constraint_type == "check"
    return _is_special_index(operation, ops.DropIndexOp)


def put_in_order(operations: ops.UpgradeOps | ops.DowngradeOps) -> None:
    """Leave out drops that go with their table, and make indexes before others are dropped."""
    dropped = {whole_name(each) for each in operations.ops if isinstance(each, ops.DropTableOp)}
    ordered: list[Any] = []
    for each in operations.ops:
        if isinstance(each, ops.ModifyTableOps):
            each.ops = _new_indexes_first(_without_needless(each, dropped))
            ordered += _apart(each)
        else:
            ordered.append(each)
    operations.ops = ordered


def _apart(table: ops.ModifyTableOps) -> list[ops.ModifyTableOps]:
    """Keep special indexes out of a batch that makes a table of SQLite anew.

    There Alembic knows indexes over plain columns alone.
    """
    first = [each for each in table.ops if _is_special_index(each, ops.DropIndexOp)]
    last = [each for each in table.ops if _is_special_index(each, ops.CreateIndexOp)]
    rest = [each for each in table.ops if each not in first and each not in last]
    return [
        ops.ModifyTableOps(table.table_name, part, schema=table.schema)
        for part in (first, rest, last)
        if part
    ]


def _is_special_index(operation: Any, kind: Any) -> bool:
    return isinstance(operation, kind) and is_special(operation.to_index())


def _without_needless(table: ops.ModifyTableOps, dropped: set[str]) -> list[Any]:
    """Leave out indexes that go with their table; MySQL would not drop those of foreign keys."""
    is_dropped = whole_name(table) in dropped
    return [each for each in table.ops if not (is_dropped and isinstance(each, ops.DropIndexOp))]


def _new_indexes_first(operations: Sequence[Any]) -> list[Any]:
    """Make an index before another is dropped: MySQL wants one for each foreign key, always."""
    dropped = {each.index_name for each in operations if isinstance(each, ops.DropIndexOp)}
    # One with a condition or an expression serves no foreign key, and may have to go first.
    first = next(
        (
            at
            for at, each in enumerate(operations)
            if isinstance(each, ops.DropIndexOp) and not _drops_rule(each)
        ),
        None,
    )
    if first is None:
        return list(operations)
    moved = [
        each
        for each in operations[first:]
        if isinstance(each, ops.CreateIndexOp) and each.index_name not in dropped
    ]
    return [
        *operations[:first],
        *moved,
        *(each for each in operations[first:] if each not in moved),
    ]
