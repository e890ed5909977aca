"""Indexes over expressions on SQLite, which Alembic cannot read there and so leaves out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.engine import Connection


@contextmanager
def without_the_warning() -> Iterator[None]:
    """Keep Alembic from saying that it leaves them out; they are looked after here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "autogenerate skipping .* expression-based index")
        yield


def add_missing(
    operations: ops.UpgradeOps, connection: Connection, metadata: sa.MetaData, wanted: set[str]
) -> None:
    """Add the indexes over expressions that the database has not, known by their names alone."""
    if connection.dialect.name != "sqlite":
        return
    sql = sa.text("SELECT name FROM sqlite_schema WHERE type = 'index'")
    known = set(connection.execute(sql).scalars())
    for name in sorted(wanted & set(metadata.tables)):
        table = metadata.tables[name]
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            if is_over_expressions(index) and index.name not in known:
                made = ops.CreateIndexOp.from_index(index)
                change = ops.ModifyTableOps(table.name, [made], schema=table.schema)
                operations.ops.append(change)


def is_over_expressions(index: sa.Index) -> bool:
    """Whether a part of an index is not simply a column, in either direction."""
    return any(
        not isinstance(part, sa.Column)
        and not isinstance(getattr(part, "element", None), sa.Column)
        for part in index.expressions
    )
