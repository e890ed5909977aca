"""Rows by their keys: those of several queries together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Built, Condition, Expression
from triode.db.sql.subqueries import QueryValue

_COMBINE: Final[dict[str, Callable[..., Any]]] = {
    "union": sa.union,
    "intersect": sa.intersect,
    "except": sa.except_,
}


class KeySet(Condition):
    """Have a key that several queries together give."""

    __slots__ = ("key", "operator", "queries")

    def __init__(self, operator: str, key: Expression, queries: list[QueryValue]) -> None:
        self.operator = operator
        self.key = key
        self.queries = queries
        self.shape = ("keys", operator, key.shape, *(query.shape for query in queries))
        self.values = tuple(value for query in queries for value in query.values)

    def build_here(self, builder: Builder) -> Built:
        key = self.key.build(builder)
        selects = [sa.select(query.make(builder).subquery()) for query in self.queries]
        return key.in_(_COMBINE[self.operator](*selects))
