"""Turn an expression into SQLAlchemy's, once for each shape.

A `Builder` numbers the parameters in the order in which expressions list their values, and
collects the joins that paths over relations need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.expression import BindParameter, ColumnElement, FromClause

from triode.db.sql.storage import Family


class Step(Protocol):
    """One relation on a path, from a table to another."""

    @property
    def key(self) -> int:
        """A number that no other relation has."""
        ...

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> object:
        """The model on which the relation is declared."""
        ...

    @property
    def is_many(self) -> bool:
        """Whether one row leads to several."""
        ...

    def target_table(self) -> sa.Table: ...

    def on(self, source: FromClause, target: FromClause) -> ColumnElement[bool]:
        """Return the condition that joins the two."""
        ...


Path = tuple[Step, ...]


class Builder:
    """The state of one compilation: parameters so far, joins so far."""

    def __init__(
        self,
        table: FromClause,
        owner: object,
        *,
        family: Family,
        first: int = 0,
        outer: Builder | None = None,
    ) -> None:
        self.root = table
        self.owner = owner
        self.family: Family = family
        self.count = first
        self.outer = outer
        self.excluded: Any = None
        """What an upsert would have inserted."""
        self.aggregates: list[tuple[Any, set[Path]]] = []
        """The aggregates that were built, and the paths to what they are about."""
        self.about: set[Path] = set()
        """The paths to what the aggregate is about whose condition is built."""
        self.read: list[Any] = []
        """The columns that were built outside of aggregates."""
        self.grouped: list[Any] = []
        """The columns that rows are grouped by."""
        self.made: list[Any] = []
        """What is selected and grouped by, for orders by the same."""
        self._sources: dict[Path, FromClause] = {(): table}
        self._joins: list[tuple[FromClause, ColumnElement[bool]]] = []

    def bind(self, type_: Any = None) -> BindParameter[Any]:
        """Return the next parameter."""
        parameter: BindParameter[Any] = sa.bindparam(f"_p{self.count}", type_=type_, required=True)
        self.count += 1
        return parameter

    def column(self, path: Path, name: str) -> ColumnElement[Any]:
        """Return a column of the table that `path` leads to."""
        return self.source(path).c[name]

    def source(self, path: Path) -> FromClause:
        """Return the table that `path` leads to, joined on first use."""
        known = self._sources.get(path)
        if known is not None:
            return known
        origin = self.source(path[:-1])
        step = path[-1]
        target = step.target_table().alias()
        self._joins.append((target, step.on(origin, target)))
        self._sources[path] = target
        return target

    def inside(self, path: Path, build: Callable[[Builder], Any]) -> ColumnElement[bool]:
        """Return EXISTS over the rows that the many-valued last step of `path` leads to.

        Within `build`, `path` leads to those rows.
        """
        step = path[-1]
        origin = self.source(path[:-1])
        target = step.target_table().alias()
        inner = Builder(target, self.owner, family=self.family, first=self.count, outer=self.outer)
        inner._sources = {**self._sources, path: target}
        condition = build(inner)
        self.count = inner.count
        select: sa.Select[Any] = (
            sa.select(sa.literal_column("1"))
            .select_from(inner.joined())
            .where(step.on(origin, target), condition)
        )
        return select.correlate(*self.froms()).exists()

    def froms(self) -> list[FromClause]:
        """Return every table that an inner query may refer to, those further out included."""
        outer = [] if self.outer is None else self.outer.froms()
        return [*self._sources.values(), *outer]

    def joined(self) -> FromClause:
        """Return the root with every join so far."""
        source = self.root
        for target, condition in self._joins:
            source = source.outerjoin(target, condition)
        return source

    def many_paths(self) -> set[Path]:
        """Return the joined paths that end with a many-valued relation."""
        return {path for path in self._sources if path and path[-1].is_many}

    @property
    def has_joins(self) -> bool:
        return bool(self._joins)
