"""Refuse aggregates that joins over several to-many relations would multiply."""

from __future__ import annotations

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder, Path


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


def _prefixes(paths: set[Path]) -> set[Path]:
    return {path[:end] for path in paths for end in range(1, len(path) + 1)}
