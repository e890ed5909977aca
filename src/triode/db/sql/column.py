"""A column of a model as an expression: what `User.age` and `Hero.team.name` are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder, Path
from triode.db.sql.expressions import Expression
from triode.db.sql.nodes import Built
from triode.db.sql.order import Order

FindKinds: TypeAlias = Callable[[], tuple[type, ...] | None]


class HasTable(Protocol):
    """What owns columns: the mapping of a model."""

    @property
    def model_name(self) -> str: ...

    @property
    def table(self) -> sa.Table: ...


class Column(Expression):
    """A column of a model, perhaps at the end of a path over relations.

    It stands on the model's metaclass as a data descriptor, so that `User.age` is the column
    while `user.age` is the value.
    """

    __slots__ = (
        "_ascending",
        "_descending",
        "_find_kinds",
        "_kinds",
        "key",
        "name",
        "owner",
        "path",
    )

    is_stored = True

    def __init__(self, owner: HasTable, name: str, key: int, find_kinds: FindKinds) -> None:
        self.owner = owner
        self.name = name
        self.key = key
        self.path: Path = ()
        self.shape = ("c", key)
        self.values = ()
        self._find_kinds = find_kinds
        # PERF: made once, for most queries have conditions and an order over the same columns.
        self._kinds: tuple[type, ...] | None = None
        self._ascending: Order | None = None
        self._descending: Order | None = None

    @property
    def kinds(self) -> tuple[type, ...] | None:  # type: ignore[override]
        # Asked for late: those of a foreign key are known once the other model is.
        if self._kinds is None:
            self._kinds = self._find_kinds()
        return self._kinds

    def asc(self) -> Order:
        """Sort the smallest first."""
        if self._ascending is None:
            self._ascending = super().asc()
        return self._ascending

    def desc(self) -> Order:
        """Sort the largest first."""
        if self._descending is None:
            self._descending = super().desc()
        return self._descending

    def __get__(self, instance: object, owner: type | None = None) -> Column:
        return self

    def __set__(self, instance: object, value: object) -> None:
        raise QueryError(
            f"{self!r} is a column of the model; assign to a row of it instead.",
            code="query-assign-column",
        )

    def __repr__(self) -> str:
        steps = ".".join([*(step.name for step in self.path), self.name])
        return steps if self.path else f"{self.owner.model_name}.{self.name}"

    def along(self, path: Path) -> Column:
        """Return this column as seen from the start of `path`."""
        seen = Column(self.owner, self.name, self.key, self._find_kinds)
        seen.path = path
        seen.shape = ("c", self.key, tuple(step.key for step in path))
        return seen

    def build(self, builder: Builder) -> Built:
        start = self.path[0].source if self.path else self.owner
        if start is not builder.owner:
            raise QueryError(
                f"{self!r} is not a field of {builder.owner!r}. Reach other models over a "
                "relation, as in Hero.team.name.",
                code="query-foreign-field",
            )
        builder.read.append(self)
        return builder.column(self.path, self.name)

    def many_paths(self) -> set[Path]:
        for index, step in enumerate(self.path):
            if step.is_many:
                return {self.path[: index + 1]}
        return set()
