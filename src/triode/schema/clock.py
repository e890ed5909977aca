"""Read dates and times as leniently as pydantic does, with its words for what is wrong.

The grammar is ISO 8601 and RFC 3339 as the speedate library reads them. Decimals of a second
beyond the sixth are rounded, as msgspec does on the fast path (pydantic cuts them off). Spans of
time are in `span.py`.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from triode.schema.constraints import compiled

_UTC: Final = dt.UTC
# Numbers beyond this are milliseconds, as in pydantic.
_MILLISECONDS_FROM: Final = 20_000_000_000
_MIN_SECOND: Final = -62_135_596_800
_MAX_SECOND: Final = 253_402_300_799
_INT64: Final = 2**63
_NUMBER: Final = r"[+-]?([0-9]+|([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)"
_DIGITS: Final = "0123456789"
EXTRA: Final = "unexpected extra characters at the end of the input"
TOO_SHORT: Final = "input is too short"


class ClockError(Exception):
    """Why a text is no date or time; `type` and `message` override the usual ones."""

    def __init__(self, reason: str, *, type: str = "", message: str = "") -> None:
        self.reason = reason
        self.type = type
        self.message = message
        super().__init__(reason or message)


class TextReader:
    """A text that is read from left to right."""

    def __init__(self, text: str, place: int = 0) -> None:
        self.text = text
        self.place = place

    @property
    def is_done(self) -> bool:
        """Whether everything is read."""
        return self.place >= len(self.text)

    def peek(self) -> str:
        """Return the next character without reading it; "" at the end."""
        return self.text[self.place : self.place + 1]

    def take(self, characters: str) -> bool:
        """Read the next character if it is one of `characters`."""
        found = self.peek()
        if not found or found not in characters:
            return False
        self.place += 1
        return True

    def need(self, count: int) -> None:
        """Refuse what has fewer than `count` characters left."""
        if len(self.text) - self.place < count:
            raise ClockError(TOO_SHORT)

    def digits(self, count: int, complaint: str) -> int:
        """Read a number of exactly `count` digits."""
        found = self.text[self.place : self.place + count]
        if len(found) < count or any(character not in _DIGITS for character in found):
            raise ClockError(complaint)
        self.place += count
        return int(found)

    def run_of_digits(self) -> str:
        """Read as many digits as there are."""
        start = self.place
        while self.peek() and self.peek() in _DIGITS:
            self.place += 1
        return self.text[start : self.place]

    def expect(self, characters: str, complaint: str) -> None:
        """Read one of `characters`."""
        if not self.take(characters):
            raise ClockError(complaint)

    def finish(self) -> None:
        """Refuse what is left over."""
        if not self.is_done:
            raise ClockError(EXTRA)


def parse_date(text: str) -> dt.date:
    """Read a date, or a datetime whose time is midnight."""
    try:
        return _only_date(text)
    except ClockError as exc:
        if exc.type:
            raise ClockError(
                exc.reason,
                type="date_parsing",
                message=f"Input should be a valid date in the format YYYY-MM-DD, {exc.reason}",
            ) from None
    return date_of(_moment(text))


def date_of(moment: dt.datetime) -> dt.date:
    """Return the date of a moment at midnight."""
    if moment.time() != dt.time():
        raise ClockError(
            "",
            type="date_from_datetime_inexact",
            message="Datetimes provided to dates should have zero time - e.g. be exact dates",
        )
    return moment.date()


def parse_datetime(text: str) -> dt.datetime:
    """Read a datetime, a bare date, or a timestamp written as text."""
    try:
        return _moment(text)
    except ClockError as exc:
        if exc.type:
            raise
    date = _only_date(text)
    return dt.datetime(date.year, date.month, date.day)


def _only_date(text: str) -> dt.date:
    reader = TextReader(text)
    found = _date(reader)
    reader.finish()
    return found


def _date(reader: TextReader) -> dt.date:
    reader.need(10)
    year = reader.digits(4, "invalid character in year")
    reader.expect("-", "invalid date separator, expected `-`")
    month = reader.digits(2, "invalid character in month")
    reader.expect("-", "invalid date separator, expected `-`")
    day = reader.digits(2, "invalid character in day")
    if not 1 <= month <= 12:
        raise ClockError("month value is outside expected range of 1-12")
    if year == 0:
        reason = "year 0 is out of range"
        message = f"Input should be a valid datetime, {reason}"
        raise ClockError(reason, type="datetime_parsing", message=message)
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ClockError("day value is outside expected range") from None


def _moment(text: str) -> dt.datetime:
    number = read_number(text)
    if number is not None:
        return datetime_from_number(number)
    reader = TextReader(text)
    date = _date(reader)
    reader.expect("Tt _", "invalid datetime separator, expected `T`, `t`, `_` or space")
    time, carry = _time(reader)
    moment = dt.datetime.combine(date, time)
    try:
        return moment + dt.timedelta(seconds=1) if carry else moment
    except OverflowError:
        raise ClockError("year is too large") from None


def read_number(text: str) -> float | None:
    """Return the number that a text is, None if it is none or too large for a timestamp."""
    if not compiled(_NUMBER).fullmatch(text):
        return None
    if "." in text:
        return float(text)
    return int(text) if len(text) < 21 and abs(int(text)) < _INT64 else None


def parse_time(text: str) -> dt.time:
    """Read a time of day."""
    time, carry = _time(TextReader(text))
    if carry:
        moment = dt.datetime.combine(dt.date(2000, 1, 1), time) + dt.timedelta(seconds=1)
        return moment.timetz()
    return time


def _time(reader: TextReader) -> tuple[dt.time, bool]:
    """Return a time, and whether its rounded fraction is a whole second more."""
    reader.need(5)
    hour = reader.digits(2, "invalid character in hour")
    reader.expect(":", "invalid time separator, expected `:`")
    minute = reader.digits(2, "invalid character in minute")
    if hour > 23:
        raise ClockError("hour value is outside expected range of 0-23")
    second, microsecond = seconds_of(reader, minute)
    zone = _zone(reader)
    carry = microsecond == 1_000_000
    return dt.time(hour, minute, second, 0 if carry else microsecond, zone), carry


def seconds_of(reader: TextReader, minute: int) -> tuple[int, int]:
    """Read `:ss.ffffff`, if it is there; also refuse a `minute` that there is not."""
    if minute > 59:
        raise ClockError("minute value is outside expected range of 0-59")
    if not reader.take(":"):
        return 0, 0
    second = reader.digits(2, "invalid character in second")
    if second > 59:
        raise ClockError("second value is outside expected range of 0-59")
    if not reader.take(".,"):
        return second, 0
    digits = reader.run_of_digits()
    if not digits:
        raise ClockError("second fraction digits missing after `.`")
    return second, (int(digits[:7].ljust(7, "0")) + 5) // 10


def _zone(reader: TextReader) -> dt.tzinfo | None:
    if reader.is_done:
        return None
    if reader.take("Zz"):
        reader.finish()
        return _UTC
    sign = reader.peek()
    reader.expect("+-\u2212", "invalid timezone sign")
    hour = reader.digits(2, "invalid timezone hour")
    reader.take(":")
    minute = reader.digits(2, "invalid timezone minute")
    if minute > 59:
        raise ClockError("timezone minute value is outside expected range of 0-59")
    if hour > 23:
        raise ClockError("timezone offset must be less than 24 hours")
    reader.finish()
    seconds = (hour * 60 + minute) * 60
    if not seconds:
        return _UTC
    return dt.timezone(dt.timedelta(seconds=seconds if sign == "+" else -seconds))


def datetime_from_number(value: float) -> dt.datetime:
    """Read seconds, or milliseconds where the number is that large, since 1970."""
    if math.isnan(value):
        raise ClockError("NaN values not permitted")
    is_milliseconds = abs(value) > _MILLISECONDS_FROM
    seconds: float = value / 1000 if is_milliseconds else value
    if seconds < _MIN_SECOND:
        raise ClockError("dates before 0000 are not supported as unix timestamps")
    if seconds > _MAX_SECOND:
        raise ClockError("dates after 9999 are not supported as unix timestamps")
    epoch = dt.datetime(1970, 1, 1, tzinfo=_UTC)
    if isinstance(value, int):  # Floats would lose the last digits.
        return epoch + (
            dt.timedelta(milliseconds=value) if is_milliseconds else dt.timedelta(seconds=value)
        )
    whole = math.floor(seconds)
    micro = round((seconds - whole) * 1_000_000)
    return epoch + dt.timedelta(seconds=whole, microseconds=micro)


def time_from_number(value: float) -> dt.time:
    """Read seconds since midnight."""
    if math.isnan(value):
        raise ClockError("NaN values not permitted")
    if value < 0:
        raise ClockError("time in seconds should be positive")
    moment = dt.timedelta(seconds=min(value, 86_400))
    if moment >= dt.timedelta(days=1):
        raise ClockError("numeric times may not exceed 86,399 seconds")
    return (dt.datetime(2000, 1, 1, tzinfo=_UTC) + moment).timetz()
