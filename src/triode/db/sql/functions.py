"""SQL functions for queries: `count()`, `upper(Hero.name)`, `desc(User.age)`, ….

Arguments are fields of a model. For a type checker a field is the value it holds, so these take
`Any`; `col` gives a field its type as an expression.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import (
    Built,
    Condition,
    Expression,
    Order,
    as_condition,
    as_expression,
)
from triode.db.sql.storage import IntegerStorage, RealStorage, Storage, TextStorage

T = TypeVar("T")


class Function(Expression):
    """A SQL function; `result` is the type of what it gives, None for that of its argument."""

    __slots__ = ("arguments", "name", "result")

    def __init__(self, name: str, *arguments: Any, result: Storage | None = None) -> None:
        self.name = name
        self.arguments = [as_expression(argument) for argument in arguments]
        self.result = result
        self.shape = ("f", name, *(argument.shape for argument in self.arguments))
        self.values = tuple(value for argument in self.arguments for value in argument.values)

    def build(self, builder: Builder) -> Built:
        built = [argument.build(builder) for argument in self.arguments]
        if not built:
            return sa.func.count(type_=self.result)
        call: Built = getattr(sa.func, self.name)(*built)
        result: Any = self.result or built[0].type
        call.type = result
        if self.name not in ("sum", "avg"):
            return call
        places = getattr(built[0].type, "decimal_places", 0) if builder.family == "sqlite" else 0
        if self.name == "avg" and places:
            return sa.type_coerce(call / sa.literal_column(f"1e{places}"), result)
        # PostgreSQL gives numeric for both.
        is_number = isinstance(result, IntegerStorage | RealStorage)
        return sa.cast(call, result) if is_number else call


def col(field: Any) -> Expression:
    """Return a field as the expression that it is, for type checkers: `col(User.name).like("A%")`.

    Raises:
        QueryError: it is not a field of a model.
    """
    if not isinstance(field, Expression):
        raise QueryError(
            f"{field!r} is not a field of a model. Write it with the model's name: User.age.",
            code="query-not-a-field",
        )
    return field


def asc(field: Any) -> Order:
    """Sort the smallest first."""
    return col(field).asc()


def desc(field: Any) -> Order:
    """Sort the largest first."""
    return col(field).desc()


def not_(condition: Any) -> Condition:
    """Be false; the same as `~condition`, for type checkers."""
    return ~as_condition(condition)


def in_(field: Any, values: Iterable[Any]) -> Condition:
    """Be one of `values`."""
    return col(field).in_(values)


def between(field: Any, low: Any, high: Any) -> Condition:
    """Lie between both, each included."""
    return col(field).between(low, high)


def contains(field: Any, text: str) -> Condition:
    """Hold `text`, upper and lower case being different."""
    return col(field).contains(text)


def icontains(field: Any, text: str) -> Condition:
    """Hold `text` in any case."""
    return col(field).icontains(text)


def is_null(field: Any) -> Condition:
    """Have no value."""
    return col(field).is_(None)


def count(field: Any = None) -> Function:
    """Count the rows, or those in which `field` has a value."""
    if field is None:
        return Function("count", result=IntegerStorage())
    return Function("count", col(field), result=IntegerStorage())


def sum_(field: Any) -> Function:
    """Add up; None where there is nothing to add."""
    return Function("sum", col(field))


def avg(field: Any) -> Function:
    """Take the mean, as a float."""
    return Function("avg", col(field), result=RealStorage())


def min_(field: Any) -> Function:
    """Take the smallest."""
    return Function("min", col(field))


def max_(field: Any) -> Function:
    """Take the largest."""
    return Function("max", col(field))


def upper(field: Any) -> Function:
    """Write in upper case."""
    return Function("upper", col(field), result=TextStorage())


def lower(field: Any) -> Function:
    """Write in lower case."""
    return Function("lower", col(field), result=TextStorage())


def length(field: Any) -> Function:
    """Count the characters."""
    return Function("length", col(field), result=IntegerStorage())


def coalesce(field: Any, *others: Any) -> Function:
    """Take the first that has a value."""
    return Function("coalesce", col(field), *others)


@overload
def related(relation: list[T]) -> T: ...


@overload
def related(relation: T | None) -> T: ...


def related(relation: Any) -> Any:
    """Return a relation as the one model it leads to, for type checkers.

    `related(Hero.team).name` is `Hero.team.name`, where `team` may be None for a checker;
    `related(Team.heroes).name` is a field of the many.
    """
    return relation
