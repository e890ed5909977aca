"""Keys: made by the database, by the program, natural, and of several columns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from triode.db import (
    Database,
    Duplicate,
    Field,
    ForeignKey,
    Model,
    Query,
    QueryError,
    RowNotFound,
    uuid7,
)
from triode.schema import Create, json_decoder


class Order(Model):
    number: str


class Product(Model):
    sku: str = Field(primary_key=True)


class Line(Model):
    order: Order = ForeignKey(on_delete="cascade", related_name="lines")
    product: Product = ForeignKey(on_delete="restrict", related_name="lines")
    amount: int = 1

    class Meta:
        primary_key = ("order", "product")


class Event(Model):
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    name: str


MODELS = [Order, Product, Line, Event]


@pytest.fixture
def shop(empty: Database) -> Iterator[Database]:
    empty.create_tables(*MODELS).run()
    for number in ("A", "B"):
        Order(number=number).save().run()
    for sku in ("x", "y"):
        Product(sku=sku).save().run()
    Line.insert_many(
        [
            {"order_id": 1, "product_id": "x"},
            {"order_id": 1, "product_id": "y"},
            {"order_id": 2, "product_id": "x"},
        ]
    ).run()
    yield empty
    empty.drop_tables(*MODELS).run()


def test_composite_key_finds_its_row(shop: Database) -> None:
    line = Line.get((1, "y")).run()
    assert (line.order_id, line.product_id) == (1, "y")
    assert line == Line.get(order_id=1, product_id="y").run()
    assert line != Line.get((1, "x")).run()
    assert {line, Line.get((1, "y")).run()} == {line}
    with pytest.raises(RowNotFound):
        Line.get((9, "y")).run()


def test_row_with_a_composite_key_is_changed_and_deleted(shop: Database) -> None:
    line = Line.get((1, "y")).run()
    line.amount = 5
    line.save().run()
    line.update(amount=6).run()
    assert (line.amount, line.refresh().run().amount) == (6, 6)
    line.delete().run()
    assert [each.product_id for each in Line.where(order_id=1).run()] == ["x"]


def test_query_with_a_limit_changes_rows_by_their_composite_key(shop: Database) -> None:
    query: Query[Line] = Line.where(Line.order.number == "A").order_by(Line.product_id)
    assert query.update(amount=7).run() == 2
    assert Line.where(amount=7).count().run() == 2
    assert Line.where(Line.order.number == "B").delete().run() == 1


def test_relations_of_a_row_with_a_composite_key(shop: Database) -> None:
    orders = Order.order_by(Order.id).include("lines.product").run()
    skus = [[line.product.sku for line in order.lines] for order in orders]  # type: ignore[attr-defined]
    assert skus == [["x", "y"], ["x"]]
    line = Line.where(order_id=2).include(Line.order).get().run()
    assert line.order.number == "B"


def test_composite_key_is_unique(shop: Database) -> None:
    with pytest.raises(Duplicate):
        Line(order_id=1, product_id="x").save().run()
    made = json_decoder(Create[Line])(b'{"order_id": 2, "product_id": "y"}').save().run()
    assert Line.get((2, "y")).run() == made


@pytest.mark.parametrize("key", [1, (1,), (1, "x", 2), "x"])
def test_wrong_composite_key_is_told(shop: Database, key: object) -> None:
    with pytest.raises(QueryError) as caught:
        Line.get(key).run()
    assert caught.value.code == "query-key"
    assert "give a tuple of (order_id, product_id)" in caught.value.message


def test_key_that_the_database_makes_may_be_written_as_optional(shop: Database) -> None:
    class Page(Model):
        id: int | None = Field(default=None, primary_key=True)

    shop.create_tables(Page).run()
    assert [Page().save().run().id for _ in range(2)] == [1, 2]
    assert not Page.table.c.id.nullable
    shop.drop_tables(Page).run()


def test_uuid7_sorts_by_time(shop: Database) -> None:
    for name in "abc":
        Event(name=name).save().run()
    rows = Event.order_by(Event.id).run()
    assert [row.name for row in rows] == ["a", "b", "c"]


def test_uuid7_has_the_layout_of_the_standard() -> None:
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    moment = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=60)


def test_uuid7_grows_also_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [uuid7() for _ in range(2000)]
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    made += [uuid7() for _ in range(2000)]
    assert made == sorted(set(made))
