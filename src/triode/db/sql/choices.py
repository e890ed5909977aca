"""`case`, `coalesce`, `greatest` and the like, and any function of the database by its name."""

from __future__ import annotations

import re
from typing import Any, Final

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import as_real, places_of, scaled, typed
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Call, Expression, Value, as_condition, as_literal
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import renders
from triode.db.sql.storage import (
    ComputedDecimalStorage,
    DecimalStorage,
    IntegerStorage,
    RealStorage,
    Storage,
)
from triode.db.sql.value_types import storage_of_type

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_NUMBERS: Final = (IntegerStorage, RealStorage, DecimalStorage)


def same_type(builder: Builder, parts: list[tuple[Expression, Built]]) -> list[Built]:
    """Return alternatives of one value with one type: a parameter takes that of a column."""
    kinds = [built.type for _, built in parts if isinstance(built.type, Storage)]
    if kinds and all(isinstance(kind, _NUMBERS) for kind in kinds):
        return _same_number(builder, [built for _, built in parts], kinds)
    known = [
        built.type
        for each, built in parts
        if not isinstance(each, Value) and isinstance(built.type, Storage)
    ]
    kind = next(iter(known or kinds), None)
    for each, built in parts:
        if isinstance(each, Value) and kind is not None:
            built.type = kind
    return [built for _, built in parts]


def _same_number(builder: Builder, built: list[Built], kinds: list[Any]) -> list[Built]:
    if any(isinstance(kind, RealStorage) for kind in kinds):
        return [as_real(builder, each) for each in built]
    if any(isinstance(kind, DecimalStorage) for kind in kinds):
        places = max(places_of(kind) for kind in kinds)
        kind = ComputedDecimalStorage(places)
        return [typed(scaled(builder, each, places), kind) for each in built]
    return built


class Case(Expression):
    """The value of the first condition that holds."""

    __slots__ = ("branches", "default")

    def __init__(self, branches: list[tuple[Any, Any]], default: Any) -> None:
        self.branches = [(as_condition(when), as_literal(then)) for when, then in branches]
        self.default = None if default is None else as_literal(default)
        parts: list[Expression] = [each for branch in self.branches for each in branch]
        parts += [] if self.default is None else [self.default]
        self.shape = ("case", *(each.shape for each in parts))
        self.values = tuple(value for each in parts for value in each.values)

    def many_paths(self) -> set[Any]:
        return set().union(*[each.many_paths() for _, each in self.branches])

    def build(self, builder: Builder) -> Built:
        whens: list[Built] = []
        parts: list[tuple[Expression, Built]] = []
        for when, then in self.branches:
            whens.append(when.build(builder))
            parts.append((then, then.build(builder)))
        if self.default is not None:
            parts.append((self.default, self.default.build(builder)))
        built = same_type(builder, parts)
        kind = built[0].type
        otherwise = built[len(whens)] if self.default is not None else None
        found = sa.case(*zip(whens, built, strict=False), else_=otherwise)
        return typed(found, kind)


@renders("coalesce", "greatest", "least")
def _coalesce(builder: Builder, call: Call) -> Built:
    parts = [(each, each.build(builder)) for each in call.arguments]
    built = same_type(builder, parts)
    kind = built[0].type
    if len(built) == 1:
        return built[0]
    if call.name == "coalesce":
        return typed(sa.func.coalesce(*built), kind)
    if builder.family == "sqlite":
        function = sa.func.max if call.name == "greatest" else sa.func.min
        return typed(function(*built), kind)
    found = getattr(sa.func, call.name)(*built)
    if builder.family == "postgresql":
        # It alone passes over NULL.
        missing = sa.or_(*(each.is_(None) for each in built))
        found = sa.case((missing, sa.null()), else_=found)
    return typed(found, kind)


@renders("nullif")
def _nullif(builder: Builder, call: Call) -> Built:
    left, right = same_type(builder, [(each, each.build(builder)) for each in call.arguments])
    return typed(sa.func.nullif(left, right), left.type)


class Function(Call):
    """A function of the database by its name; its result is read as `kind`."""

    __slots__ = ("kind",)

    def __init__(self, name: str, *arguments: Any, kind: type | None) -> None:
        if not _NAME.fullmatch(name):
            raise QueryError(
                f'{name!r} is no name of a function. Write function("name", …).',
                code="query-function-name",
            )
        super().__init__(name, *arguments)
        self.kind = kind
        self.shape = ("function", kind, *self.shape)

    def build(self, builder: Builder) -> Built:
        built = [argument.build(builder) for argument in self.arguments]
        found: Any = sa.func
        for part in self.name.split("."):
            found = getattr(found, part)
        made = found(*built)
        if self.kind is not None:
            return typed(made, storage_of_type(self.kind))
        first = built[0].type if built and isinstance(built[0].type, Storage) else None
        return made if first is None else typed(made, first)
