"""Refuse what databases would answer wrongly, or each in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder, Path
from triode.db.sql.order import Order


def refuse_multiplied(builder: Builder) -> None:
    """Refuse a sum or count of rows that come several times, which no database would mind.

    Joined rows of two relations come in each combination. Relations that are grouped by are
    no matter: each group has those rows that belong to it.

    Raises:
        QueryError: says which aggregate, and which relation repeats its rows.
    """
    joined = builder.many_paths()
    if not joined or not builder.aggregates:
        return
    grouped = _prefixes({column.path for column in builder.grouped})
    for aggregate, paths in builder.aggregates:
        repeating = joined - grouped - _prefixes(paths) if aggregate.minds_repetition else None
        if repeating:
            path = min(repeating, key=lambda each: [step.name for step in each])
            name = ".".join(step.name for step in path)
            raise QueryError(
                f"{aggregate!r} of {builder.owner!r} would be multiplied: the query joins {name!r} "
                "too, and repeats the other rows for each row of it. Write count(…, distinct=True) "
                "where different values are meant, else a query of its own: "
                "Hero.where(related(Hero.team).id == outer(Team.id)).column(count()).",
                code="query-multiplied",
            )


def refuse_hidden_order(order: Order, built: Any, columns: Sequence[Any]) -> None:
    """Refuse to sort rows that are each given once by what is not in them.

    Rows that become one may have several values of it; PostgreSQL errs, others take any.

    Raises:
        QueryError: says which order.
    """
    for column in columns:
        inner = column.element if isinstance(column, sa.Label) else column
        # Parameters compare as equal whatever their values are.
        if inner is built or (not order.values and inner.compare(built)):
            return
    raise QueryError(
        f"Rows that are given once each cannot be sorted by {order.inner!r}, which is not in them. "
        "Ask for it too, sort by what is asked for, or write group_by(…) and sort by "
        "min_(…) instead of distinct().",
        code="query-distinct-order",
    )


def _prefixes(paths: set[Path]) -> set[Path]:
    return {path[:end] for path in paths for end in range(1, len(path) + 1)}
