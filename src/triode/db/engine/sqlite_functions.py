"""What SQLite lacks and every connection of Triode's adds to it.

Moments and dates come as the texts in which they are kept, so that the results are such texts too.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

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
    return value.lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


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


def _move(text: str, microseconds: int) -> str:
    duration = timedelta(microseconds=microseconds)
    if len(text) == 10:
        return (date.fromisoformat(text) + duration).isoformat()
    return (datetime.fromisoformat(text) + duration).isoformat(" ", "microseconds")


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


_FUNCTIONS: Final[list[tuple[str, int, Callable[..., Any]]]] = [
    ("triode_lower", 1, _lower),
    ("triode_upper", 1, _upper),
    ("triode_matches", 2, _matches),
    ("triode_imatches", 2, _imatches),
    ("triode_remainder", 2, _remainder),
    ("triode_move", 2, _move),
    ("triode_distance", 2, _distance),
    ("triode_part", 3, _part),
    ("triode_truncate", 3, _truncate),
    ("triode_local_date", 2, _local_date),
]
