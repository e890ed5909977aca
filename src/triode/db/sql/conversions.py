"""`cast`: values of another type, on every database by the same rules.

To int: what is behind the point is cut off. To Decimal: ten places. To text: as Python writes it,
a float and JSON as the database does. A date is midnight in UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import as_real, places_of, plain, rescaled, scaled, typed
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Call, JsonValue
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import RENDERERS, quoted, renders, word
from triode.db.sql.storage import (
    MOST_DIGITS,
    DateStorage,
    DecimalStorage,
    DurationStorage,
    FlagStorage,
    IntegerStorage,
    LocalMomentStorage,
    MomentStorage,
    RealStorage,
    Storage,
    TextStorage,
    TimeStorage,
    UuidStorage,
)
from triode.db.sql.value_types import storage_of_type

_NUMBERS: Final = (IntegerStorage, RealStorage, DecimalStorage)


@renders("cast")
def _cast(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    [kind] = call.options
    is_json = isinstance(inner, JsonValue)
    built = RENDERERS["json raw text"](builder, inner) if is_json else inner.build(builder)
    if isinstance(built.type, sa.Boolean):  # a condition
        built = typed(built, FlagStorage())
    target = storage_of_type(kind)
    if isinstance(target, TextStorage):
        return as_text(builder, built, call)
    if isinstance(built.type, TextStorage) and builder.family == "sqlite":
        return _parsed(built, target, call)
    for known, convert in _CONVERSIONS:
        if isinstance(target, known):
            return convert(builder, built, target, call)
    return built if type(built.type) is type(target) else sa.cast(built, target)


def _refused(call: Call, target: Any) -> QueryError:
    name = call.options[0].__name__ if call.options else "text"
    return QueryError(
        f"{call.arguments[0]!r} cannot be made a value of the type {name}.",
        code="query-wrong-type",
    )


def as_text(builder: Builder, built: Built, call: Call) -> Built:
    """Return any value as text.

    Raises:
        QueryError: it is a duration, which the databases write in ways of their own.
    """
    kind: Any = built.type
    if isinstance(kind, DurationStorage):
        raise _refused(call, kind)
    if isinstance(kind, TextStorage):
        return built
    if isinstance(kind, FlagStorage | sa.Boolean):
        words = [quoted(each) for each in ("true", "false")]
        found: Built = sa.case((built, words[0]), (sa.not_(built), words[1]))
    elif isinstance(kind, MomentStorage):
        found = _moment_text(builder, built)
    elif builder.family == "sqlite" and isinstance(kind, DecimalStorage):
        found = sa.func.triode_exact_text(built, word(kind.decimal_places))
    elif isinstance(kind, DecimalStorage):
        # A computed number may have fewer places, or more, in a single row.
        exact = sa.cast(plain(built), sa.Numeric(MOST_DIGITS, kind.decimal_places))
        found = sa.cast(exact, TextStorage())
    elif builder.family == "postgresql" and isinstance(kind, LocalMomentStorage | TimeStorage):
        form = "HH24:MI:SS.US" if isinstance(kind, TimeStorage) else "YYYY-MM-DD HH24:MI:SS.US"
        found = sa.func.to_char(plain(built), quoted(form))
    elif builder.family == "sqlite" and isinstance(kind, RealStorage):
        found = sa.func.triode_real_text(built)
    else:
        found = sa.cast(plain(built), TextStorage())
    return typed(found, TextStorage())


def _moment_text(builder: Builder, built: Built) -> Built:
    if builder.family == "sqlite":
        return built
    zone = quoted("+00:00")
    if builder.family != "postgresql":
        return sa.func.concat(sa.cast(plain(built), TextStorage()), zone)
    local = sa.func.timezone(quoted("UTC"), built)
    return plain(sa.func.to_char(local, quoted("YYYY-MM-DD HH24:MI:SS.US"))).op("||")(zone)


def _parsed(built: Built, target: Any, call: Call) -> Built:
    """Read a text, on SQLite, as strictly as PostgreSQL does."""
    for known, name in _PARSERS:
        if isinstance(target, known):
            read = sa.func.triode_parse(quoted(name), built)
            return typed(read, target)
    if isinstance(target, DecimalStorage):
        places = word(target.decimal_places)
        return typed(sa.func.triode_exact(built, places), target)
    if isinstance(target, DurationStorage):
        raise _refused(call, target)
    return sa.cast(built, target)


_PARSERS: Final[tuple[tuple[type[Storage], str], ...]] = (
    (IntegerStorage, "int"),
    (RealStorage, "float"),
    (FlagStorage, "bool"),
    (MomentStorage, "datetime"),
    (DateStorage, "date"),
    (TimeStorage, "time"),
    (UuidStorage, "UUID"),
)


def _to_integer(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    kind: Any = built.type
    if isinstance(kind, FlagStorage):
        number = sa.cast(built, sa.Integer()) if builder.family == "postgresql" else plain(built)
        return sa.cast(number, target) if builder.family == "postgresql" else typed(number, target)
    if isinstance(kind, IntegerStorage):
        return built
    if builder.family == "sqlite" and isinstance(kind, DecimalStorage):
        step = word(10**kind.decimal_places)
        return typed(plain(built).op("/")(step), target)
    if isinstance(kind, RealStorage | DecimalStorage) and builder.family != "sqlite":
        is_postgres = builder.family == "postgresql"
        cut = sa.func.trunc(built) if is_postgres else sa.func.truncate(built, word("0"))
        return sa.cast(cut, target)
    return sa.cast(built, target)


def _to_real(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    if isinstance(built.type, _NUMBERS):
        return as_real(builder, built)
    return sa.cast(built, target)


def _to_exact(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    kind = built.type
    if isinstance(kind, FlagStorage):
        built = _to_integer(builder, built, IntegerStorage(), call)
    elif builder.family == "sqlite" and isinstance(kind, RealStorage):
        places = word(target.decimal_places)
        return typed(sa.func.triode_exact(built, places), target)
    if builder.family == "sqlite":
        down = places_of(built.type) > target.decimal_places
        change = rescaled if down else scaled
        return typed(change(builder, built, target.decimal_places), target)
    return sa.cast(built, target)


def _to_flag(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    if isinstance(built.type, _NUMBERS):
        return typed(plain(built) != word("0"), target)
    return built if isinstance(built.type, FlagStorage) else sa.cast(built, target)


def _to_date(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    if isinstance(built.type, DateStorage):
        return built
    if isinstance(built.type, MomentStorage | LocalMomentStorage):
        if builder.family == "sqlite":
            first, last = (word(number) for number in ("1", "10"))
            return typed(sa.func.substr(built, first, last), target)
        return sa.cast(_in_utc(builder, built), target)
    return _unknown(builder, built, target, call)


def _to_moment(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    kind = built.type
    if isinstance(kind, MomentStorage):
        return built
    if builder.family == "sqlite" and isinstance(kind, DateStorage | LocalMomentStorage):
        rest = " 00:00:00.000000+00:00" if isinstance(kind, DateStorage) else "+00:00"
        return typed(plain(built).op("||")(quoted(rest)), target)
    if builder.family == "postgresql" and isinstance(kind, DateStorage | LocalMomentStorage):
        local = sa.cast(built, sa.TIMESTAMP())
        return typed(sa.func.timezone(quoted("UTC"), plain(local)), target)
    return _unknown(builder, built, target, call)


def _to_time(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    if isinstance(built.type, MomentStorage | LocalMomentStorage):
        if builder.family == "sqlite":
            first, last = (word(number) for number in ("12", "15"))
            return typed(sa.func.substr(built, first, last), target)
        return sa.cast(_in_utc(builder, built), target)
    return _unknown(builder, built, target, call)


def _in_utc(builder: Builder, built: Built) -> Built:
    if isinstance(built.type, MomentStorage) and builder.family == "postgresql":
        return plain(sa.func.timezone(quoted("UTC"), built))
    return plain(built)


def _unknown(builder: Builder, built: Built, target: Any, call: Call) -> Built:
    kind = built.type
    if type(kind) is type(target):
        return built
    if isinstance(kind, Storage) and not isinstance(kind, TextStorage):
        raise _refused(call, target)
    return sa.cast(built, target)


_Convert = Callable[[Builder, Built, Any, Call], Built]
_CONVERSIONS: Final[tuple[tuple[type[Storage], _Convert], ...]] = (
    (IntegerStorage, _to_integer),
    (RealStorage, _to_real),
    (DecimalStorage, _to_exact),
    (FlagStorage, _to_flag),
    (DateStorage, _to_date),
    (MomentStorage, _to_moment),
    (TimeStorage, _to_time),
    (DurationStorage, _unknown),
    (UuidStorage, _unknown),
)
