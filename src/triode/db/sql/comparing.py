"""Put two values side by side: which types fit together, and in which unit SQLite has them.

SQLite keeps a Decimal as an integer of its last place, so that values of different places, or a
Decimal and an integer, have to be brought to one unit before they are compared or stored.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import as_real, places_of, rescaled, scaled, typed
from triode.db.sql.builder import Builder
from triode.db.sql.column_types import Converter, Family, Storage, TextStorage
from triode.db.sql.expressions import Among, Call, Comparison, Expression, Value
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import OPERATORS, renders
from triode.db.sql.storage import (
    BytesStorage,
    DateStorage,
    DecimalStorage,
    DurationStorage,
    EnumStorage,
    FlagStorage,
    IntegerStorage,
    LocalMomentStorage,
    MomentStorage,
    RealStorage,
    TimeStorage,
    UuidStorage,
)
from triode.db.sql.value_types import is_of

_GROUPS: Final[tuple[tuple[str, tuple[type[Storage], ...]], ...]] = (
    ("a number", (IntegerStorage, RealStorage, DecimalStorage)),
    ("a text", (TextStorage,)),
    ("true or false", (FlagStorage,)),
    ("a moment", (MomentStorage,)),
    ("a moment without a zone", (LocalMomentStorage,)),
    ("a date", (DateStorage,)),
    ("a time of day", (TimeStorage,)),
    ("a duration", (DurationStorage,)),
    ("a UUID", (UuidStorage,)),
    ("bytes", (BytesStorage,)),
)


def group_of(storage: Any) -> str | None:
    """Return what values of a type are, None where it is not known what they fit."""
    if isinstance(storage, EnumStorage):
        return "a number" if storage.is_integer else "a text"
    return next((name for name, kinds in _GROUPS if isinstance(storage, kinds)), None)


class ComparedStorage(Storage):
    """The type of a parameter that stands beside something computed: it checks the value's type."""

    def __init__(self, inner: Storage) -> None:
        super().__init__()
        self.inner = inner

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return self.inner.load_dialect_impl(dialect)

    def writer(self, family: Family) -> Converter | None:
        write, kinds = self.inner.writer(family), self.inner.kinds

        def check(value: Any) -> Any:
            if kinds is not None and not is_of(value, kinds):
                raise TypeError(f"{' or '.join(kind.__name__ for kind in kinds)} is expected")
            return value if write is None else write(value)

        return check


def give_type(parameter: Built, other: Expression, kind: Any) -> None:
    """Give a parameter the type of what stands beside it, a column or something computed."""
    is_checked = isinstance(kind, Storage) and not other.is_stored
    parameter.type = ComparedStorage(kind) if is_checked else kind


@renders("compare")
def _compare(builder: Builder, comparison: Comparison) -> Built:
    left, right = comparison.left.build(builder), comparison.right.build(builder)
    if type(comparison.right) is Value:
        give_type(right, comparison.left, left.type)
    elif type(comparison.left) is Value:
        give_type(left, comparison.right, right.type)
    else:
        refuse_misfit(comparison.left, left.type, comparison.right, right.type)
        left, right = aligned(builder, left, right)
    return OPERATORS[comparison.operator](left, right)  # type: ignore[no-any-return]


def refuse_misfit(left: Any, left_type: Any, right: Any, right_type: Any) -> None:
    """Refuse to put together what is of different kinds.

    Raises:
        QueryError: says what each is.
    """
    groups = group_of(left_type), group_of(right_type)
    if None not in groups and groups[0] != groups[1]:
        raise QueryError(
            f"{left!r} is {groups[0]} and {right!r} is {groups[1]}: these do not go together. "
            "Convert one with cast(…).",
            code="query-wrong-type",
        )


def aligned(builder: Builder, left: Built, right: Built) -> tuple[Built, Built]:
    """Return two numbers in one unit; whatever else they are, as they are."""
    kinds = (left.type, right.type)
    is_exact = any(isinstance(kind, DecimalStorage) for kind in kinds)
    if builder.family != "sqlite" or not is_exact or group_of(kinds[0]) != group_of(kinds[1]):
        return left, right
    if any(isinstance(kind, RealStorage) for kind in kinds):
        return as_real(builder, left), as_real(builder, right)
    places = max(places_of(kind) for kind in kinds)
    return scaled(builder, left, places), scaled(builder, right, places)


@renders("among")
def _among(builder: Builder, condition: Among) -> Built:
    built = condition.inner.build(builder)
    if condition.count == 0:
        return sa.false()
    parameters = [builder.bind() for _ in range(condition.count)]
    for parameter in parameters:
        give_type(parameter, condition.inner, built.type)
    return built.in_(parameters)


@renders("in")
def _in_query(builder: Builder, call: Call) -> Built:
    inner, query = call.arguments
    built = inner.build(builder)
    rows: Any = query
    select = rows.build_rows(builder)
    kind = select.selected_columns[0].type
    refuse_misfit(inner, built.type, query, kind)
    if builder.family == "sqlite" and places_of(built.type) != places_of(kind):
        raise QueryError(
            f"{inner!r} and {query!r} have different decimal places. Convert one with "
            "cast(…, Decimal).",
            code="query-wrong-type",
        )
    return built.in_(select)


def assigned(builder: Builder, name: str, target: Any, expression: Any, built: Built) -> Built:
    """Return a value as a column of type `target` holds it; a Decimal is rounded to its places.

    Raises:
        QueryError: it is of another kind, or a float where an exact number is kept.
    """
    kind = built.type
    refuse_misfit(name, target, expression, kind)
    if group_of(target) != "a number" or group_of(kind) != "a number":
        return built
    if isinstance(target, RealStorage):
        return as_real(builder, built)
    if isinstance(kind, RealStorage):
        wanted = "Decimal" if isinstance(target, DecimalStorage) else "int"
        raise QueryError(
            f"{expression!r} is a float, and {name} keeps exact numbers. Write "
            f"cast(…, {wanted}), or round_(…) before.",
            code="query-wrong-type",
        )
    if not isinstance(target, DecimalStorage):
        if places_of(kind):
            raise QueryError(
                f"{expression!r} has decimal places, and {name} keeps whole numbers. Write "
                "cast(…, int).",
                code="query-wrong-type",
            )
        return built
    return typed(rescaled(builder, built, target.decimal_places), target)
