"""Read spans of time as leniently as pydantic does, with its words for what is wrong.

Three forms: ISO 8601 (`P1DT2H`), days with a time (`3 days, 01:00:00`), and a time (`100:00`).
"""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import Final

from triode.schema.clock import TOO_SHORT, ClockError, TextReader, seconds_of

_DAY: Final = 86_400
_DATE_UNITS: Final = {"Y": 365 * _DAY, "M": 30 * _DAY, "W": 7 * _DAY, "D": _DAY}
_TIME_UNITS: Final = {"H": 3_600, "M": 60, "S": 1}
_MAX_NUMBER: Final = 2**32
_BAD_DAYS: Final = '"day" identifier in duration not correctly formatted'
_TOO_LONG: Final = "durations may not exceed 999,999,999 days"
_TOO_MANY_HOURS: Final = "durations may not exceed 999,999,999 hours"


def parse_timedelta(text: str) -> dt.timedelta:
    """Read a span of time; seconds alone are no text for one."""
    reader = TextReader(text)
    if reader.is_done:
        raise ClockError(TOO_SHORT)
    is_negative = reader.peek() == "-"
    if reader.take("+-") and reader.is_done:
        raise ClockError(TOO_SHORT)
    if reader.take("P"):
        found = _iso(reader)
    elif "d" in text.lower() or len(text) - reader.place < 5:
        found = _days(reader)
    else:
        found = _clock(reader, has_days=False)
    return -found if is_negative else found


def timedelta_from_number(value: float) -> dt.timedelta:
    """Read seconds."""
    if math.isnan(value):
        raise ClockError("NaN values not permitted")
    try:
        return dt.timedelta(seconds=value)
    except OverflowError:
        raise ClockError(_TOO_LONG) from None


def _number(reader: TextReader) -> int:
    digits = reader.run_of_digits()
    if not digits:
        raise ClockError("invalid digit in duration")
    if len(digits) > 20 or int(digits) >= _MAX_NUMBER:
        raise ClockError("a numeric value in the duration is too large")
    return int(digits)


def _iso(reader: TextReader) -> dt.timedelta:
    total = Fraction(0)
    units, complaint = _DATE_UNITS, "quantity invalid in date part of duration"
    had_fraction = False
    while not reader.is_done:
        if reader.take("T"):
            if units is _TIME_UNITS:
                raise ClockError("`t` character repeated in duration")
            units, complaint = _TIME_UNITS, "quantity invalid in time part of duration"
            continue
        amount = Fraction(_number(reader))
        fraction = _fraction(reader)
        if had_fraction:
            raise ClockError("quantity fraction invalid in duration")
        had_fraction = fraction is not None
        unit = units.get(reader.peek())
        if unit is None:
            raise ClockError(complaint)
        reader.place += 1
        total += (amount + (fraction or 0)) * unit
    if reader.place < 3:
        raise ClockError(TOO_SHORT)
    return _span(total)


def _fraction(reader: TextReader) -> Fraction | None:
    if not reader.take(".,"):
        return None
    digits = reader.run_of_digits()
    return Fraction(int(digits[:30]), 10 ** len(digits[:30])) if digits else Fraction(0)


def _span(seconds: Fraction) -> dt.timedelta:
    try:
        return dt.timedelta(microseconds=math.floor(seconds * 1_000_000 + Fraction(1, 2)))
    except OverflowError:
        raise ClockError(_TOO_LONG) from None


def _days(reader: TextReader) -> dt.timedelta:
    days = _number(reader)
    reader.take(" ")
    reader.expect("dD", _BAD_DAYS)
    if reader.take("aA"):
        reader.expect("yY", _BAD_DAYS)
    reader.take("sS")
    reader.take(",")
    reader.take(" ")
    if days > 999_999_999:
        raise ClockError(_TOO_LONG)
    whole = dt.timedelta(days=days)
    return whole if reader.is_done else whole + _clock(reader, has_days=True)


def _clock(reader: TextReader, *, has_days: bool) -> dt.timedelta:
    reader.need(5)
    if reader.text.find(":", reader.place) - reader.place > 9:
        raise ClockError(_TOO_MANY_HOURS)
    digits = reader.run_of_digits()
    reader.expect(":", "invalid character in hour")
    hours = int(digits or 0)
    if has_days and hours > 23:
        raise ClockError(_TOO_MANY_HOURS)
    minute = reader.digits(2, "invalid character in minute")
    second, microsecond = seconds_of(reader, minute)
    reader.finish()
    return dt.timedelta(hours=hours, minutes=minute, seconds=second, microseconds=microsecond)
