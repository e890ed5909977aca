"""datetime, date, time and timedelta."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar, Final

from triode.schema import clock, span
from triode.schema.constraints import check_bounds, has_bounds
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Refused, Schema, refuse
from triode.schema.problems import INVALID, Loc, Problem
from triode.schema.registry import Mode, Registry

_LARGEST: Final = 10**30
"""Seconds that no type here can hold."""


class TemporalSchema(Schema):
    """A point in time or a span of it."""

    type: ClassVar[Any]
    format: str
    words: str
    parsing: str
    type_problem: str
    takes_bool: ClassVar[bool] = False

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return self.type

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        if not has_bounds(self.info):
            return None

        def finish(raw: Any) -> Any:
            if self.check(raw, raw, (), []) is INVALID:
                raise Refused
            return raw

        return finish

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({self.type})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is self.type else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = self.convert(value, loc, problems)
        return found if found is INVALID else self.check(found, value, loc, problems)

    def convert(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        """Return `value` as the type, whatever its bounds are."""
        if type(value) is self.type:
            return value
        try:
            if isinstance(value, bytes):
                value = value.decode("utf-8", "replace")
            if isinstance(value, str):
                return self.from_text(value)
            if isinstance(value, int | float) and (self.takes_bool or not isinstance(value, bool)):
                return self.from_number(_within_floats(value))
            if (found := self.from_other(value)) is not None:
                return found
        except clock.ClockError as exc:
            return refuse(
                problems, exc.type or self.parsing, loc,
                exc.message or f"Input should be {self.words}, {exc.reason}",
                value, **({"error": exc.reason} if exc.reason else {}),
            )  # fmt: skip
        msg = f"Input should be a valid {self.kind}"
        return refuse(problems, self.type_problem, loc, msg, value)

    def from_text(self, value: str) -> Any:
        """Parse text."""
        raise NotImplementedError

    def from_number(self, value: float) -> Any:
        """Read a number."""
        raise NotImplementedError

    def from_other(self, value: Any) -> Any | None:
        """Read an object of a related class; None if it is not one."""
        return value if isinstance(value, self.type) else None

    def check(self, found: Any, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        """Return what was found if it lies within the bounds."""
        if not has_bounds(self.info):
            return found
        try:
            return check_bounds(self.info, found, value, loc, problems, show=_as_text)
        except TypeError:
            msg = (
                "Input should have timezone info"
                if found.tzinfo is None
                else ("Input should not have timezone info")
            )
            kind = "timezone_aware" if found.tzinfo is None else "timezone_naive"
            return refuse(problems, kind, loc, msg, value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "string", "format": self.format}


def _within_floats(value: float) -> float:
    """Return a number that can become a float: JSON has integers of any size."""
    return value if isinstance(value, float) else max(-_LARGEST, min(value, _LARGEST))


def _as_text(limit: Any) -> Any:
    return limit.isoformat() if hasattr(limit, "isoformat") else limit


class DatetimeSchema(TemporalSchema):
    """A date with a time; a timestamp in seconds or milliseconds too."""

    kind = "datetime"
    type = dt.datetime
    format = "date-time"
    words = "a valid datetime or date"
    parsing = "datetime_from_date_parsing"
    type_problem = "datetime_type"

    def from_text(self, value: str) -> dt.datetime:
        return clock.parse_datetime(value)

    def from_number(self, value: float) -> dt.datetime:
        try:
            return clock.datetime_from_number(value)
        except clock.ClockError as exc:
            message = f"Input should be a valid datetime, {exc.reason}"
            raise clock.ClockError(exc.reason, type="datetime_parsing", message=message) from None

    def from_other(self, value: Any) -> dt.datetime | None:
        if isinstance(value, dt.datetime):
            return value
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day)
        return None


class DateSchema(TemporalSchema):
    """A date; a datetime at midnight too."""

    kind = "date"
    type = dt.date
    format = "date"
    words = "a valid date or datetime"
    parsing = "date_from_datetime_parsing"
    type_problem = "date_type"

    def from_text(self, value: str) -> dt.date:
        return clock.parse_date(value)

    def from_number(self, value: float) -> dt.date:
        return clock.date_of(clock.datetime_from_number(value))

    def from_other(self, value: Any) -> dt.date | None:
        if isinstance(value, dt.datetime):
            return clock.date_of(value)
        return value if isinstance(value, dt.date) else None


class TimeSchema(TemporalSchema):
    """A time of day; seconds since midnight too."""

    kind = "time"
    type = dt.time
    format = "time"
    words = "in a valid time format"
    parsing = "time_parsing"
    type_problem = "time_type"

    def from_text(self, value: str) -> dt.time:
        return clock.parse_time(value)

    def from_number(self, value: float) -> dt.time:
        return clock.time_from_number(value)


class TimedeltaSchema(TemporalSchema):
    """A span of time: ISO 8601, `[days] hh:mm:ss` or seconds."""

    kind = "timedelta"
    type = dt.timedelta
    format = "duration"
    words = "a valid timedelta"
    parsing = "time_delta_parsing"
    type_problem = "time_delta_type"
    takes_bool = True

    def from_text(self, value: str) -> dt.timedelta:
        return span.parse_timedelta(value)

    def from_number(self, value: float) -> dt.timedelta:
        return span.timedelta_from_number(value)


_TEMPORALS: Final[dict[Any, type[TemporalSchema]]] = {
    dt.datetime: DatetimeSchema,
    dt.date: DateSchema,
    dt.time: TimeSchema,
    dt.timedelta: TimedeltaSchema,
}


def temporal(parts: Parts) -> Schema | None:
    """Describe what `datetime` has."""
    if not isinstance(parts.bare, type):
        return None
    found = _TEMPORALS.get(parts.bare)
    return found(parts.bare, parts.info) if found else None
