"""Conditions over the rows that a relation leads to: any of them, all of them, none of them.

A plain comparison, `related(Team.heroes).age > 60`, holds where any row meets it, each comparison
by itself. Here several conditions are about the same row.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Condition
from triode.db.sql.nodes import Built
from triode.db.tables.lookup import make_conditions
from triode.db.tables.table import Relation


def any_of(relation: Any, *conditions: Any, **equals: Any) -> Condition:
    """Lead to a row that meets every condition: `any_of(Team.heroes, Hero.age > 60)`.

    Without conditions: lead to any row at all. Conditions are over the other model.
    """
    return _Reaching(*_parts(relation, conditions, equals))


def none_of(relation: Any, *conditions: Any, **equals: Any) -> Condition:
    """Lead to no row that meets every condition; also where it leads to none at all."""
    return ~any_of(relation, *conditions, **equals)


def all_of(relation: Any, *conditions: Any, **equals: Any) -> Condition:
    """Lead only to rows that meet every condition; also where it leads to none at all.

    A row for which the database does not know (a comparison with NULL) does not meet it.
    """
    path, given = _parts(relation, conditions, equals)
    if not given:
        raise QueryError("all_of needs a condition.", code="query-not-a-condition")
    return ~_Reaching(path, given, is_refusal=True)


def _parts(
    relation: Any, conditions: tuple[Any, ...], equals: dict[str, Any]
) -> tuple[tuple[Relation, ...], tuple[Condition, ...]]:
    path: tuple[Relation, ...] | None = getattr(relation, "as_path", None)
    if not path or hasattr(relation, "shape"):
        raise QueryError(
            f"{relation!r} is not a relation. Write one, such as Team.heroes.",
            code="query-not-a-relation",
        )
    return path, make_conditions(path[-1].target, conditions, equals)


class _Reaching(Condition):
    """EXISTS over the rows that a path leads to."""

    __slots__ = ("conditions", "is_refusal", "path")

    def __init__(
        self,
        path: tuple[Relation, ...],
        conditions: tuple[Condition, ...],
        *,
        is_refusal: bool = False,
    ) -> None:
        self.path = path
        self.conditions = conditions
        self.is_refusal = is_refusal
        steps = tuple(step.key for step in path)
        self.shape = ("any", is_refusal, steps, *(each.shape for each in conditions))
        self.values = tuple(value for each in conditions for value in each.values)

    def __repr__(self) -> str:
        return f"any_of({'.'.join(step.name for step in self.path)}, …)"

    def build(self, builder: Builder) -> Built:
        if self.path[0].source is not builder.owner:
            raise QueryError(
                f"{self!r} is not about {builder.owner!r}.", code="query-foreign-field"
            )
        return self._reach(builder, self.path)

    def _reach(self, builder: Builder, path: tuple[Relation, ...]) -> Built:
        """Return EXISTS over the first step of `path`, which holds EXISTS over the next."""
        step, rest = path[0], path[1:]
        target = step.target_table().alias()
        inner = Builder(target, step.target, family=builder.family, first=builder.count)
        condition = self._reach(inner, rest) if rest else self._held(inner)
        builder.count = inner.count
        found: sa.Select[Any] = (
            sa.select(sa.literal_column("1"))
            .select_from(inner.joined())
            .where(step.on(builder.root, target), condition)
        )
        return found.correlate(builder.root).exists()

    def _held(self, inner: Builder) -> Built:
        built = sa.and_(sa.true(), *(each.build(inner) for each in self.conditions))
        # NOT would pass over rows for which the condition is NULL.
        return sa.func.coalesce(built, sa.false()).is_(sa.false()) if self.is_refusal else built
