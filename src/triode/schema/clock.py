"""Read dates, times and spans as leniently as pydantic does, with its words for what is wrong.

The grammar is ISO 8601 and RFC 3339 as the speedate library reads them; more than six decimals of
a second are rounded, as msgspec does on the fast path.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Final

_UTC: Final = dt.UTC
# Numbers beyond this are milliseconds, as in pydantic.
_MILLISECONDS_FROM: Final = 20_000_000_000
_MIN_SECOND: Final = -62_135_596_800
_MAX_SECOND: Final = 253_402_300_799
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


class ClockError(Exception):
    """Why a text is no date or time; `type` and `message` override the usual ones."""

    def __init__(self, reason: str, *, type: str = "", message: str = "") -> None:
        self.reason = reason
        self.type = type
        self.message = message
        super().__init__(reason or message)


class _Text:
    """A text that is read from left to right."""

    def __init__(self, text: str, place: int = 0) -> None:
        self.text = text
        self.place = place

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def digits(self, count: int, name: str) -> int:
        found = 0
        for _ in range(count):
            character = self.peek()
            if not character:
                raise ClockError("input is too short")
            if character not in "0123456789":
                raise ClockError(f"invalid character in {name}")
            found = found * 10 + int(character)
            self.place += 1
        return found

    def expect(self, characters: str, reason: str) -> None:
        character = self.peek()
        if not character:
            raise ClockError("input is too short")
        if character not in characters:
            raise ClockError(reason)
        self.place += 1

    @property
    def is_done(self) -> bool:
        return self.place >= len(self.text)


def parse_date(text: str) -> dt.date:
    """Read a date, or a datetime whose time is midnight."""
    text = text.strip()
    try:
        reader = _Text(text)
        found = _date(reader)
        if not reader.is_done:
            raise ClockError("unexpected extra characters at the end of the input")
    except ClockError:
        return date_of(parse_datetime(text))
    return found


def date_of(moment: dt.datetime) -> dt.date:
    """Return the date of a moment at midnight."""
    if moment.time() != dt.time():
        raise ClockError(
            "",
            type="date_from_datetime_inexact",
            message="Datetimes provided to dates should have zero time - e.g. be exact dates",
        )
    return moment.date()


def _date(reader: _Text) -> dt.date:
    year = reader.digits(4, "year")
    reader.expect("-", "invalid date separator, expected `-`")
    month = reader.digits(2, "month")
    reader.expect("-", "invalid date separator, expected `-`")
    day = reader.digits(2, "day")
    if not 1 <= month <= 12:
        raise ClockError("month value is outside expected range of 1-12")
    try:
        return dt.date(year, month, day)
    except ValueError:
        if year == 0:
            raise ClockError("year 0 is out of range") from None
        raise ClockError("day value is outside expected range") from None


def parse_datetime(text: str) -> dt.datetime:
    """Read a datetime, a bare date, or a timestamp written as text."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return datetime_from_number(_number(text))
    reader = _Text(text)
    date = _date(reader)
    if reader.is_done:
        return dt.datetime(date.year, date.month, date.day)
    reader.expect("Tt _", "invalid datetime separator, expected `T`, `t`, `_` or space")
    time, carry = _time(reader)
    moment = dt.datetime.combine(date, time)
    try:
        return moment + dt.timedelta(seconds=1) if carry else moment
    except OverflowError:
        raise ClockError("year is too large") from None


def _number(text: str) -> float:
    if text.lstrip("+-").isdigit() and len(text) < 19:
        return int(text)
    return float(text)


def parse_time(text: str) -> dt.time:
    """Read a time of day, or seconds since midnight written as text."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return time_from_number(_number(text))
    reader = _Text(text)
    time, carry = _time(reader)
    if carry:
        moment = dt.datetime.combine(dt.date(2000, 1, 1), time) + dt.timedelta(seconds=1)
        return moment.timetz()
    return time


def _time(reader: _Text) -> tuple[dt.time, bool]:
    """Return a time, and whether its rounded fraction is a whole second more."""
    hour = reader.digits(2, "hour")
    reader.expect(":", "invalid time separator, expected `:`")
    minute = reader.digits(2, "minute")
    if hour > 23:
        raise ClockError("hour value is outside expected range of 0-23")
    if minute > 59:
        raise ClockError("minute value is outside expected range of 0-59")
    second = microsecond = 0
    if reader.peek() == ":":
        reader.place += 1
        second = reader.digits(2, "second")
        if second > 59:
            raise ClockError("second value is outside expected range of 0-59")
        if reader.peek() and reader.peek() in ".,":
            reader.place += 1
            microsecond = _fraction(reader)
    zone = _zone(reader)
    carry = microsecond == 1_000_000
    return dt.time(hour, minute, second, 0 if carry else microsecond, zone), carry


def _fraction(reader: _Text) -> int:
    start = reader.place
    while reader.peek() and reader.peek() in "0123456789":
        reader.place += 1
    digits = reader.text[start : reader.place]
    if not digits:
        raise ClockError("second fraction value is missing")
    if len(digits) > 9:
        raise ClockError("second fraction value is more than 6 digits long")
    return (int(digits.ljust(9, "0")) + 500) // 1000


def _zone(reader: _Text) -> dt.tzinfo | None:
    if reader.is_done:
        return None
    sign = reader.peek()
    if sign in "Zz":
        reader.place += 1
        zone: dt.tzinfo = _UTC
    else:
        zone = _offset(reader, sign)
    if not reader.is_done:
        raise ClockError("unexpected extra characters at the end of the input")
    return zone


def _offset(reader: _Text, sign: str) -> dt.tzinfo:
    if sign not in "+-\u2212":
        raise ClockError("invalid timezone sign")
    reader.place += 1
    hour = reader.digits(2, "timezone hour")
    if reader.peek() == ":":
        reader.place += 1
    minute = 0 if reader.is_done else reader.digits(2, "timezone minute")
    if minute > 59:
        raise ClockError("timezone minute value is outside expected range of 0-59")
    if hour > 23:
        raise ClockError("timezone offset must be less than 24 hours")
    seconds = (hour * 60 + minute) * 60
    if not seconds:
        return _UTC
    return dt.timezone(dt.timedelta(seconds=seconds if sign == "+" else -seconds))


def datetime_from_number(value: float) -> dt.datetime:
    """Read seconds, or milliseconds where the number is that large, since 1970."""
    if math.isnan(value):
        raise ClockError("NaN values not permitted")
    seconds: float = value / 1000 if abs(value) > _MILLISECONDS_FROM else value
    if seconds < _MIN_SECOND:
        raise ClockError("dates before 0000 are not supported as unix timestamps")
    if seconds > _MAX_SECOND:
        raise ClockError("dates after 9999 are not supported as unix timestamps")
    whole = math.floor(seconds)
    micro = round((seconds - whole) * 1_000_000)
    epoch = dt.datetime(1970, 1, 1, tzinfo=_UTC)
    return epoch + dt.timedelta(seconds=whole, microseconds=micro)


def time_from_number(value: float) -> dt.time:
    """Read seconds since midnight."""
    if math.isnan(value):
        raise ClockError("NaN values not permitted")
    if value < 0:
        raise ClockError("time in seconds should be positive")
    if value >= 86_400:
        raise ClockError("numeric times may not exceed 86,399 seconds")
    moment = dt.datetime(2000, 1, 1) + dt.timedelta(seconds=value)
    return moment.time()


def timedelta_from_number(value: float) -> dt.timedelta:
    """Read seconds."""
    if math.isnan(value):
        raise ClockError("NaN values not permitted")
    try:
        return dt.timedelta(seconds=value)
    except OverflowError:
        raise ClockError("durations may not exceed 999,999,999 days") from None


_ISO_SPAN: Final = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<years>\d+(?:\.\d+)?)Y)?(?:(?P<months>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_CLOCK_SPAN: Final = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<days>\d+) ?(?:d|day|days)?,? ?)?"
    r"(?:(?P<hours>\d{1,}):(?P<minutes>\d\d)(?::(?P<seconds>\d\d(?:\.\d{1,9})?))?)?",
    re.ASCII | re.IGNORECASE,
)
_UNITS: Final = {
    "years": 365 * 86_400,
    "months": 30 * 86_400,
    "weeks": 7 * 86_400,
    "days": 86_400,
    "hours": 3_600,
    "minutes": 60,
    "seconds": 1,
}


def parse_timedelta(text: str) -> dt.timedelta:
    """Read a span of time."""
    text = text.strip()
    if not text:
        raise ClockError("input is too short")
    if _NUMBER.fullmatch(text):
        return timedelta_from_number(_number(text))
    found = _ISO_SPAN.fullmatch(text) or _CLOCK_SPAN.fullmatch(text)
    if found is None or not any(found.group(name) for name in found.groupdict() if name != "sign"):
        raise ClockError("invalid digit in duration")
    total = dt.timedelta()
    try:
        for name, amount in found.groupdict().items():
            if name != "sign" and amount:
                total += dt.timedelta(seconds=_UNITS[name]) * _number(amount)
    except OverflowError:
        raise ClockError("durations may not exceed 999,999,999 days") from None
    return -total if found.group("sign") == "-" else total
