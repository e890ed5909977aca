"""Many mappings of the same names are read by a program of their own, as others are."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from triode.db import Database, Field, ForeignKey, Model, ValueRefused
from triode.schema import Email, ValidationFailed

numbers = itertools.count(1)


class Shelf(Model):
    name: str


class Volume(Model):
    title: str = Field(min_length=1, max_length=300)
    pages: int | None = Field(None, ge=0)
    price: Decimal = Field(Decimal("1.50"), max_digits=6, decimal_places=2)
    state: Literal["new", "old"] = "new"
    code: UUID = UUID(int=5)
    owner: Email | None = None
    pin: str = Field("none", write_only=True)
    place: int = Field(default_factory=lambda: next(numbers))
    tags: list[str] = Field(default_factory=list)
    noted: str = Field(server_default="'noted'")
    shelf: Shelf | None = ForeignKey(related_name="volumes")


class Remark(Model):
    text: str
    mark: str = Field("ours", server_default="'theirs'")


@pytest.fixture
def volumes(empty: Database) -> Database:
    empty.create_tables(Shelf, Volume, Remark).run()
    Shelf(name="low").save().run()
    return empty


def rows() -> list[Any]:
    fields = (Volume.title, Volume.pages, Volume.price, Volume.state, Volume.owner)
    return Volume.order_by(Volume.id).tuples(*fields, Volume.pin, Volume.shelf).run()


def given(number: int, **more: Any) -> dict[str, Any]:
    return {"title": f"t{number}", "pages": number, "shelf_id": 1, **more}


def test_rows_are_those_of_single_ones(volumes: Database) -> None:
    odd = {3: {"pages": "7"}, 40: {"title": b"t\xc3\xb6"}, 41: {"title": "\u00f6"}}
    items = [{**given(number), **odd.get(number, {})} for number in range(60)]
    more = {"owner": "a@example.org", "price": "2.5", "state": "old", "pin": "p"}
    items += [given(number, **more) for number in range(60, 100)]
    for item in items:
        Volume(**item).save().run()
    alone = rows()
    Volume.all().delete().run()
    assert Volume.insert_many(items).run() == 100
    assert rows() == alone


def test_each_row_has_defaults_of_its_own(volumes: Database) -> None:
    Volume.insert_many(given(number) for number in range(80)).run()
    found = Volume.all().run()
    assert len({volume.place for volume in found}) == 80
    assert {(each.code, each.state, tuple(each.tags)) for each in found} == {
        (UUID(int=5), "new", ())
    }


def test_default_of_the_database_is_left_to_it(volumes: Database) -> None:
    Volume.insert_many(given(number) for number in range(40)).run()
    Remark.insert_many({"text": "t"} for _ in range(40)).run()
    assert set(Volume.all().column(Volume.noted).run()) == {"noted"}
    assert set(Remark.all().column(Remark.mark).run()) == {"ours"}


def test_every_refused_value_is_told_with_its_row(volumes: Database) -> None:
    items = [given(number) for number in range(50)]
    items[30]["pages"] = -1
    items[40]["title"] = ""
    items[45].pop("title")
    with pytest.raises(ValidationFailed) as caught:
        Volume.insert_many(items).run()
    assert [error["loc"] for error in caught.value.errors] == [
        (30, "pages"), (40, "title"), (45, "title"),
    ]  # fmt: skip
    assert Volume.count().run() == 0


def test_value_that_the_database_refuses_is_told_with_its_row(volumes: Database) -> None:
    items = [given(number) for number in range(50)]
    items[33]["title"] = "nul\0"
    with pytest.raises(ValueRefused) as caught:
        Volume.insert_many(items).run()
    assert (caught.value.item, caught.value.field) == (33, "title")


def test_names_that_are_no_columns_go_the_long_way(volumes: Database) -> None:
    [shelf] = Shelf.all().run()
    items = [{"title": f"t{number}", "shelf": shelf} for number in range(40)]
    items += [{"title": f"k{number}", "id": 1000 + number} for number in range(40)]
    assert Volume.insert_many(items).run() == 80
    assert Volume.where(Volume.shelf == shelf).count().run() == 40
    assert Volume.get(1039).run().title == "k39"
