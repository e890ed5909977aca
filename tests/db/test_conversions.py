"""Numbers, texts and times that meet another type: on every engine the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.db.conftest import ENGINES, database_on
from triode import db
from triode.db import Database, Field, Model, OutOfRange, QueryError, ValueRefused, col


class Thing(Model):
    whole: int
    real: float
    price: Decimal = Field(max_digits=10, decimal_places=2)
    fine: Decimal = Field(max_digits=18, decimal_places=4)
    name: str
    flag: bool
    day: date
    clock: time
    moment: datetime
    local: datetime = Field(timezone=False)
    span: timedelta
    key: UUID
    other: int | None = None


KEY = UUID("9d1c6f6e-3f8b-4a56-8f51-0d5a0f0a8c11")
MOMENT = datetime(2024, 2, 29, 23, 30, 15, 123456, tzinfo=UTC)
ROW: dict[str, Any] = {
    "whole": 7,
    "real": -2.675,
    "price": Decimal("7.50"),
    "fine": Decimal("12345678901234.5675"),
    "name": " 12.5",
    "flag": True,
    "day": date(2024, 2, 29),
    "clock": time(1, 2, 3),
    "moment": MOMENT,
    "local": datetime(2024, 2, 29, 23, 30),
    "span": timedelta(hours=-30),
    "key": KEY,
}


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    with database_on(request.param, tmp_path_factory.mktemp("things")) as made, made.active():
        made.create_tables(Thing).run()
        Thing(**ROW).save().run()
        yield made


@pytest.fixture
def things(filled: Database) -> Iterator[Database]:
    with filled.active():
        yield filled


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (db.cast(Thing.real, int), -2),
        (db.cast(Thing.fine, int), 12345678901234),
        (db.cast(Thing.flag, int), 1),
        (db.cast(Thing.flag, str), "true"),
        (db.cast(Thing.price > 3, str), "true"),
        (db.cast(Thing.price, str), "7.50"),
        (db.cast(Thing.price * Thing.whole, str), "52.50"),
        (db.cast(Thing.moment, str), "2024-02-29 23:30:15.123456+00:00"),
        (db.cast(Thing.local, str), "2024-02-29 23:30:00.000000"),
        (db.cast(Thing.clock, str), "01:02:03.000000"),
        (db.cast(Thing.key, str), str(KEY)),
        (db.cast(Thing.real, Decimal), Decimal("-2.6750000000")),
        (db.cast(Thing.price, Decimal), Decimal("7.5000000000")),
        (db.cast(Thing.moment, date), date(2024, 2, 29)),
        (db.cast(Thing.moment, time), time(23, 30, 15, 123456)),
        (db.cast(Thing.name, float), 12.5),
        (db.cast(Thing.name, Decimal), Decimal("12.5000000000")),
        (db.concat(Thing.price, " ", Thing.flag, Thing.other), "7.50 true"),
        (db.round_(Thing.real, 2), -2.68),
        (db.round_(Thing.fine, 3), Decimal("12345678901234.568")),
        (Thing.day - Thing.span, date(2024, 3, 2)),
        (Thing.day + Thing.span, date(2024, 2, 27)),
        (Thing.local + timedelta(days=1), datetime(2024, 3, 1, 23, 30)),
        (Thing.local - Thing.local, timedelta()),
        (db.year(Thing.local), 2024),
        (db.truncate(Thing.local, "hour"), datetime(2024, 2, 29, 23)),
        (db.date_of(Thing.local), date(2024, 2, 29)),
        (-col(Thing.span), timedelta(hours=30)),
        (db.abs_(Thing.span), timedelta(hours=30)),
        (db.coalesce(Thing.whole), 7),
        (db.greatest(Thing.whole), 7),
        (db.greatest(Thing.whole, Thing.other), None),
        (db.least(Thing.whole, Thing.other, 3), None),
        (db.max_(Thing.flag), True),
        (db.min_(Thing.key), KEY),
        (db.avg(Thing.span), timedelta(hours=-30)),
        (db.string_agg(Thing.name, "; "), " 12.5"),
        (db.count().filter(Thing.whole > 7), 0),
        (db.count(Thing.other), 0),
        (db.sum_(Thing.whole).filter(Thing.flag), 7),
    ],
)
def test_value(things: Database, expression: Any, expected: object) -> None:
    [found] = Thing.all().column(expression).run()
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (db.hour(Thing.local, zone="Asia/Kolkata"), 23),
        (db.hour(Thing.clock, zone="Asia/Kolkata"), 1),
        (db.date_of(Thing.local, zone="Asia/Kolkata"), date(2024, 2, 29)),
        (db.truncate(Thing.day, "year", zone="Asia/Kolkata"), date(2024, 1, 1)),
    ],
)
def test_zone_changes_only_what_has_one(
    things: Database, expression: Any, expected: object
) -> None:
    if "maria" not in things.url:
        assert Thing.all().column(expression).run() == [expected]


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        (Thing.price > Thing.whole, True),
        (Thing.whole < Thing.price, True),
        (Thing.price < Thing.fine, True),
        (Thing.price * 2 == Thing.whole * 2 + 1, True),
        (Thing.price > Thing.real, True),
        (Thing.whole > Decimal("6.5"), True),
        (Thing.whole < Decimal("7.001"), True),
        (Thing.real < Decimal("-2.5"), True),
        (Thing.whole * 2 == 14.0, True),
        (Thing.whole * 2 > 14.5, False),
        (Thing.fine - Thing.fine == 0, True),
        (col(Thing.other).in_([None, 3]), True),
        (~col(Thing.other).in_([None, 3]), False),
        (col(Thing.whole).not_in([None, 3]), True),
        (col(Thing.price).in_([7.5, 1]), True),
        (col(Thing.key).in_([str(KEY).upper()]), True),
        (db.nullif(Thing.price, Thing.whole) == Decimal("7.5"), True),
    ],
)
def test_condition(things: Database, condition: Any, is_met: bool) -> None:
    assert Thing.where(condition).exists().run() is is_met


@pytest.mark.parametrize(
    "make",
    [
        lambda: Thing.whole == Thing.name,
        lambda: Thing.day < Thing.moment,
        lambda: col(Thing.whole).in_(Thing.all().column(Thing.name)),
        lambda: db.sum_(Thing.name) == "x",
        lambda: db.avg(Thing.day) == 3,
        lambda: db.abs_(Thing.name) == "x",
        lambda: db.cast(Thing.span, str) == "x",
        lambda: db.cast(Thing.flag, date) == date(2024, 1, 1),
    ],
)
def test_types_that_do_not_go_together_are_refused(things: Database, make: Any) -> None:
    with pytest.raises(QueryError) as caught:
        Thing.all().group_by(Thing.id).having(make()).column(Thing.id).run()
    assert caught.value.code == "query-wrong-type"


@pytest.mark.parametrize("kind", [int, Decimal, float, bool, date, datetime, time, UUID])
def test_text_that_is_no_value_of_the_type_is_refused(things: Database, kind: type) -> None:
    if "maria" in things.url:
        pytest.skip("MariaDB makes of such a text what it can: docs/queries.md says so.")
    with pytest.raises(ValueRefused):
        Thing.all().column(db.cast(Thing.name + "x", kind)).run()


def test_computed_number_too_large_is_refused(things: Database) -> None:
    large = Thing.whole * 2**40 * 2**40
    with pytest.raises(OutOfRange):
        Thing.all().column(large).run()


def test_sum_too_large_is_refused(empty: Database) -> None:
    empty.create_tables(Thing).run()
    for _ in range(2):
        Thing(**{**ROW, "whole": 2**62}).save().run()
    with pytest.raises(OutOfRange):
        Thing.all().column(db.sum_(Thing.whole)).run()


@pytest.fixture
def own(empty: Database) -> Database:
    empty.create_tables(Thing).run()
    Thing(**ROW).save().run()
    return empty


def test_decimal_is_rounded_to_the_places_of_its_column(own: Database) -> None:
    Thing.all().update(price=Thing.price * Decimal("1.1")).run()
    assert Thing.get(1).run().price == Decimal("8.25")
    Thing.all().update(price=Thing.whole, fine=Thing.price, real=Thing.whole).run()
    row = Thing.get(1).run()
    assert (row.price, row.real) == (Decimal(7), 7.0)
    Thing.all().update(price=-Thing.price * Decimal("0.0015")).run()
    assert Thing.get(1).run().price == Decimal("-0.01")


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"whole": Thing.whole / 2}, "cast(…, int)"),
        ({"whole": Thing.price}, "cast(…, int)"),
        ({"price": Thing.price / 2}, "cast(…, Decimal)"),
        ({"name": Thing.whole}, "cast(…)"),
    ],
)
def test_number_that_does_not_fit_its_column_is_refused(
    things: Database, changes: dict[str, Any], mend: str
) -> None:
    with pytest.raises(QueryError) as caught:
        Thing.all().update(**changes).run()
    assert caught.value.code == "query-wrong-type"
    assert mend in str(caught.value)


def test_default_of_lag_has_the_type_of_the_values(things: Database) -> None:
    before = db.lag(Thing.price, 1, 5).over(order_by=Thing.id)
    if "maria" not in things.url:
        assert Thing.all().column(before).run() == [Decimal(5)]
        return
    with pytest.raises(QueryError, match="takes no default on this database"):
        Thing.all().column(before).run()
