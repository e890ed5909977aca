"""Numbers: + - * / %, `abs_`, `round_`, `cast`; and + and - of texts, moments and durations.

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
from triode.db.sql.expressions import Built, Call, JsonValue
from triode.db.sql.rendering import RENDERERS, renders
from triode.db.sql.storage import (
    DateStorage,
    DecimalStorage,
    DurationStorage,
    FlagStorage,
    IntegerStorage,
    MomentStorage,
    RealStorage,
    Storage,
    TextStorage,
)
from triode.db.sql.value_types import MOST_DIGITS, storage_of_type

_NUMBERS: Final = (IntegerStorage, RealStorage, DecimalStorage)
_SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "mod": operator.mod,
}
_INTEGER: Final = IntegerStorage()
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
        return typed(plain(built) / sa.literal_column(f"1e{places}"), _REAL)
    return built if isinstance(built.type, RealStorage) else sa.cast(built, _REAL)


def scaled(builder: Builder, built: Built, places: int) -> Built:
    """Return an exact number with `places` decimal places, as SQLite keeps it."""
    more = places - places_of(built.type)
    if builder.family != "sqlite" or not more:
        return plain(built)
    return plain(built) * sa.literal_column(str(10**more))


@renders("add", "sub", "mul", "mod")
def _combine(builder: Builder, call: Call) -> Built:
    left, right = (argument.build(builder) for argument in call.arguments)
    kinds = (left.type, right.type)
    if all(isinstance(kind, IntegerStorage | RealStorage | DecimalStorage) for kind in kinds):
        return _numbers(builder, call.name, left, right)
    if all(isinstance(kind, TextStorage) for kind in kinds) and call.name == "add":
        return join_texts(builder, [left, right])
    if any(isinstance(kind, MomentStorage | DateStorage | DurationStorage) for kind in kinds):
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
        result = DecimalStorage(MOST_DIGITS, places)
    else:
        result = _INTEGER
    divisor = sa.func.nullif(plain(right), sa.literal_column("0")) if name == "mod" else right
    return typed(_SIGNS[name](plain(left), plain(divisor)), result)


def _real_remainder(builder: Builder, left: Built, right: Built) -> Built:
    if builder.family == "sqlite":
        return typed(sa.func.triode_remainder(left, right), _REAL)
    exact = [sa.cast(each, sa.Numeric()) for each in (left, right)]
    divisor = sa.func.nullif(plain(exact[1]), sa.literal_column("0"))
    return sa.cast(plain(exact[0]) % plain(divisor), _REAL)


@renders("div")
def _divide(builder: Builder, call: Call) -> Built:
    left, right = (argument.build(builder) for argument in call.arguments)
    for built in (left, right):
        if isinstance(built.type, Storage) and not isinstance(
            built.type, IntegerStorage | RealStorage | DecimalStorage
        ):
            raise _senseless(call)
    divisor = sa.func.nullif(plain(as_real(builder, right)), sa.literal_column("0"))
    return typed(plain(as_real(builder, left)) / plain(divisor), _REAL)


def _times(builder: Builder, call: Call, left: Built, right: Built) -> Built:
    """Combine moments, dates and durations as Python does."""
    name, kinds = call.name, (type(left.type), type(right.type))
    if kinds == (DurationStorage, DurationStorage) and name in ("add", "sub"):
        return typed(_SIGNS[name](plain(left), plain(right)), left.type)
    if name == "mul" and DurationStorage in kinds and IntegerStorage in kinds:
        return typed(plain(left) * plain(right), DurationStorage())
    if name == "add" and kinds[0] is DurationStorage:
        left, right, kinds = right, left, (kinds[1], kinds[0])
    if kinds[1] is DurationStorage and kinds[0] in (MomentStorage, DateStorage):
        return _moved(builder, name, left, right)
    if name == "sub" and kinds[0] is kinds[1] and kinds[0] in (MomentStorage, DateStorage):
        return _distance(builder, left, right)
    raise _senseless(call)


def _moved(builder: Builder, name: str, moment: Built, duration: Built) -> Built:
    _refuse_generic(builder, "adding a duration to a moment")
    if builder.family == "sqlite":
        sign = plain(duration) if name == "add" else -plain(duration)
        move = sa.func.triode_move(moment, sign)
        return typed(move, moment.type)
    moved = _SIGNS[name](plain(moment), plain(duration))
    if isinstance(moment.type, DateStorage):
        # A date stays a date, whatever hours the duration has: as in Python.
        days = sa.func.floor(_seconds(duration) / sa.literal_column("86400"))
        moved = _SIGNS[name](plain(moment), plain(sa.cast(days, sa.Integer())))
    return typed(moved, moment.type)


def _seconds(interval: Built) -> Built:
    return plain(sa.func.date_part(sa.literal_column("'epoch'"), interval))


def _distance(builder: Builder, left: Built, right: Built) -> Built:
    _refuse_generic(builder, "the distance between two moments")
    if builder.family == "sqlite":
        return typed(sa.func.triode_distance(left, right), DurationStorage())
    found = plain(left) - plain(right)
    if isinstance(left.type, DateStorage):
        found = plain(found) * sa.literal_column("INTERVAL '1 day'")
    return typed(found, DurationStorage())


def _refuse_generic(builder: Builder, what: str) -> None:
    if builder.family == "generic":
        raise QueryError(
            f"Triode does not know {what} on this database. Write it with function(…).",
            code="query-not-supported",
        )


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


@renders("abs")
def _absolute(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    built = inner.build(builder)
    return typed(sa.func.abs(built), built.type)


@renders("round")
def _round(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    [places] = call.options
    built = inner.build(builder)
    digits: Any = sa.literal_column(str(places))
    if isinstance(built.type, DecimalStorage) and builder.family == "sqlite":
        step = 10 ** max(built.type.decimal_places - places, 0)
        rounded = sa.func.round(plain(built) / sa.literal_column(f"{step}.0"))
        result = DecimalStorage(MOST_DIGITS, min(built.type.decimal_places, places))
        return typed(sa.cast(rounded, sa.Integer()), result)
    if isinstance(built.type, DecimalStorage):
        return typed(sa.func.round(built, digits), DecimalStorage(MOST_DIGITS, max(places, 0)))
    if builder.family == "postgresql":
        return sa.cast(sa.func.round(sa.cast(built, sa.Numeric()), digits), _REAL)
    return sa.cast(sa.func.round(as_real(builder, built), digits), _REAL)


@renders("cast")
def _cast(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    [kind] = call.options
    is_json = isinstance(inner, JsonValue)
    built = RENDERERS["json raw text"](builder, inner) if is_json else inner.build(builder)
    storage: Any = storage_of_type(kind)
    number = isinstance(built.type, DecimalStorage) and builder.family == "sqlite"
    if number and not isinstance(storage, DecimalStorage):
        built = as_real(builder, built)
    if isinstance(storage, DecimalStorage) and builder.family == "sqlite":
        return typed(sa.cast(scaled(builder, built, storage.decimal_places), sa.Integer()), storage)
    if isinstance(storage, FlagStorage) and isinstance(built.type, _NUMBERS):
        return typed(plain(built) != sa.literal_column("0"), storage)
    return sa.cast(built, storage)
