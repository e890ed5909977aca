"""Rows by their keys: those of several queries together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Condition, Expression
from triode.db.sql.nodes import Built
from triode.db.sql.subqueries import QueryValue

_COMBINE: Final[dict[str, Callable[..., Any]]] = {
    "union": sa.union,
    "intersect": sa.intersect,
    "except": sa.except_,
}


class KeySet(Condition):
    """Have a key that several queries together give."""

    __slots__ = ("keys", "operator", "queries")

    def __init__(
        self, operator: str, keys: Sequence[Expression], queries: list[QueryValue]
    ) -> None:
        self.operator = operator
        self.keys = keys
        self.queries = queries
        self.shape = (
            "keys",
            operator,
            *(key.shape for key in keys),
            *(query.shape for query in queries),
        )
        self.values = tuple(value for query in queries for value in query.values)

    def build_here(self, builder: Builder) -> Built:
        built = [key.build(builder) for key in self.keys]
        key = built[0] if len(built) == 1 else sa.tuple_(*built)
        selects = [sa.select(query.make(builder).subquery()) for query in self.queries]
        return key.in_(_COMBINE[self.operator](*selects))
