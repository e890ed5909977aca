"""Dates and times: their parts, cutting them to a day or a month, and now.

A moment is taken in UTC unless a time zone is named. `week` is that of ISO 8601, `weekday` counts
from Monday = 0, as Python does.
"""

from __future__ import annotations

import zoneinfo
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from triode.db.errors import QueryError
from triode.db.sql.arithmetic import plain, typed
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Call, Expression
from triode.db.sql.nodes import Built
from triode.db.sql.rendering import quoted, renders, word
from triode.db.sql.storage import (
    DateStorage,
    IntegerStorage,
    LocalMomentStorage,
    MomentStorage,
    TimeStorage,
)

PARTS: Final = ("year", "quarter", "month", "week", "day", "weekday", "hour", "minute", "second")
_OF_DATES: Final = PARTS[:6]
_OF_TIMES: Final = PARTS[6:]
_UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_POSTGRES: Final = {"weekday": "isodow"}


def part(name: str, field: Any, zone: str | None) -> Call:
    """Return a part of a date or a time."""
    return Call(f"part {name}", field, options=(checked_zone(zone),))


def truncated(unit: str, field: Any, zone: str | None) -> Call:
    """Return the beginning of the unit that a date or moment lies in.

    Raises:
        QueryError: there is no such unit.
    """
    if unit not in _UNITS:
        raise QueryError(
            f"{unit!r} is no unit to cut to. Write one of {', '.join(_UNITS)}.", code="query-unit"
        )
    return Call("truncate", field, options=(unit, checked_zone(zone)))


def checked_zone(zone: str | None) -> str | None:
    """Return the name of a time zone.

    Raises:
        QueryError: there is none of that name.
    """
    if zone is None:
        return None
    try:
        return zoneinfo.ZoneInfo(zone).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise QueryError(
            f"{zone!r} is no time zone. Write one such as Europe/Berlin.", code="query-zone"
        ) from exc


@renders(*(f"part {name}" for name in PARTS))
def _part(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    [zone] = call.options
    name = call.name.removeprefix("part ")
    built = inner.build(builder)
    _check(call, inner, built, _OF_DATES if isinstance(built.type, DateStorage) else None)
    if isinstance(built.type, TimeStorage) and name not in _OF_TIMES:
        raise _no_part(inner, name)
    if builder.family == "sqlite":
        found: Built = sa.func.triode_part(quoted(name), built, _zone(built, zone))
    elif builder.family == "postgresql":
        local = _local(built, zone)
        found = sa.func.floor(sa.func.date_part(quoted(_POSTGRES.get(name, name)), local))
        found = sa.cast(found, sa.BigInteger())
        found = plain(found) - word("1") if name == "weekday" else found
    else:
        found = _generic_part(name, built, zone)
    return typed(found, IntegerStorage())


def _check(call: Call, inner: Expression, built: Built, names: tuple[str, ...] | None) -> None:
    name = call.name.removeprefix("part ")
    is_time = isinstance(built.type, MomentStorage | LocalMomentStorage | DateStorage | TimeStorage)
    if not is_time or (names is not None and name not in names and name in PARTS):
        raise _no_part(inner, name)


def _no_part(inner: Expression, name: str) -> QueryError:
    return QueryError(f"{inner!r} has no {name}.", code="query-wrong-type")


def _zone(built: Built, zone: str | None) -> Built:
    # A date, and a moment without a zone, are the same in every one.
    return quoted(zone if zone and isinstance(built.type, MomentStorage) else "")


def _local(built: Built, zone: str | None) -> Built:
    """Return a moment as the clocks of a zone show it."""
    if not isinstance(built.type, MomentStorage):
        return plain(built)
    return plain(sa.func.timezone(quoted(zone or "UTC"), built))


def _refuse_zone(zone: str | None) -> None:
    # MySQL and MariaDB know zones only where somebody has loaded them into the server.
    if zone is not None:
        raise QueryError(
            "Time zones are for SQLite and PostgreSQL only.", code="query-not-supported"
        )


def _generic_part(name: str, built: Built, zone: str | None) -> Built:
    _refuse_zone(zone)
    if name == "week":
        return sa.func.week(built, word("3"))
    return getattr(sa.func, name)(built)  # type: ignore[no-any-return]


@renders("truncate")
def _truncate(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    unit, zone = call.options
    built = inner.build(builder)
    is_date = isinstance(built.type, DateStorage)
    _check(call, inner, built, None)
    if isinstance(built.type, TimeStorage) or (is_date and unit in _OF_TIMES):
        raise _no_part(inner, unit)
    if builder.family == "sqlite":
        cut: Built = sa.func.triode_truncate(quoted(unit), built, _zone(built, zone))
    elif builder.family == "postgresql":
        cut = sa.func.date_trunc(quoted(unit), _local(built, zone))
        if is_date:
            cut = sa.cast(cut, sa.Date())
        elif isinstance(built.type, MomentStorage):
            cut = _moment(cut, zone)
    else:
        _refuse_zone(zone)
        cut = _cut_on_mysql(unit, built)
        cut = sa.func.date(cut) if is_date else sa.cast(cut, mysql.DATETIME(fsp=6))
    return typed(cut, built.type)


_FORMATS: Final = {
    "year": "%Y-01-01",
    "month": "%Y-%m-01",
    "day": "%Y-%m-%d",
    "hour": "%Y-%m-%d %H:00:00",
    "minute": "%Y-%m-%d %H:%i:00",
    "second": "%Y-%m-%d %H:%i:%s",
}


def _cut_on_mysql(unit: str, built: Built) -> Built:
    if unit == "week":
        days = -plain(sa.func.weekday(built))
        return sa.func.timestampadd(word("DAY"), days, sa.func.date(built))
    if unit == "quarter":
        first = sa.func.makedate(sa.func.year(built), word("1"))
        number = plain(sa.func.quarter(built)) - word("1")
        return sa.func.timestampadd(word("QUARTER"), number, first)
    return sa.func.date_format(built, quoted(_FORMATS[unit]))


def _moment(local: Built, zone: str | None) -> Built:
    return sa.func.timezone(quoted(zone or "UTC"), plain(local))


@renders("now")
def _now(builder: Builder, call: Call) -> Built:
    if builder.family == "sqlite":
        return typed(sa.func.triode_now(), MomentStorage())
    if builder.family == "postgresql":
        return typed(sa.func.statement_timestamp(), MomentStorage())
    return typed(sa.func.utc_timestamp(word("6")), MomentStorage())


@renders("date of")
def _date(builder: Builder, call: Call) -> Built:
    [inner] = call.arguments
    [zone] = call.options
    built = inner.build(builder)
    if not isinstance(built.type, MomentStorage | LocalMomentStorage | DateStorage):
        raise _no_part(inner, "date")
    if builder.family == "sqlite":
        if zone is not None and isinstance(built.type, MomentStorage):
            return typed(sa.func.triode_local_date(built, quoted(zone)), DateStorage())
        first, last = (word(number) for number in ("1", "10"))
        return typed(sa.func.substr(built, first, last), DateStorage())
    if builder.family == "postgresql":
        return typed(sa.cast(_local(built, zone), sa.Date()), DateStorage())
    _refuse_zone(zone)
    return typed(sa.func.date(built), DateStorage())
