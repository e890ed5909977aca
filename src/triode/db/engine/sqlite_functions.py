"""What SQLite lacks and every connection of Triode's adds to it.

Moments and dates come as the texts in which they are kept, so that the results are such texts too.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from triode.db.engine import letters

PATTERN_LIMIT: Final = 1000
"""Characters of a regular expression."""


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that queries use."""
    for name, arity, function in _FUNCTIONS:
        connection.create_function(name, arity, _or_null(function), deterministic=True)
    connection.create_function("triode_now", 0, _now)


def _or_null(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that gives NULL where one of its arguments is."""

    def call(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return call


def _lower(value: Any) -> Any:
    return letters.lower(value) if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return letters.upper(value) if isinstance(value, str) else value


@lru_cache(256)
def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    if len(pattern) > PATTERN_LIMIT:
        raise ValueError(f"A regular expression of more than {PATTERN_LIMIT} characters.")
    return re.compile(pattern, flags)


def _matches(text: str, pattern: str) -> bool:
    return _compiled(pattern, 0).search(text) is not None


def _imatches(text: str, pattern: str) -> bool:
    return _compiled(pattern, re.IGNORECASE).search(text) is not None


def _remainder(left: float, right: float) -> float | None:
    return math.fmod(left, right) if right else None


def _now() -> str:
    return datetime.now(UTC).isoformat(" ", "microseconds")


def _move(text: str, microseconds: int, sign: int) -> str:
    moved = datetime.fromisoformat(text) + sign * timedelta(microseconds=microseconds)
    return moved.isoformat(" ", "microseconds")


def _move_date(text: str, microseconds: int, sign: int) -> str:
    duration = timedelta(microseconds=microseconds)
    day = date.fromisoformat(text)
    return (day + duration if sign > 0 else day - duration).isoformat()


def _distance(left: str, right: str) -> int:
    span = datetime.fromisoformat(left) - datetime.fromisoformat(right)
    return span // timedelta(microseconds=1)


def _local(text: str, zone: str) -> datetime:
    # Of a time of the day, the date does not matter.
    moment = datetime.fromisoformat(text if len(text) != 15 else f"2000-01-01 {text}")
    return moment.astimezone(ZoneInfo(zone)) if zone else moment


_PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "quarter": lambda moment: (moment.month + 2) // 3,
    "week": lambda moment: moment.isocalendar().week,
    "weekday": datetime.weekday,
}


def _part(name: str, text: str, zone: str) -> int:
    moment = _local(text, zone)
    find = _PARTS.get(name)
    return int(getattr(moment, name)) if find is None else find(moment)


def _truncate(unit: str, text: str, zone: str) -> str:
    moment = _local(text, zone)
    cut = _cut(unit, moment)
    if len(text) == 10:
        return cut.date().isoformat()
    if cut.tzinfo is None:
        return cut.isoformat(" ", "microseconds")
    return cut.astimezone(UTC).isoformat(" ", "microseconds")


def _cut(unit: str, moment: datetime) -> datetime:
    if unit == "second":
        return moment.replace(microsecond=0)
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _local_date(text: str, zone: str) -> str:
    return _local(text, zone).date().isoformat()


def _decimal(value: float | str) -> Decimal:
    # Of a float the 15 digits that are certain, as PostgreSQL takes them.
    return Decimal(f"{value:.15g}" if isinstance(value, float) else value)


def _round(value: float, places: int) -> float:
    return float(_decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _exact(value: float | str, places: int) -> int:
    found = _decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return int(found.scaleb(places))


def _exact_text(value: int, places: int) -> str:
    return f"{Decimal(value).scaleb(-places):f}"


def _real_text(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word in _YES:
        return True
    if word not in _NO:
        raise ValueError(text)
    return False


def _utc(text: str) -> str:
    moment = datetime.fromisoformat(text.strip())
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.isoformat(" ", "microseconds")


_YES: Final = ("t", "true", "y", "yes", "on", "1")
_NO: Final = ("f", "false", "n", "no", "off", "0")
_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "int": int,
    "float": float,
    "bool": _flag,
    "datetime": _utc,
    "date": lambda text: date.fromisoformat(text.strip()).isoformat(),
    "time": lambda text: time.fromisoformat(text.strip()).isoformat("microseconds"),
    "UUID": lambda text: str(UUID(text.strip())),
}


def _parse(name: str, text: str) -> Any:
    return _PARSERS[name](str(text))


_FUNCTIONS: Final[list[tuple[str, int, Callable[..., Any]]]] = [
    ("triode_lower", 1, _lower),
    ("triode_upper", 1, _upper),
    ("triode_matches", 2, _matches),
    ("triode_imatches", 2, _imatches),
    ("triode_remainder", 2, _remainder),
    ("triode_move", 3, _move),
    ("triode_move_date", 3, _move_date),
    ("triode_distance", 2, _distance),
    ("triode_part", 3, _part),
    ("triode_truncate", 3, _truncate),
    ("triode_local_date", 2, _local_date),
    ("triode_round", 2, _round),
    ("triode_exact", 2, _exact),
    ("triode_exact_text", 2, _exact_text),
    ("triode_real_text", 1, _real_text),
    ("triode_parse", 2, _parse),
]
