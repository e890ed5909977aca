"""Every kind of value comes back as it went in, sorts, and is found again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Interface
from pathlib import PurePosixPath
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.conftest import ENGINES, database_on
from tests.db.kinds import Document, Kinds, Level, Point, Size, Spot, Suit, Temperature
from tests.db.models import Hero, Team
from triode.db import (
    Database,
    OutOfRange,
    QueryError,
    RowNotFound,
    ValueRefused,
    avg,
    coalesce,
    in_,
    max_,
    sum_,
)
from triode.errors import TriodeError
from triode.schema import Create, ValidationFailed, json_decoder, json_encoder

BIG = 2**63 - 1
EAST = timezone(timedelta(hours=2))

VALUES: list[tuple[str, Any]] = [
    ("whole", -5),
    ("whole", BIG),
    ("real", 1.5),
    ("real", 1e300),
    ("exact", Decimal("12345678.125")),
    ("exact", Decimal("-0.001")),
    ("text", "Ünï 🎉 'quoted' \\ %_"),
    ("text", ""),
    ("raw", b"\x00\xff"),
    ("flag", True),
    ("flag", False),
    ("day", date(1999, 12, 31)),
    ("clock", time(23, 59, 59, 123456)),
    ("moment", datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)),
    ("span", timedelta(days=-3, microseconds=7)),
    ("suit", Suit.SPADES),
    ("level", Level.HIGH),
    ("choice", "b"),
    ("number_choice", 2),
    ("table_", {"a": [1, None, {"b": 1.5}], "ü": "x"}),
    ("items_", [3, 1, 2]),
    ("point", Point(1, 2)),
    ("size", Size(3)),
    ("link", "https://example.org/x"),
    ("local", datetime(2026, 1, 2, 3, 4, 5, 678901)),
    ("address", IPv4Address("10.0.0.1")),
    ("interface", IPv6Interface("2001:db8::1/64")),
    ("network", IPv4Network("10.0.0.0/8")),
    ("path", PurePosixPath("/etc/it's/x")),
    ("document", Document(number=1, signed=date(2026, 1, 2))),
    ("documents", [Document(number=1, signed=date(2026, 1, 2))]),
    ("spot", Spot(3)),
    ("addresses", [IPv4Address("10.0.0.1")]),
    ("numbers", [3, BIG, -1]),
    ("words", ["a", "it's", ""]),
    ("words", []),
    ("days", [date(2026, 1, 2)]),
    ("heat", Temperature(36.6)),
    ("plain", "abc"),
]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_value_comes_back(database: Database, name: str, value: Any) -> None:
    key = Kinds(**{name: value}).save().run().key
    found = getattr(Kinds.get(key).run(), name)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_value_is_found(database: Database, name: str, value: Any) -> None:
    Kinds().save().run()
    key = Kinds(**{name: value}).save().run().key
    assert [row.key for row in Kinds.where(**{name: value}).run()] == [key]
    assert Kinds.where(getattr(Kinds, name) != None).count().run() == 1  # noqa: E711


def test_every_kind_is_written_as_json(database: Database) -> None:
    row = Kinds(**dict(VALUES)).save().run()
    stored = msgspec.json.decode(json_encoder(Kinds)(Kinds.get(row.key).run()))
    assert stored["key"] == str(row.key)
    assert (stored["exact"], stored["span"], stored["suit"]) == (
        "-0.001",
        "-P2DT86399.999993S",
        "s",
    )
    assert (stored["address"], stored["path"], stored["heat"]) == ("10.0.0.1", "/etc/it's/x", 36.6)
    assert stored["documents"] == [{"number": 1, "signed": "2026-01-02"}]


def test_key_is_a_plain_uuid(database: Database) -> None:
    assert type(Kinds.get(Kinds().save().run().key).run().key) is uuid.UUID


def test_moments_are_kept_in_utc(database: Database) -> None:
    moment = datetime(2026, 1, 2, 3, tzinfo=EAST)
    found = Kinds.get(Kinds(moment=moment).save().run().key).run().moment
    assert found == moment
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_naive_moment_is_utc(database: Database) -> None:
    key = Kinds(moment=datetime(2026, 1, 2)).save().run().key
    assert Kinds.get(key).run().moment == datetime(2026, 1, 2, tzinfo=UTC)


def test_decimals_sort_and_sum(database: Database) -> None:
    for text in ("9.5", "10", "-1.25"):
        Kinds(exact=Decimal(text)).save().run()
    rows = Kinds.order_by(Kinds.exact).values(Kinds.exact).run()
    assert [row["exact"] for row in rows] == [Decimal("-1.250"), Decimal("9.500"), Decimal(10)]
    [row] = Kinds.values(sum=sum_(Kinds.exact), max=max_(Kinds.exact), mean=avg(Kinds.exact)).run()
    assert row == {"sum": Decimal("18.250"), "max": Decimal(10), "mean": pytest.approx(6.083333)}


@pytest.mark.parametrize("value", [BIG + 1, -BIG - 2, 10**40])
def test_number_too_large_is_refused(database: Database, value: int) -> None:
    with pytest.raises(OutOfRange) as caught:
        Kinds(whole=value).save().run()
    assert caught.value.status_code == 422
    with pytest.raises(OutOfRange):
        Kinds.where(Kinds.whole == value).run()


def test_decimal_with_too_many_places_is_refused(database: Database) -> None:
    with pytest.raises(ValidationFailed):
        Kinds(exact=Decimal("0.0001"))
    with pytest.raises(ValueRefused):
        Kinds.where(Kinds.exact == Decimal("0.0001")).run()


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_nul_byte_is_refused(database: Database, text: str) -> None:
    with pytest.raises(ValueRefused):
        Kinds(text=text).save().run()
    with pytest.raises(ValueRefused):
        Kinds.where(text=text).run()


def test_lone_surrogate_is_refused(database: Database) -> None:
    with pytest.raises(ValidationFailed):
        Kinds(text="\ud800")
    with pytest.raises(ValueRefused):
        Kinds.where(text="\ud800").run()


def test_value_of_another_type_is_refused(database: Database) -> None:
    with pytest.raises(ValueRefused):
        Kinds.where(day="tomorrow").run()


WRONG: dict[str, list[Any]] = {
    "key": ["x", 3, b"x"],
    "whole": ["7", "x", b"7"],
    "real": ["7.5", float("nan")],
    "exact": ["7.5", float("nan"), Decimal("nan")],
    "text": [3, b"x", ["x"]],
    "raw": ["x", 3],
    "flag": [1, "true"],
    "day": ["2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)],
    "clock": ["03:04", datetime(2026, 1, 2, tzinfo=UTC)],
    "moment": ["2026-01-02", date(2026, 1, 2)],
    "span": [3, "PT3S"],
    "suit": [3, Level.LOW],
    "level": ["LOW", Suit.HEARTS],
    "choice": [3, True],
    "number_choice": ["1"],
    "table_": [object],
    "items_": [object],
    "point": [object],
    "link": [3],
    "local": ["2026-01-02", date(2026, 1, 2)],
    "address": ["x", 3, "10.0.0.1/8"],
    "interface": ["x", 3],
    "network": ["x", "10.0.0.1/8", 3],
    "path": [3, b"x"],
    "document": [object],
    "spot": [object],
    "numbers": ["ab", 3, ["x"], [None, "x"]],
    "words": ["ab", [3]],
    "days": [["2026-01-02"]],
    "heat": [3.5, "warm"],
    "plain": [3],
}


@pytest.fixture(scope="module", params=ENGINES)
def shared_kinds(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    with database_on(request.param, tmp_path_factory.mktemp("kinds")) as made, made.active():
        made.create_tables(Kinds).run()
        yield made


@pytest.mark.parametrize(
    ("name", "value"), [(name, each) for name, some in WRONG.items() for each in [*some, object()]]
)
def test_comparison_with_another_kind_is_refused(
    shared_kinds: Database, name: str, value: Any
) -> None:
    field = getattr(Kinds, name)
    with shared_kinds.active():
        for make in (lambda: field == value, lambda: in_(field, [value]), lambda: field != value):
            with pytest.raises(ValueRefused) as caught:
                Kinds.where(make()).count().run()
            assert caught.value.status_code == 422


@pytest.mark.parametrize(
    ("name", "value"), [(name, each) for name, some in WRONG.items() for each in [*some, object()]]
)
def test_computed_value_compared_with_another_kind_is_refused(
    shared_kinds: Database, name: str, value: Any
) -> None:
    if name in ("real", "exact"):
        pytest.skip("A computed number compares with any number.")
    field = coalesce(getattr(Kinds, name), getattr(Kinds, name))
    with shared_kinds.active(), pytest.raises((ValueRefused, QueryError)) as caught:
        Kinds.where(in_(field, [value])).count().run()
    assert caught.value.code in ("value-refused", "query-wrong-type")


@pytest.mark.parametrize("value", ["7", 7.5, object()])
def test_key_of_another_kind_is_not_there(database: Database, value: Any) -> None:
    Team.insert_many([{"name": str(number)} for number in range(8)]).run()
    with pytest.raises(RowNotFound):
        Team.get(value).run()


@pytest.mark.parametrize("value", ["7", object()])
def test_foreign_key_compared_with_another_kind_is_refused(value: Any) -> None:
    with pytest.raises(ValueRefused, match=r"Hero.team_id holds int"):
        Hero.where(Hero.team_id == value)
    with pytest.raises(ValueRefused, match=r"Hero.team_id holds int"):
        Hero.where(in_(Hero.team, [value]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("local", datetime(2026, 1, 2, tzinfo=UTC)),
        ("clock", time(1, tzinfo=UTC)),
        ("interface", IPv6Interface("fe80::1%eth0/64")),
        ("path", PurePosixPath("a\0b")),
    ],
)
def test_what_no_column_keeps_is_refused(database: Database, name: str, value: Any) -> None:
    with pytest.raises(ValueRefused) as caught:
        Kinds(**{name: value}).save().run()
    assert caught.value.field == name


def test_own_column_type_is_read_and_checked(database: Database) -> None:
    made = json_decoder(Create[Kinds])(b'{"heat": 20}')
    assert made.heat == Temperature(20)
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Create[Kinds])(b'{"heat": -300, "address": "x"}')
    assert [(error["loc"], error["msg"]) for error in caught.value.errors] == [
        (("address",), "Input is not a valid IPv4 address"),
        (("heat",), "Value error, Nothing is colder than -273.15."),
    ]


def test_addresses_and_own_columns_sort(sqlite: Database) -> None:
    sqlite.create_tables(Kinds).run()
    for degrees in (20.5, -3.0):
        Kinds(heat=Temperature(degrees)).save().run()
    rows = Kinds.where(Kinds.heat > Temperature(-10.0)).order_by(Kinds.heat).run()
    assert [row.heat for row in rows] == [Temperature(-3.0), Temperature(20.5)]


def test_json_of_another_type_in_the_database_is_told(sqlite: Database) -> None:
    sqlite.create_tables(Kinds).run()
    key = Kinds(document=Document(number=1, signed=date(2026, 1, 1))).save().run().key
    sqlite.fetch(sa.text('UPDATE kinds SET document = \'{"number": "x"}\'')).run()
    with pytest.raises(TriodeError) as caught:
        Kinds.get(key).run()
    assert (caught.value.code, type(caught.value)) == ("stored-value", TriodeError)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
REALS = st.floats(allow_nan=False, allow_infinity=False)
EXACTS = st.decimals(-99_999_999, 99_999_999, places=3)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    whole=st.integers(-BIG - 1, BIG),
    real=REALS,
    exact=EXACTS,
    text=TEXTS,
    raw=st.binary(),
    moment=MOMENTS,
    day=st.dates(),
    clock=st.times(),
    span=st.timedeltas(timedelta(days=-99999), timedelta(days=99999)),
    table_=st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-BIG, BIG) | TEXTS),
)
def test_any_values_come_back(database: Database, **values: Any) -> None:
    async def work() -> Kinds:
        row = await Kinds(**values).save()
        return await Kinds.get(row.key)

    found = asyncio.run(work()) if "sqlite" in database.url else Kinds(**values).save().run()
    found = Kinds.get(found.key).run()
    assert {name: getattr(found, name) for name in values} == values


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS.filter(bool), around=TEXTS)
def test_any_text_is_found_inside_another(database: Database, text: str, around: str) -> None:
    from triode.db import col

    key = Kinds(text=around + text + around).save().run().key
    for condition in (
        col(Kinds.text).contains(text),
        col(Kinds.text).startswith(around + text),
        col(Kinds.text).endswith(text + around),
    ):
        assert Kinds.where(condition, key=key).count().run() == 1
    Kinds.get(key).run().delete().run()


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_moment_at_the_edge_of_the_calendar_is_refused(database: Database, text: str) -> None:
    moment = datetime.fromisoformat(text)
    with pytest.raises(OutOfRange) as caught:
        Kinds(moment=moment).save().run()
    assert caught.value.field == "moment"
    with pytest.raises(OutOfRange):
        Kinds.where(Kinds.moment > moment).count().run()
