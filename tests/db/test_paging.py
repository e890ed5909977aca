"""Pages by a cursor: walked forward and back they give the whole list in its order."""

from __future__ import annotations

import base64
import enum
import functools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.conftest import ENGINES, database_on
from triode.db import (
    CursorPage,
    Database,
    Field,
    ForeignKey,
    Model,
    Query,
    QueryError,
    ValueRefused,
    asc,
    col,
    desc,
)
from triode.errors import ClientError


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Rack(Model):
    name: str


class PagedItem(Model):
    name: str | None
    price: Decimal | None = Field(decimal_places=2)
    weight: float | None
    color: Color | None
    day: date | None
    moment: datetime | None
    span: timedelta | None
    flag: bool | None
    mark: UUID | None
    address: IPv4Address | None
    shelf: Rack | None = ForeignKey(on_delete="cascade")


class Stall(Model):
    row: str
    number: int
    taken: bool | None

    class Meta:
        primary_key = ["row", "number"]


DAY = date(2026, 1, 1)
MOMENT = datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
CHOICES: dict[str, list[Any]] = {
    "name": ["a", "b", "", None],
    "price": [Decimal("1.50"), Decimal("-2.00"), Decimal("10.00"), None],
    "weight": [0.1, 0.30000000000000004, -5.5, None],
    "color": [Color.RED, Color.BLUE, None],
    "day": [DAY, DAY + timedelta(1), None],
    "moment": [MOMENT, MOMENT + timedelta(microseconds=1), None],
    "span": [timedelta(1), timedelta(-1), None],
    "flag": [True, False, None],
    "mark": [UUID(int=3), UUID(int=2**127), None],
    "address": [IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"), None],
    "shelf_id": [1, 2, None],
}
ROWS: list[dict[str, Any]] = [
    {
        name: values[number * (place + 3) // 2 % len(values)]
        for place, (name, values) in enumerate(CHOICES.items())
    }
    for number in range(23)
]


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    with database_on(request.param, tmp_path_factory.mktemp("pages")) as made, made.active():
        made.create_tables(Rack, PagedItem, Stall).run()
        Rack.insert_many([{"name": "x"}, {"name": "y"}]).run()
        PagedItem.insert_many(ROWS).run()
        taken = [True, False, None]
        seats = [(row, number) for row in "ABC" for number in range(1, 5)]
        Stall.insert_many(
            [{"row": row, "number": n, "taken": taken[(n + ord(row)) % 3]} for row, n in seats]
        ).run()
        yield made


@pytest.fixture
def items(filled: Database) -> Iterator[Database]:
    with filled.active():
        yield filled


def forward(query: Query[Any], size: int) -> list[CursorPage[Any]]:
    pages = [query.after(size=size).run()]
    while pages[-1].next is not None:
        pages.append(query.after(pages[-1].next, size=size).run())
    return pages


def backward(query: Query[Any], size: int) -> list[CursorPage[Any]]:
    pages = [query.before(size=size).run()]
    while pages[-1].previous is not None:
        pages.append(query.before(pages[-1].previous, size=size).run())
    return pages[::-1]


def comparing(name: str, *, is_descending: bool, nulls: str) -> Callable[[Any, Any], int]:
    def compare(left: Any, right: Any) -> int:
        one, two = (getattr(each, name) for each in (left, right))
        one, two = (each.value if isinstance(each, enum.Enum) else each for each in (one, two))
        if one is None or two is None:
            place = (one is None) - (two is None)
            return place if nulls == "last" else -place
        sign = (one > two) - (one < two)
        return -sign if is_descending else sign

    return compare


def in_order(rows: list[Any], keys: list[tuple[str, bool, str]]) -> list[Any]:
    found = list(rows)
    for name, is_descending, nulls in reversed(keys):
        compare = comparing(name, is_descending=is_descending, nulls=nulls)
        found.sort(key=functools.cmp_to_key(compare))
    return found


KEYS = st.tuples(
    st.sampled_from(sorted(CHOICES)), st.booleans(), st.sampled_from([None, "first", "last"])
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    keys=st.lists(KEYS, min_size=0, max_size=3, unique_by=lambda key: key[0]),
    size=st.sampled_from([1, 4, 7, 23, 50]),
)
def test_pages_walk_the_sorted_list(items: Database, keys: Any, size: int) -> None:
    orders = [ordered(*key) for key in keys]
    # No value is more than any, unless the query says where it goes.
    full = [(name, down, nulls or ("first" if down else "last")) for name, down, nulls in keys]
    is_down = bool(keys) and keys[-1][1]
    expected = [row.id for row in in_order(PagedItem.all().run(), [*full, ("id", is_down, "last")])]
    query = PagedItem.order_by(*orders)
    for walk in (forward, backward):
        pages = walk(query, size)
        assert [row.id for page in pages for row in page.items] == expected
        assert (pages[0].previous, pages[-1].next) == (None, None)
    if size < 23:
        second = query.after(forward(query, size)[0].next, size=size).run()
        first = query.before(second.previous, size=size).run()
        assert [row.id for row in first.items] == expected[:size]


def ordered(name: str, is_descending: bool, nulls: str | None) -> Any:
    order = (desc if is_descending else asc)(getattr(PagedItem, name))
    if nulls is None:
        return order
    return order.nulls_first() if nulls == "first" else order.nulls_last()


@pytest.mark.parametrize("orders", [[], ["row"], ["-number"], ["taken", "-row"], ["-taken"]])
def test_pages_of_a_composite_key(items: Database, orders: list[str]) -> None:
    query = Stall.order_by(*orders)
    everything = query.after(size=100).run().items
    assert len({(seat.row, seat.number) for seat in everything}) == 12
    for walk in (forward, backward):
        found = [seat for page in walk(query, 5) for seat in page.items]
        assert [(each.row, each.number) for each in found] == [
            (each.row, each.number) for each in everything
        ]


def test_order_by_a_relation_is_by_its_key(items: Database) -> None:
    pages = forward(PagedItem.order_by(PagedItem.shelf, desc(PagedItem.id)), 6)
    keys = [row.shelf_id for page in pages for row in page.items]
    assert keys == sorted(keys, key=lambda key: (key is None, key))


def test_order_over_a_relation_is_refused(items: Database) -> None:
    with pytest.raises(QueryError, match="A cursor needs an order by fields of PagedItem itself"):
        PagedItem.order_by("shelf.name").after()


def written(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_garbage_for_a_cursor_is_refused(items: Database) -> None:
    query = PagedItem.order_by(PagedItem.price, desc(PagedItem.moment))
    right = query.after(size=3).run().next
    assert right is not None
    mark, *values = json.loads(base64.urlsafe_b64decode(right + "=" * (-len(right) % 4)))
    garbage = [
        *("", "x", "é", "%00", "....", "A" * 5000, right[:-2], right[:10], right + "AAAA"),
        base64.urlsafe_b64encode(b"[" * 2900).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe[]").decode(),
        *map(written, ({}, [], None, 3, [mark], [mark + 1, *values], [mark, *values, 1])),
        *map(written, ([mark, "x", values[1], 1], [mark, {}, [], 1], [mark, "1.5", "x", 1])),
        *map(written, ([mark, *values[:2], "1'--"], [mark, *values[:2], 2**70])),
        *map(written, ([mark, *values[:2], None], [mark, "NaN", values[1], 1])),
        written([mark, "1e9999", values[1], 1]),
    ]
    for cursor in garbage:
        for ask in (query.after, query.before):
            with pytest.raises(ClientError) as caught:
                pytest.fail(f"{cursor} gave {ask(cursor, size=3).run()}")
            assert caught.value.status_code == 422, cursor


def test_cursor_of_another_order_is_refused(items: Database) -> None:
    cursor = PagedItem.order_by(PagedItem.name).after(size=3).run().next
    with pytest.raises(ValueRefused) as caught:
        PagedItem.order_by(desc(PagedItem.name)).after(cursor)
    assert (caught.value.message, caught.value.field) == (
        "The cursor is none of this list.",
        "cursor",
    )


def test_text_of_a_cursor_is_only_ever_a_value(items: Database) -> None:
    query = PagedItem.order_by(PagedItem.name)
    cursor = query.after(size=3).run().next
    assert cursor is not None
    mark, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    page = query.after(written([mark, "' OR 1=1 --", 0]), size=50).run()
    assert {row.name for row in page.items} == {"a", "b", None}
    with pytest.raises(ClientError):
        query.after(written([mark, "a\0", 0])).run()


def test_pages_keep_to_the_conditions(items: Database) -> None:
    pages = forward(PagedItem.where(col(PagedItem.flag).is_(None)).order_by(PagedItem.name), 2)
    rows = [row for page in pages for row in page.items]
    assert len(rows) == sum(row["flag"] is None for row in ROWS)
    assert all(row.flag is None for row in rows)
