"""Arrays of every plain type: real ones on PostgreSQL, JSON elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest

from tests.db.kinds import Level, Suit
from triode.db import Database, Field, Model
from triode.errors import ModelError
from triode.schema import Email, ValidationFailed

Amount = Annotated[Decimal, Field(max_digits=6, decimal_places=2)]
EAST = timezone(timedelta(hours=2))

LISTS: dict[str, tuple[Any, list[Any]]] = {
    "texts": (str, ["a", "it's \"\\,{}", ""]),
    "wholes": (int, [1, -(2**63), 2**63 - 1]),
    "reals": (float, [1.5, -1e300]),
    "flags": (bool, [True, False]),
    "amounts": (Amount, [Decimal("1.50"), Decimal("-3.00")]),
    "days": (date, [date(2026, 1, 2)]),
    "clocks": (time, [time(1, 2, 3, 4)]),
    "moments": (datetime, [datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)]),
    "spans": (timedelta, [timedelta(days=-1, microseconds=3)]),
    "keys": (UUID, [UUID(int=7)]),
    "suits": (Suit, [Suit.SPADES, Suit.HEARTS]),
    "levels": (Level, [Level.HIGH]),
    "words": (Literal["a", "b"], ["b", "a"]),
    "blobs": (bytes, [b"\x00\xff", b""]),
    "hosts": (IPv4Address, [IPv4Address("10.0.0.1")]),
    "networks": (IPv4Network, [IPv4Network("10.0.0.0/8")]),
    "mails": (Email, ["ann@example.org"]),
}

Lists: type[Model] = type(Model)(
    "Lists",
    (Model,),
    {
        "__module__": __name__,
        "__qualname__": "Lists",
        "__annotations__": {name: list[kind] for name, (kind, _) in LISTS.items()},  # type: ignore[valid-type]
        **{name: Field(default_factory=list, array=True) for name in LISTS},
    },
)


@pytest.fixture
def lists(empty: Database) -> Database:
    empty.create_tables(Lists).run()
    return empty


def values_of(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in LISTS}


def test_arrays_come_back_and_are_found(lists: Database) -> None:
    values = {name: items for name, (_, items) in LISTS.items()}
    Lists().save().run()
    row: Any = Lists(**values).save().run()
    assert values_of(Lists.get(row.id).run()) == values
    found = {
        name: Lists.where(**{name: items}).column(Lists.id).run() for name, items in values.items()
    }  # type: ignore[attr-defined]
    assert found == {name: [row.id] for name in LISTS}


def test_arrays_are_copied(lists: Database) -> None:
    values = {name: items for name, (_, items) in LISTS.items()}
    Lists.insert_many(Lists(**values) for _ in range(60)).run()
    last = Lists.order_by("-id").first().run()
    assert values_of(last) == values


def test_empty_arrays_come_back(lists: Database) -> None:
    row: Any = Lists().save().run()
    assert values_of(Lists.get(row.id).run()) == {name: [] for name in LISTS}


def test_saved_array_holds_what_will_be_read(lists: Database) -> None:
    moment = datetime(2026, 1, 2, 3, tzinfo=EAST)
    row: Any = Lists(amounts=[Decimal("1.5")], moments=[moment]).save().run()
    assert [str(each) for each in row.amounts] == ["1.50"]
    assert row.moments[0].tzinfo is UTC
    assert Lists.where(moments=[moment], amounts=[Decimal("1.500")]).count().run() == 1


def test_items_keep_to_their_bounds() -> None:
    with pytest.raises(ValidationFailed, match="no more than 2 decimal places"):
        Lists(amounts=[Decimal("1.555")])


def test_array_of_decimals_needs_their_places() -> None:
    with pytest.raises(ModelError) as caught:

        class Bare(Model):
            prices: list[Decimal] = Field(array=True)

    assert caught.value.message.endswith(
        "Say how many places it has: prices: list[Annotated[Decimal, Field(max_digits=10, "
        "decimal_places=2)]]."
    )
