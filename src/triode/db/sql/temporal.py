"""How moments, dates, times of day and durations are kept in a column."""

from __future__ import annotations

import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import OutOfRange, ValueRefused
from triode.db.sql.column_types import Converter, Family, Storage, is_mysql, only_of

MICROSECOND: Final = datetime.timedelta(microseconds=1)


class MomentStorage(Storage):
    """An aware moment, kept in UTC. A naive one is taken as UTC."""

    impl = sa.DateTime
    kinds = (datetime.datetime,)
    postgres_type = postgresql.TIMESTAMP(timezone=True)

    def writer(self, family: Family) -> Converter | None:
        if family == "generic":
            return _naive_moment
        return _moment_text if family == "sqlite" else _moment

    def reader(self, family: Family) -> Converter | None:
        if family == "generic":
            return _aware_moment
        return datetime.datetime.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.DATETIME(fsp=6) if is_mysql(dialect) else sa.DateTime()

    def normal(self) -> Converter | None:
        return _moment


def _moment(value: datetime.datetime) -> datetime.datetime:
    if value.tzinfo is datetime.UTC:
        return value
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC)
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError:
        raise OutOfRange(f"The moment {value} lies outside the calendar in UTC.") from None


def _moment_text(value: datetime.datetime) -> str:
    # One width for all, so that the order of the texts is the order of the moments.
    return _moment(value).isoformat(" ", "microseconds")


def _naive_moment(value: datetime.datetime) -> datetime.datetime:
    return _moment(value).replace(tzinfo=None)


def _aware_moment(value: datetime.datetime) -> datetime.datetime:
    return value.replace(tzinfo=datetime.UTC)


class LocalMomentStorage(Storage):
    """A date and a time of day as a clock on the wall shows them, in no zone."""

    impl = sa.DateTime
    kinds = (datetime.datetime,)
    postgres_type = postgresql.TIMESTAMP(timezone=False)

    def writer(self, family: Family) -> Converter | None:
        return _local_moment_text if family == "sqlite" else _local_moment

    def reader(self, family: Family) -> Converter | None:
        return datetime.datetime.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.DATETIME(fsp=6) if is_mysql(dialect) else sa.DateTime()


def _local_moment(value: datetime.datetime) -> datetime.datetime:
    if value.tzinfo is not None:
        raise ValueRefused(f"The moment {value} has a time zone; here it is one without.")
    return value


def _local_moment_text(value: datetime.datetime) -> str:
    return _local_moment(value).isoformat(" ", "microseconds")


class DateStorage(Storage):
    impl = sa.Date
    kinds = (datetime.date,)
    postgres_type = postgresql.DATE()

    def writer(self, family: Family) -> Converter | None:
        if family == "generic":
            return only_of(datetime.date)
        return datetime.date.isoformat if family == "sqlite" else None

    def reader(self, family: Family) -> Converter | None:
        return datetime.date.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Date()


class TimeStorage(Storage):
    impl = sa.Time
    kinds = (datetime.time,)
    postgres_type = postgresql.TIME()

    def writer(self, family: Family) -> Converter | None:
        if family == "generic":
            return _only_time
        return _time_text if family == "sqlite" else _time_without_zone

    def reader(self, family: Family) -> Converter | None:
        if family == "generic":
            return _time_of_day
        return datetime.time.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.TIME(fsp=6) if is_mysql(dialect) else sa.Time()


def _time_of_day(value: Any) -> datetime.time:
    # Drivers of MySQL give the time since midnight.
    if isinstance(value, datetime.timedelta):
        return (datetime.datetime.min + value).time()
    return value  # type: ignore[no-any-return]


def _time_text(value: datetime.time) -> str:
    return _time_without_zone(value).isoformat("microseconds")


def _only_time(value: datetime.time) -> datetime.time:
    only_of(datetime.time)(value)
    return _time_without_zone(value)


def _time_without_zone(value: datetime.time) -> datetime.time:
    # Without a date nobody knows how far the zone is from UTC; PostgreSQL would drop it.
    if value.tzinfo is not None:
        raise ValueRefused(f"The time {value} has a time zone, which no column keeps.")
    return value


class DurationStorage(Storage):
    """An interval on PostgreSQL, microseconds elsewhere."""

    impl = sa.Interval
    kinds = (datetime.timedelta,)
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.INTERVAL()

    def writer(self, family: Family) -> Converter | None:
        return None if family == "postgresql" else (lambda value: value // MICROSECOND)

    def reader(self, family: Family) -> Converter | None:
        if family == "postgresql":
            return None
        return lambda value: datetime.timedelta(microseconds=int(value))

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()
