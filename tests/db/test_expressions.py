"""What can be computed and compared in a query: on every engine the same."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.db.conftest import ENGINES, database_on
from triode import db
from triode.db import Database, Field, Model, QueryError, Selection, ValueRefused, col


class Sale(Model):
    customer: str
    price: Decimal = Field(max_digits=10, decimal_places=2)
    number: int
    weight: float
    day: date
    moment: datetime
    waited: timedelta
    note: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)


MOMENT = datetime(2024, 2, 29, 23, 30, 15, 123456, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {
        "customer": "Ann",
        "price": Decimal("2.50"),
        "number": 7,
        "weight": 1.5,
        "day": date(2024, 2, 29),
        "moment": MOMENT,
        "waited": timedelta(hours=30),
        "details": {
            "theme": "dark",
            "size": 3,
            "tags": ["a", "b"],
            "list": ["a", 1],
            "paid": True,
            "none": None,
        },
    },
    {
        "customer": "Zoë Ört",
        "price": Decimal("10.00"),
        "number": -3,
        "weight": 2.0,
        "day": date(2023, 12, 31),
        "moment": datetime(2023, 12, 31, tzinfo=UTC),
        "waited": timedelta(seconds=1),
        "note": "x",
        "details": {"theme": 5, "size": 12.5, "list": ["x", "y", 0], "deep": {'q"': {"k'": 1}}},
    },
]


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    """Give one database for all tests, which only read it."""
    folder = tmp_path_factory.mktemp("sales")
    with database_on(request.param, folder) as made, made.active():
        made.create_tables(Sale).run()
        Sale.insert_many(ROWS).run()
        yield made


@pytest.fixture
def sales(filled: Database) -> Iterator[Database]:
    with filled.active():
        yield filled


def of_first(expression: Any) -> Any:
    return Sale.order_by(Sale.id).limit(1).column(expression).run()[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Sale.price * 3, Decimal("7.50")),
        (Sale.price * Sale.price, Decimal("6.2500")),
        (Sale.price * Decimal("1.5"), Decimal("3.750")),
        (Sale.price + Sale.number, Decimal("9.50")),
        (Sale.price - 1, Decimal("1.50")),
        (Sale.price + 0.5, 3.0),
        (Sale.number / 2, 3.5),
        (Sale.number / 0, None),
        (Sale.price / 2, 1.25),
        (Sale.number % 4, 3),
        (Sale.number % 0, None),
        (-Sale.number, -7),
        (1 / col(Sale.weight), 1 / 1.5),
        (Sale.number * Sale.weight, 10.5),
        (Sale.customer + "!", "Ann!"),
        (Sale.moment + timedelta(hours=1), MOMENT + timedelta(hours=1)),
        (Sale.moment - Sale.moment, timedelta()),
        (
            Sale.moment - datetime(2024, 2, 29, tzinfo=UTC),
            MOMENT - datetime(2024, 2, 29, tzinfo=UTC),
        ),
        (Sale.day + timedelta(days=1), date(2024, 3, 1)),
        (Sale.day + Sale.waited, date(2024, 3, 1)),
        (Sale.day - date(2024, 1, 1), timedelta(days=59)),
        (Sale.waited + Sale.waited, timedelta(hours=60)),
        (Sale.waited * 2, timedelta(hours=60)),
        (db.abs_(-Sale.number), 7),
        (db.round_(Sale.price, 1), Decimal("2.5")),
        (db.round_(Sale.weight * 1.111, 2), 1.67),
        (db.cast(Sale.number, str), "7"),
        (db.cast(Sale.price, float), 2.5),
        (db.cast(Sale.number, Decimal), Decimal(7)),
        (db.cast(Sale.number, bool), True),
        (db.upper("" + Sale.customer), "ANN"),
        (db.concat(Sale.customer, " ", Sale.number, Sale.note), "Ann 7"),
        (db.replace(Sale.customer, "n", "m"), "Amm"),
        (db.substring(Sale.customer, 1, 2), "nn"),
        (db.trim(Sale.customer + "  "), "Ann"),
        (db.coalesce(Sale.note, Sale.customer), "Ann"),
        (db.coalesce(Sale.note, "-"), "-"),
        (db.nullif(Sale.number, 7), None),
        (db.greatest(Sale.number, 100), 100),
        (db.least(Sale.number, Sale.price), Decimal("2.50")),
        (db.case((Sale.number > 5, "many"), default="few"), "many"),
        (db.case((Sale.number > 50, Sale.price), default=0), Decimal("0.00")),
        (db.case((Sale.number > 50, 1)), None),
        (db.function("length", Sale.customer, returns=int), 3),
        (db.function("abs", Sale.number), 7),
        (db.year(Sale.moment), 2024),
        (db.quarter(Sale.day), 1),
        (db.week(Sale.day), 9),
        (db.weekday(Sale.moment), 3),
        (db.minute(Sale.moment), 30),
        (db.second(Sale.moment), 15),
        (db.date_of(Sale.moment), date(2024, 2, 29)),
        (db.truncate(Sale.moment, "hour"), datetime(2024, 2, 29, 23, tzinfo=UTC)),
        (db.truncate(Sale.moment, "week"), datetime(2024, 2, 26, tzinfo=UTC)),
        (db.truncate(Sale.moment, "quarter"), datetime(2024, 1, 1, tzinfo=UTC)),
        (db.truncate(Sale.day, "year"), date(2024, 1, 1)),
        (Sale.details["theme"], "dark"),
        (Sale.details["tags"], ["a", "b"]),
        (Sale.details["tags"][1], "b"),
        (Sale.details["none"], None),
        (Sale.details["missing"]["more"], None),
        (db.cast(Sale.details["size"], int), 3),
        (db.cast(Sale.details["theme"], str), "dark"),
    ],
)
def test_value(sales: Database, expression: Any, expected: object) -> None:
    found = of_first(expression)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (db.month(Sale.moment, zone="Europe/Berlin"), 3),
        (db.day(Sale.moment, zone="Europe/Berlin"), 1),
        (db.hour(Sale.moment, zone="Asia/Kolkata"), 5),
        (db.date_of(Sale.moment, zone="Europe/Berlin"), date(2024, 3, 1)),
        (
            db.truncate(Sale.moment, "month", zone="Europe/Berlin"),
            datetime(2024, 2, 29, 23, tzinfo=UTC),
        ),
    ],
)
def test_value_in_a_zone(sales: Database, expression: Any, expected: object) -> None:
    if "maria" not in sales.url:
        assert of_first(expression) == expected
        return
    with pytest.raises(QueryError, match="Time zones are for SQLite and PostgreSQL only"):
        of_first(expression)


def test_now_is_now(sales: Database) -> None:
    assert abs(of_first(db.now()) - datetime.now(UTC)) < timedelta(minutes=1)
    assert Sale.where(Sale.moment < db.now() - timedelta(days=1)).count().run() == 2


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (col(Sale.customer).iequals("ANN"), ["Ann"]),
        (col(Sale.customer).iequals("zoË ÖRT"), ["Zoë Ört"]),
        (col(Sale.customer).iequals("a_n"), []),
        (col(Sale.customer).matches("^[AZ].+n$"), ["Ann"]),
        (col(Sale.customer).imatches("^an"), ["Ann"]),
        (db.lower(Sale.customer) == "zoë ört", ["Zoë Ört"]),
        (db.length(Sale.customer) == 7, ["Zoë Ört"]),
        (Sale.number > 6.5, ["Ann"]),
        (Sale.price > 2, ["Ann", "Zoë Ört"]),
        (Sale.price * 2 == Decimal(5), ["Ann"]),
        (db.or_(Sale.number == 7, Sale.number == -3, Sale.number == 1), ["Ann", "Zoë Ört"]),
        (db.and_(Sale.number == 7, Sale.note == None), ["Ann"]),  # noqa: E711
        (Sale.details["theme"] == "dark", ["Ann"]),
        (Sale.details["theme"] != "dark", ["Zoë Ört"]),
        (Sale.details["theme"] == 5, ["Zoë Ört"]),
        (Sale.details["theme"] > 3, ["Zoë Ört"]),
        (Sale.details["size"] > 3, ["Zoë Ört"]),
        (Sale.details["size"] >= 3, ["Ann", "Zoë Ört"]),
        (Sale.details["size"] == "3", []),
        (Sale.details["size"] < Sale.number, ["Ann"]),
        (Sale.details["paid"] == True, ["Ann"]),  # noqa: E712
        (Sale.details["paid"] != True, []),  # noqa: E712
        (Sale.details["none"] == None, ["Ann", "Zoë Ört"]),  # noqa: E711
        (Sale.details["theme"] != None, ["Ann", "Zoë Ört"]),  # noqa: E711
        (col(Sale.details["theme"]).contains("ark"), ["Ann"]),
        (col(Sale.details["theme"]).icontains("ARK"), ["Ann"]),
        (~(Sale.details["theme"] == "dark"), ["Zoë Ört"]),
        (db.month(Sale.day) == 2, ["Ann"]),
    ],
)
def test_condition(sales: Database, condition: Any, expected: list[str]) -> None:
    query: Selection[str] = Sale.where(condition).order_by(Sale.customer).column(Sale.customer)
    assert query.run() == expected


def test_last_item_of_json_is_found_in_each_row(sales: Database) -> None:
    items: Selection[Any] = Sale.order_by(Sale.id).column(Sale.details["list"][-2])
    if "maria" not in sales.url:
        assert items.run() == ["a", "y"]
        return
    with pytest.raises(QueryError, match=r"only from the beginning: \[-2\]"):
        items.run()


@pytest.mark.parametrize("key", ["a\\b", "a\nb", 'a"b'])
def test_key_of_json_that_is_written_with_an_escape_is_found_or_refused(
    sales: Database, key: str
) -> None:
    query: Selection[int] = Sale.where(Sale.details[key] == "x").column(Sale.id)
    if sales.engine.dialect.name == "postgresql":
        made = Sale(**{**ROWS[0], "details": {key: "x"}}).save().run()
        assert query.run() == [made.id]
        made.delete().run()
        return
    name = "SQLite" if sales.engine.dialect.name == "sqlite" else "MariaDB"
    with pytest.raises(QueryError) as caught:
        query.run()
    assert caught.value.message == (
        f"{name} finds no key of JSON that holds a quotation mark, a backslash or a control "
        f"character: {key!r}."
    )


def test_json_sorts_by_its_value(sales: Database) -> None:
    if "maria" not in sales.url:
        assert Sale.order_by(db.desc(Sale.details["size"])).column(Sale.number).run() == [-3, 7]
    else:
        with pytest.raises(QueryError, match=r"cannot sort by Sale\.details"):
            Sale.order_by(db.desc(Sale.details["size"])).column(Sale.number).run()
    sizes = db.cast(Sale.details["size"], float)
    assert Sale.order_by(db.desc(sizes)).column(Sale.number).run() == [-3, 7]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Sale.day + Sale.customer, "makes no sense"),
        (lambda: Sale.price * Sale.day, "makes no sense"),
        (lambda: Sale.customer["x"], "is not JSON"),
        (lambda: Sale.details["x"] == MOMENT, "compare it with a text"),
        (lambda: db.function("drop table x; --"), "no name of a function"),
        (lambda: db.year(Sale.moment, zone="Mars/Olympus"), "no time zone"),
        (lambda: db.truncate(Sale.moment, "fortnight"), "no unit"),
        (lambda: db.year(Sale.number), "has no year"),
        (lambda: db.hour(Sale.day), "has no hour"),
        (lambda: db.rank(), "needs a window"),
        (lambda: col(Sale.customer).contains(Sale.note), "look for a text"),
    ],
)
def test_senseless_expression_is_refused(sales: Database, make: Any, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        Sale.all().column(make()).run()


def test_comparison_with_another_type_is_refused() -> None:
    with pytest.raises(ValueRefused, match=r"Sale.number holds int; a value of type str"):
        Sale.where(Sale.number == "7")


def test_wrong_pattern_is_refused(sales: Database) -> None:
    with pytest.raises(ValueRefused):
        Sale.where(col(Sale.customer).matches("(")).run()


def test_expression_is_no_sequence() -> None:
    with pytest.raises(TypeError, match="cannot be iterated"):
        list(col(Sale.customer))


@pytest.mark.parametrize("join", [operator.or_, operator.and_])
def test_hundreds_of_conditions_are_joined(sales: Database, join: Callable[..., Any]) -> None:
    several = functools.reduce(join, [Sale.number == 7] * 900)
    assert Sale.where(~several).column(Sale.number).run() == [-3]


def test_too_many_conditions_are_refused() -> None:
    with pytest.raises(QueryError) as caught:
        functools.reduce(operator.or_, [~(Sale.number == 7)] * 901)
    assert caught.value.message == (
        "More than 900 conditions are joined in one query. Write in_(field, values), or ask in "
        "parts."
    )
