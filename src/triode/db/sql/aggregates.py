"""Over several rows: `count`, `sum_` and the like, of a group or of a window.

An aggregate may count only some rows (`.filter`) and may look at the rows around one (`.over`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import places_of, plain, typed
from triode.db.sql.builder import Builder, Path
from triode.db.sql.choices import same_type
from triode.db.sql.expressions import Call, Condition, Expression, as_condition
from triode.db.sql.nodes import Built
from triode.db.sql.order import Order
from triode.db.sql.rendering import renders, word
from triode.db.sql.storage import (
    ComputedDecimalStorage,
    ComputedIntegerStorage,
    DecimalStorage,
    DurationStorage,
    EnumStorage,
    FlagStorage,
    IntegerStorage,
    RealStorage,
    Storage,
    TextStorage,
    UuidStorage,
)

Frame = tuple[int | None, int | None]
"""From and to, counted from the row itself; None: without an end."""

_INTEGER: Final = ComputedIntegerStorage()
_REAL: Final = RealStorage()
_RANKS: Final = ("row_number", "rank", "dense_rank", "ntile")
_SHARES: Final = ("percent_rank", "cume_dist")
_NEIGHBOURS: Final = ("lag", "lead", "first_value", "last_value", "nth_value")


class WindowFunction(Call):
    """A function that is computed over a window, such as `rank()`."""

    __slots__ = ()

    def over(
        self,
        *,
        partition_by: Any = (),
        order_by: Any = (),
        rows: Frame | None = None,
    ) -> Any:
        """Compute it over the rows that agree in `partition_by`, in the order of `order_by`.

        `rows` bounds them around each row: (-2, 0) is the two before and the row itself, (None, 0)
        all up to it.
        """
        return Window(
            self, _listed(partition_by), [_order(each) for each in _listed(order_by)], rows
        )

    def build(self, builder: Builder) -> Built:
        raise QueryError(
            f"{self!r} needs a window. Write {self.name}(…).over(order_by=…).",
            code="query-needs-window",
        )

    def function(self, builder: Builder) -> Built:
        """Return the function without its window."""
        return _window_function(builder, self)


class Aggregate(WindowFunction):
    """A function over all rows of a group."""

    __slots__ = ("condition",)

    def __init__(
        self,
        name: str,
        *arguments: Any,
        options: tuple[Any, ...] = (),
        condition: Condition | None = None,
    ) -> None:
        super().__init__(name, *arguments, options=options)
        self.condition = condition
        if condition is not None:
            self.shape = (*self.shape, "filter", condition.shape)
            self.values = self.values + condition.values

    def filter(self, *conditions: Any) -> Self:
        """Take only the rows for which every condition holds."""
        found = self.condition
        for each in conditions:
            found = as_condition(each) if found is None else found & each
        return type(self)(self.name, *self.arguments, options=self.options, condition=found)

    @property
    def minds_repetition(self) -> bool:
        """Whether a row that comes twice makes a difference."""
        return "distinct" not in self.options and self.name not in ("min", "max")

    def many_paths(self) -> set[Path]:
        # The many rows are what it is about.
        return set()

    def build(self, builder: Builder) -> Built:
        before = len(builder.read)
        built = self.function(builder)
        builder.aggregates.append((self, {each.path for each in builder.read[before:]}))
        del builder.read[before:]
        return built

    def function(self, builder: Builder) -> Built:
        return _aggregate(builder, self)


class Window(Expression):
    """A function over a window of rows."""

    __slots__ = ("function", "orders", "parts", "rows")

    def __init__(
        self,
        function: WindowFunction,
        parts: Sequence[Any],
        orders: Sequence[Order],
        rows: Frame | None,
    ) -> None:
        self.function = function
        self.parts = [_field(part) for part in parts]
        self.orders = list(orders)
        self.rows = rows
        inner: list[Any] = [function, *self.parts, *self.orders]
        counts = (len(self.parts), len(self.orders), rows)
        self.shape = ("over", counts, *(each.shape for each in inner))
        self.values = tuple(value for each in inner for value in each.values)

    def __repr__(self) -> str:
        return f"{self.function!r}.over(…)"

    def build(self, builder: Builder) -> Built:
        function: Any = self.function.function(builder)
        kind = function.type
        parts = [part.build(builder) for part in self.parts]
        orders = [order.build(builder) for order in self.orders]
        inner: Any = function.clause if isinstance(function, sa.Cast | sa.TypeCoerce) else function
        over: Built = sa.over(
            inner, partition_by=parts or None, order_by=orders or None, rows=self.rows
        )
        if isinstance(function, sa.Cast):
            return sa.cast(over, kind)
        return typed(over, kind)


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


def _field(given: Any) -> Expression:
    column = getattr(given, "as_column", None)
    found = given if column is None else column()
    if not isinstance(found, Expression):
        raise QueryError(
            f"{given!r} is not a field of a model. Write it with the model's name: User.age.",
            code="query-not-a-field",
        )
    return found


def _order(given: Any) -> Order:
    return given if isinstance(given, Order) else _field(given).asc()


def _aggregate(builder: Builder, call: Aggregate) -> Built:
    """Build the function, its condition within it, and make its type that of every database."""
    built = [argument.build(builder) for argument in call.arguments]
    kind: Any = built[0].type if built else _INTEGER
    _refuse_senseless(call, kind)
    condition = None if call.condition is None else _condition(builder, call)
    if condition is not None and builder.family == "generic":
        # MySQL and MariaDB have no FILTER; a NULL is left out as well.
        first = built[0] if built else word("1")
        built, condition = [sa.case((condition, first)), *built[1:]], None
    made = _named(builder, call, built, kind)
    if condition is not None:
        made = made.filter(condition)
    if call.name == "count":
        return typed(made, _INTEGER)
    if call.name == "avg":
        return _mean(builder, made, kind)
    if call.name == "sum":
        return _sum(builder, made, kind)
    return typed(made, TextStorage() if call.name == "string_agg" else kind)


def _condition(builder: Builder, call: Aggregate) -> Built:
    assert call.condition is not None
    before = len(builder.read)
    builder.about = set().union(*[each.many_paths() for each in call.arguments])
    built = call.condition.build(builder)
    builder.about = set()
    # Only the arguments say which rows it is about.
    del builder.read[before:]
    return built


_COUNTED: Final = (IntegerStorage, RealStorage, DecimalStorage, DurationStorage)
_TAKEN: Final[dict[str, tuple[str, tuple[type[Storage], ...]]]] = {
    "sum": ("numbers and durations", _COUNTED),
    "avg": ("numbers and durations", _COUNTED),
    "string_agg": ("texts", (TextStorage, EnumStorage)),
}


def _refuse_senseless(call: Aggregate, kind: Any) -> None:
    words, taken = _TAKEN.get(call.name, ("", ()))
    if taken and isinstance(kind, Storage) and not isinstance(kind, taken):
        raise QueryError(
            f"{call!r} makes no sense: it takes {words}. Convert the values with cast(…).",
            code="query-wrong-type",
        )


def _named(builder: Builder, call: Aggregate, built: list[Any], kind: Any) -> Any:
    if not built:
        return sa.func.count()
    first = sa.distinct(built[0]) if "distinct" in call.options else built[0]
    if call.name == "string_agg":
        if builder.family == "generic":
            return sa.func.group_concat(plain(built[0]).op("SEPARATOR")(built[1]))
        name = "group_concat" if builder.family == "sqlite" else "string_agg"
        return getattr(sa.func, name)(*built)
    if call.name in ("min", "max") and builder.family == "postgresql":
        if isinstance(kind, FlagStorage | sa.Boolean):
            return sa.func.bool_or(first) if call.name == "max" else sa.func.bool_and(first)
        if isinstance(kind, UuidStorage):
            # It compares UUIDs but has no smallest of them before version 18.
            return sa.cast(getattr(sa.func, call.name)(sa.cast(first, sa.Text())), UuidStorage())
    return getattr(sa.func, call.name)(first)


def _sum(builder: Builder, made: Any, kind: Any) -> Built:
    if isinstance(kind, DecimalStorage):
        return typed(made, ComputedDecimalStorage(kind.decimal_places))
    if isinstance(kind, IntegerStorage):
        # PostgreSQL gives numeric for a sum of bigint.
        return sa.cast(made, _INTEGER) if builder.family == "postgresql" else typed(made, _INTEGER)
    return typed(made, kind)


def _mean(builder: Builder, made: Any, kind: Any) -> Built:
    if isinstance(kind, DurationStorage):
        return typed(made, kind)
    places = places_of(kind)
    if builder.family == "sqlite" and places:
        return typed(plain(made) / word(f"1e{places}"), _REAL)
    return sa.cast(made, _REAL)


def _window_function(builder: Builder, call: WindowFunction) -> Built:
    built = [argument.build(builder) for argument in call.arguments]
    options: list[Any] = [word(option) for option in call.options]
    if call.name in _NEIGHBOURS:
        if len(built) > 1:
            built = _with_default(builder, call, built)
        made = getattr(sa.func, call.name)(built[0], *options, *built[1:])
        return typed(made, built[0].type)
    made = getattr(sa.func, call.name)(*options)
    return typed(made, _REAL if call.name in _SHARES else _INTEGER)


def _with_default(builder: Builder, call: WindowFunction, built: list[Built]) -> list[Built]:
    """Give the default of `lag` and `lead` the type of the values."""
    if builder.family == "generic":
        raise QueryError(
            f"{call.name} takes no default on this database. Write coalesce({call.name}(…)…, …).",
            code="query-not-supported",
        )
    return same_type(builder, list(zip(call.arguments, built, strict=True)))


@renders(*_RANKS, *_SHARES, *_NEIGHBOURS)
def _needs_window(builder: Builder, call: Call) -> Built:
    return call.build(builder)
