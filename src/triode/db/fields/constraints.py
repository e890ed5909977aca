"""What a model's `class Meta` may say of its rows: indexes, checks, what is searched.

A condition or expression is a text of SQL, or a function of the model, because the model does not
exist yet where its `Meta` stands: `Check(lambda item: item.price > item.cost)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Rule: TypeAlias = str | Callable[[Any], Any]
"""SQL, or a function that is given the model and returns an expression."""


@dataclass(frozen=True, init=False)
class Index:
    """An index, over fields by name ("-name" descends) or over expressions.

    `unique` refuses a second row with the same values; `where` limits it to some rows, on SQLite
    and PostgreSQL.
    """

    fields: tuple[Rule, ...]
    unique: bool
    where: Rule | None
    name: str | None

    def __init__(
        self,
        *fields: Rule,
        unique: bool = False,
        where: Rule | None = None,
        name: str | None = None,
    ) -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "unique", unique)
        object.__setattr__(self, "where", where)
        object.__setattr__(self, "name", name)


@dataclass(frozen=True)
class Value:
    """A text that is a value, where a text would be SQL: `server_default=Value("new")`."""

    value: Any


@dataclass(frozen=True)
class Check:
    """A condition that the database holds for every row; `message` is told where it is not met."""

    condition: Rule
    name: str | None = None
    message: str | None = None

    def named(self, name: str) -> Check:
        """Return the same under a name."""
        return replace(self, name=name)


@dataclass(frozen=True, init=False)
class Search:
    """Full-text search over fields that hold text, on SQLite and PostgreSQL; see `search`.

    `weights` say how much a word counts for the relevance, 1 where nothing is said; there may be
    four different ones. `language` names a text search configuration of PostgreSQL, such as
    "english", which finds "walking" by "walk"; without one words are found as they are written.
    """

    fields: tuple[str, ...]
    weights: Mapping[str, float]
    language: str | None

    def __init__(
        self,
        *fields: str,
        weights: Mapping[str, float] | None = None,
        language: str | None = None,
    ) -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "weights", dict(weights or {}))
        object.__setattr__(self, "language", language)

    def weight(self, field: str) -> float:
        """Return how much a word in a field counts."""
        return self.weights.get(field, 1)
