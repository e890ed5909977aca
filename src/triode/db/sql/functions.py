"""SQL functions for queries: `count()`, `upper(Hero.name)`, `desc(User.age)`, ….

Arguments are fields of a model. For a type checker a field is the value it holds, so these take
`Any` and give it: what a computed column holds is known when the query runs. `col` gives a field
its type as an expression.
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

from triode.db.errors import QueryError
from triode.db.sql.aggregates import Aggregate, WindowFunction
from triode.db.sql.choices import Case, Function
from triode.db.sql.expressions import Both, Call, Condition, Expression, as_condition
from triode.db.sql.keys import among_keys
from triode.db.sql.moments import checked_zone, part, truncated
from triode.db.sql.order import Order
from triode.db.sql.value_types import storage_of_type

T = TypeVar("T")


def col(field: Any) -> Expression:
    """Return a field as the expression that it is, for type checkers: `col(User.name).like("A%")`.

    Raises:
        QueryError: it is not a field of a model.
    """
    found = as_column(field)
    if not isinstance(found, Expression):
        raise QueryError(
            f"{field!r} is not a field of a model. Write it with the model's name: User.age.",
            code="query-not-a-field",
        )
    return found


def as_column(value: Any) -> Any:
    """Return the column that a relation stands for, and anything else as it is."""
    find = getattr(value, "as_column", None)
    return value if find is None else find()


def asc(field: Any) -> Order:
    """Sort the smallest first."""
    return col(field).asc()


def desc(field: Any) -> Order:
    """Sort the largest first."""
    return col(field).desc()


def not_(condition: Any) -> Condition:
    """Be false; the same as `~condition`, for type checkers."""
    return ~as_condition(condition)


def in_(field: Any, values: Any) -> Condition:
    """Be one of `values`, or of what a query of one column gives.

    `in_((Line.order_id, Line.product_id), [(1, "x"), (2, "y")])` compares several fields at once.
    """
    columns = getattr(field, "as_columns", None)
    if columns is not None:
        return field.in_(values)  # type: ignore[no-any-return]
    if isinstance(field, tuple):
        return among_keys([col(each) for each in field], values)
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


def count(field: Any = None, *, distinct: bool = False) -> Any:
    """Count the rows, or those in which `field` has a value, or its different values."""
    if field is None:
        return Aggregate("count")
    return Aggregate("count", col(field), options=_distinct(distinct))


def sum_(field: Any, *, distinct: bool = False) -> Any:
    """Add up; None where there is nothing to add."""
    return Aggregate("sum", col(field), options=_distinct(distinct))


def avg(field: Any, *, distinct: bool = False) -> Any:
    """Take the mean, as a float."""
    return Aggregate("avg", col(field), options=_distinct(distinct))


def min_(field: Any) -> Any:
    """Take the smallest."""
    return Aggregate("min", col(field))


def max_(field: Any) -> Any:
    """Take the largest."""
    return Aggregate("max", col(field))


def string_agg(field: Any, separator: str = ",") -> Any:
    """Join the texts of a group, in no order that could be relied on."""
    return Aggregate("string_agg", col(field), separator)


def _distinct(is_distinct: bool) -> tuple[str, ...]:
    return ("distinct",) if is_distinct else ()


def row_number() -> WindowFunction:
    """Number the rows of a window from 1."""
    return WindowFunction("row_number")


def rank() -> WindowFunction:
    """Give the place of a row, with gaps after equals."""
    return WindowFunction("rank")


def dense_rank() -> WindowFunction:
    """Give the place of a row, without gaps."""
    return WindowFunction("dense_rank")


def percent_rank() -> WindowFunction:
    """Give the place of a row between 0 and 1."""
    return WindowFunction("percent_rank")


def cume_dist() -> WindowFunction:
    """Give the share of rows up to this one."""
    return WindowFunction("cume_dist")


def ntile(parts: int) -> WindowFunction:
    """Cut the window into so many parts; give the part's number."""
    return WindowFunction("ntile", options=(_whole(parts),))


def lag(field: Any, offset: int = 1, default: Any = None) -> WindowFunction:
    """Give the value of an earlier row, `default` where there is none."""
    rest = () if default is None else (default,)
    return WindowFunction("lag", col(field), *rest, options=(_whole(offset),))


def lead(field: Any, offset: int = 1, default: Any = None) -> WindowFunction:
    """Give the value of a later row, `default` where there is none."""
    rest = () if default is None else (default,)
    return WindowFunction("lead", col(field), *rest, options=(_whole(offset),))


def first_value(field: Any) -> WindowFunction:
    """Give the value of the first row of the window."""
    return WindowFunction("first_value", col(field))


def last_value(field: Any) -> WindowFunction:
    """Give the value of the last row of the window, which ends at the row itself by default."""
    return WindowFunction("last_value", col(field))


def _whole(number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise QueryError(f"{number!r} is no number of rows.", code="query-wrong-type")
    return number


def upper(field: Any) -> Any:
    """Write in upper case."""
    return Call("upper", col(field))


def lower(field: Any) -> Any:
    """Write in lower case."""
    return Call("lower", col(field))


def length(field: Any) -> Any:
    """Count the characters."""
    return Call("length", col(field))


def trim(field: Any) -> Any:
    """Leave out the spaces at both ends."""
    return Call("trim", col(field))


def replace(field: Any, old: Any, new: Any) -> Any:
    """Put `new` wherever `old` stands."""
    return Call("replace", col(field), old, new)


def substring(field: Any, start: int, length: int) -> Any:
    """Take `length` characters from `start` on, which counts from 0."""
    return Call("substring", col(field), options=(_whole(start) + 1, _whole(length)))


def concat(*parts: Any) -> Any:
    """Write texts, numbers and fields one after the other; what has no value is left out."""
    return Call("concat", *[as_column(part) for part in parts])


def coalesce(field: Any, *others: Any) -> Any:
    """Take the first that has a value."""
    return Call("coalesce", col(field), *[as_column(other) for other in others])


def nullif(field: Any, value: Any) -> Any:
    """Be NULL where `field` is `value`."""
    return Call("nullif", col(field), as_column(value))


def greatest(*values: Any) -> Any:
    """Take the largest of several in one row; give it no NULL."""
    return Call("greatest", *[as_column(value) for value in values])


def least(*values: Any) -> Any:
    """Take the smallest of several in one row; give it no NULL."""
    return Call("least", *[as_column(value) for value in values])


def abs_(field: Any) -> Any:
    """Leave out the sign."""
    return Call("abs", col(field))


def round_(field: Any, places: int = 0) -> Any:
    """Round to so many decimal places."""
    return Call("round", col(field), options=(_whole(places),))


def cast(field: Any, kind: type) -> Any:
    """Make a value of another type: int, float, str, bool, Decimal, date, datetime, …."""
    storage_of_type(kind)
    return Call("cast", col(field), options=(kind,))


def now() -> Any:
    """Give the moment at which the statement runs."""
    return Call("now")


def year(field: Any, *, zone: str | None = None) -> Any:
    """Give the year, in UTC or in a time zone such as "Europe/Berlin"; as do the parts below."""
    return part("year", col(field), zone)


def quarter(field: Any, *, zone: str | None = None) -> Any:
    """Give the quarter of the year, 1 to 4."""
    return part("quarter", col(field), zone)


def month(field: Any, *, zone: str | None = None) -> Any:
    """Give the month."""
    return part("month", col(field), zone)


def week(field: Any, *, zone: str | None = None) -> Any:
    """Give the week of ISO 8601."""
    return part("week", col(field), zone)


def day(field: Any, *, zone: str | None = None) -> Any:
    """Give the day of the month."""
    return part("day", col(field), zone)


def weekday(field: Any, *, zone: str | None = None) -> Any:
    """Give the day of the week, Monday being 0."""
    return part("weekday", col(field), zone)


def hour(field: Any, *, zone: str | None = None) -> Any:
    """Give the hour."""
    return part("hour", col(field), zone)


def minute(field: Any, *, zone: str | None = None) -> Any:
    """Give the minute."""
    return part("minute", col(field), zone)


def second(field: Any, *, zone: str | None = None) -> Any:
    """Give the second, without its fraction."""
    return part("second", col(field), zone)


def date_of(field: Any, *, zone: str | None = None) -> Any:
    """Give the date of a moment."""
    return Call("date of", col(field), options=(checked_zone(zone),))


def truncate(field: Any, unit: str, *, zone: str | None = None) -> Any:
    """Cut a moment to the beginning of its "year", "month", "week", "day", "hour", …."""
    return truncated(unit, col(field), zone)


def case(*branches: tuple[Any, Any], default: Any = None) -> Any:
    """Take the value of the first condition that holds: `case((User.age < 18, "young"))`."""
    return Case(
        [(when, as_column(then)) for when, then in branches],
        None if default is None else as_column(default),
    )


def function(name: str, *arguments: Any, returns: type | None = None) -> Any:
    """Call any function of the database; without `returns` it gives the type of its argument."""
    return Function(name, *[as_column(each) for each in arguments], kind=returns)


def and_(*conditions: Any) -> Condition:
    """Hold where every condition does; the same as `&`, for type checkers."""
    return _joined("and", conditions)


def or_(*conditions: Any) -> Condition:
    """Hold where one condition does; the same as `|`, for type checkers."""
    return _joined("or", conditions)


def _joined(operator: str, conditions: tuple[Any, ...]) -> Condition:
    if not conditions:
        raise QueryError(f"{operator}_() needs at least one condition.", code="query-empty")
    found = as_condition(conditions[0])
    for each in conditions[1:]:
        found = Both(operator, found, as_condition(each))
    return found


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
