"""Numbers: + - * / %, `abs_`, `round_`; and + and - of texts, moments and durations.

A division gives a float and knows no error: by zero it is NULL. Decimals stay exact, also on
SQLite, where they are integers of their last place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Call
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import quoted, renders, word
from triode.db.sql.storage import (
    ComputedDecimalStorage,
    ComputedIntegerStorage,
    DateStorage,
    DecimalStorage,
    DurationStorage,
    IntegerStorage,
    LocalMomentStorage,
    MomentStorage,
    RealStorage,
    Storage,
    TextStorage,
)

_MOMENTS: Final = (MomentStorage, LocalMomentStorage)
_SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "mod": operator.mod,
}
_INTEGER: Final = ComputedIntegerStorage()
_REAL: Final = RealStorage()


def plain(built: Built) -> Built:
    """Return an expression that SQLAlchemy combines as it is written, without rules of its own."""
    if isinstance(built, sa.BindParameter):
        # Its own type converts the value, so it keeps it.
        grouped: Built = Grouping(built)
        grouped.type = sa.types.NullType()
        return grouped
    return sa.type_coerce(built, sa.types.NullType())


def typed(built: Built, storage: Any) -> Built:
    """Return an expression read as `storage` reads."""
    return sa.type_coerce(built, storage)


def places_of(storage: Any) -> int:
    """Return the decimal places of a number; 0 for an integer."""
    return storage.decimal_places if isinstance(storage, DecimalStorage) else 0


def as_real(builder: Builder, built: Built) -> Built:
    """Return a number as a float."""
    places = places_of(built.type)
    if places and builder.family == "sqlite":
        return typed(plain(built) / word(f"1e{places}"), _REAL)
    return built if isinstance(built.type, RealStorage) else sa.cast(built, _REAL)


def scaled(builder: Builder, built: Built, places: int) -> Built:
    """Return an exact number with `places` decimal places, as SQLite keeps it."""
    more = places - places_of(built.type)
    if builder.family != "sqlite" or not more:
        return plain(built)
    return plain(built) * word(10**more)


def rescaled(builder: Builder, built: Built, places: int) -> Built:
    """Return an exact number with `places` decimal places, rounded half away from zero."""
    less = places_of(built.type) - places
    if less <= 0 or builder.family != "sqlite":
        return scaled(builder, built, places)
    # In integers: a float would lose digits. `built` is written twice, so it may not be random.
    half, step = (word(number) for number in (5 * 10 ** (less - 1), 10**less))
    sign = sa.case((plain(built) < word("0"), -half), else_=half)
    return plain(Grouping(plain(built) + sign).op("/")(step))


@renders("add", "sub", "mul", "mod")
def _combine(builder: Builder, call: Call) -> Built:
    left, right = (argument.build(builder) for argument in call.arguments)
    kinds = (left.type, right.type)
    if all(isinstance(kind, IntegerStorage | RealStorage | DecimalStorage) for kind in kinds):
        return _numbers(builder, call.name, left, right)
    if all(isinstance(kind, TextStorage) for kind in kinds) and call.name == "add":
        return join_texts(builder, [left, right])
    if any(isinstance(kind, (*_MOMENTS, DateStorage, DurationStorage)) for kind in kinds):
        return _times(builder, call, left, right)
    known = next((kind for kind in kinds if isinstance(kind, Storage)), None)
    if all(isinstance(kind, Storage) for kind in kinds):
        raise _senseless(call)
    return typed(_SIGNS[call.name](plain(left), plain(right)), known)


def _numbers(builder: Builder, name: str, left: Built, right: Built) -> Built:
    kinds = (left.type, right.type)
    if any(isinstance(kind, RealStorage) for kind in kinds):
        left, right = as_real(builder, left), as_real(builder, right)
        result: Any = _REAL
        if name == "mod":
            return _real_remainder(builder, left, right)
    elif any(isinstance(kind, DecimalStorage) for kind in kinds):
        both = [places_of(kind) for kind in kinds]
        places = sum(both) if name == "mul" else max(both)
        if name != "mul":
            left, right = (scaled(builder, each, places) for each in (left, right))
        result = ComputedDecimalStorage(places)
    else:
        result = _INTEGER
    divisor = sa.func.nullif(plain(right), word("0")) if name == "mod" else right
    return typed(_SIGNS[name](plain(left), plain(divisor)), result)


def _real_remainder(builder: Builder, left: Built, right: Built) -> Built:
    if builder.family == "sqlite":
        return typed(sa.func.triode_remainder(left, right), _REAL)
    if builder.family == "generic":
        return typed(sa.func.mod(left, right), _REAL)
    exact = [sa.cast(each, sa.Numeric()) for each in (left, right)]
    divisor = sa.func.nullif(plain(exact[1]), word("0"))
    return sa.cast(plain(exact[0]) % plain(divisor), _REAL)


@renders("div")
def _divide(builder: Builder, call: Call) -> Built:
    left, right = (argument.build(builder) for argument in call.arguments)
    for built in (left, right):
        if isinstance(built.type, Storage) and not isinstance(
            built.type, IntegerStorage | RealStorage | DecimalStorage
        ):
            raise _senseless(call)
    divisor = sa.func.nullif(plain(as_real(builder, right)), word("0"))
    return typed(plain(as_real(builder, left)) / plain(divisor), _REAL)


def _times(builder: Builder, call: Call, left: Built, right: Built) -> Built:
    """Combine moments, dates and durations as Python does."""
    name, kinds = call.name, (left.type, right.type)
    is_span = [isinstance(kind, DurationStorage) for kind in kinds]
    if all(is_span) and name in ("add", "sub"):
        return typed(_SIGNS[name](plain(left), plain(right)), DurationStorage())
    if name == "mul" and any(is_span) and any(isinstance(each, IntegerStorage) for each in kinds):
        return typed(plain(left) * plain(right), DurationStorage())
    if name == "add" and is_span[0]:
        left, right, is_span = right, left, is_span[::-1]
    if name in ("add", "sub") and is_span[1] and isinstance(left.type, (*_MOMENTS, DateStorage)):
        return _moved(builder, name, left, right)
    if name == "sub" and type(left.type) is type(right.type) and not is_span[0]:
        return _distance(builder, left, right)
    raise _senseless(call)


def _moved(builder: Builder, name: str, moment: Built, duration: Built) -> Built:
    is_date = isinstance(moment.type, DateStorage)
    if builder.family == "generic":
        return _moved_on_mysql(name, moment, duration)
    if builder.family == "sqlite":
        sign = word("1" if name == "add" else "-1")
        function = sa.func.triode_move_date if is_date else sa.func.triode_move
        return typed(function(moment, duration, sign), moment.type)
    if is_date:
        # A date stays a date, whatever hours the duration has: as in Python.
        days = sa.func.floor(_seconds(duration) / word("86400"))
        moved = _SIGNS[name](plain(moment), plain(sa.cast(days, sa.Integer())))
        return typed(moved, moment.type)
    if isinstance(moment.type, LocalMomentStorage):
        return typed(_SIGNS[name](plain(moment), plain(duration)), moment.type)
    # A day has 24 hours, whatever the clocks of the connection's time zone do.
    utc = quoted("UTC")
    local = _SIGNS[name](plain(sa.func.timezone(utc, moment)), plain(duration))
    return typed(sa.func.timezone(utc, local), moment.type)


def _moved_on_mysql(name: str, moment: Built, duration: Built) -> Built:
    """Add a duration, which is a number of microseconds."""
    unit, span = "MICROSECOND", plain(duration)
    if isinstance(moment.type, DateStorage):
        unit, span = "DAY", plain(sa.func.floor(span / word("86400e6")))
    span = span if name == "add" else -span
    return typed(sa.func.timestampadd(word(unit), span, moment), moment.type)


def _seconds(interval: Built) -> Built:
    return plain(sa.func.date_part(quoted("epoch"), interval))


def _distance(builder: Builder, left: Built, right: Built) -> Built:
    if builder.family == "sqlite":
        return typed(sa.func.triode_distance(left, right), DurationStorage())
    if builder.family == "generic":
        unit = word("MICROSECOND")
        return typed(sa.func.timestampdiff(unit, right, left), DurationStorage())
    found = plain(left) - plain(right)
    if isinstance(left.type, DateStorage):
        found = plain(found) * word("INTERVAL '1 day'")
    return typed(found, DurationStorage())


def join_texts(builder: Builder, parts: list[Built]) -> Built:
    """Return texts one after the other; NULL if one of them is."""
    if builder.family == "generic":
        return typed(sa.func.concat(*parts), TextStorage())
    joined = plain(parts[0])
    for part in parts[1:]:
        joined = joined.op("||")(plain(part))
    return typed(joined, TextStorage())


def _senseless(call: Call) -> QueryError:
    return QueryError(
        f"{call!r} makes no sense: the types do not go together. Convert one with cast(…).",
        code="query-wrong-type",
    )


@renders("neg")
def _negative(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    built = inner.build(builder)
    _refuse_uncounted(call, built)
    return typed(-plain(built), computed(built.type))


@renders("abs")
def _absolute(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    built = inner.build(builder)
    _refuse_uncounted(call, built)
    if isinstance(built.type, DurationStorage) and builder.family == "postgresql":
        return typed(sa.func.greatest(built, -plain(built)), built.type)
    return typed(sa.func.abs(built), computed(built.type))


def computed(storage: Any) -> Any:
    """Return the type of a number computed from one of the type `storage`."""
    if isinstance(storage, DecimalStorage):
        return ComputedDecimalStorage(storage.decimal_places)
    return _INTEGER if isinstance(storage, IntegerStorage) else storage


def _refuse_uncounted(call: Call, built: Built) -> None:
    known = IntegerStorage | RealStorage | DecimalStorage | DurationStorage
    if isinstance(built.type, Storage) and not isinstance(built.type, known):
        raise _senseless(call)


@renders("round")
def _round(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    [places] = call.options
    built = inner.build(builder)
    if isinstance(built.type, Storage) and not isinstance(
        built.type, IntegerStorage | RealStorage | DecimalStorage
    ):
        raise _senseless(call)
    digits: Any = word(places)
    if isinstance(built.type, DecimalStorage):
        kept = min(built.type.decimal_places, places)
        is_sqlite = builder.family == "sqlite"
        rounded = rescaled(builder, built, kept) if is_sqlite else sa.func.round(built, digits)
        return typed(rounded, ComputedDecimalStorage(kept))
    if builder.family == "sqlite":
        return typed(sa.func.triode_round(as_real(builder, built), digits), _REAL)
    if builder.family == "postgresql":
        return sa.cast(sa.func.round(sa.cast(built, sa.Numeric()), digits), _REAL)
    # It rounds the half of a float to the even neighbour; of large ones nothing is left to round.
    real = as_real(builder, built)
    exact = sa.cast(sa.func.round(sa.cast(real, sa.Numeric(65, 30)), digits), _REAL)
    return typed(sa.case((sa.func.abs(real) < word("1e15"), exact), else_=real), _REAL)
