"""Values as a client is told of them."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from triode.db import Database, Field, ForeignKey, MissingParent, Model, ValueRefused
from triode.db.showing import as_json, in_words


class Mark(enum.Enum):
    FIRST = "first"


@pytest.mark.parametrize(
    ("value", "json", "words"),
    [
        (UUID(int=0), "00000000-0000-0000-0000-000000000000",
         "'00000000-0000-0000-0000-000000000000'"),
        (dt.date(2026, 1, 2), "2026-01-02", "'2026-01-02'"),
        (dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), "2026-01-02T03:00:00Z",
         "'2026-01-02T03:00:00Z'"),
        (Mark.FIRST, "first", "'first'"),
        (Decimal("1.50"), 1.5, "1.50"),
        (2**70, 2**70, str(2**70)),
        (True, True, "true"),
        (b"a", "YQ==", "'YQ=='"),
        ("it's", "it's", '"it\'s"'),
        ("\ud800", None, None),
        (Decimal("NaN"), None, None),
        (object(), None, None),
        ({"a": object()}, None, None),
    ],
)  # fmt: skip
def test_value_is_as_json_has_it(value: Any, json: Any, words: str | None) -> None:
    assert (as_json(value), in_words(value)) == (json, words)


class Customer(Model):
    id: UUID = Field(primary_key=True)


class Period(Model):
    day: dt.date = Field(primary_key=True)


class Bill(Model):
    customer: Customer | None = ForeignKey(None)
    period: Period | None = ForeignKey(None)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"customer_id": UUID(int=0)},
            "Bill: there is no customer with id '00000000-0000-0000-0000-000000000000'.",
        ),
        ({"period_id": dt.date(2026, 1, 2)}, "Bill: there is no period with day '2026-01-02'."),
    ],
)
def test_missing_parent_is_named_as_json_has_it(
    empty: Database, values: dict[str, Any], message: str
) -> None:
    empty.create_tables(Customer, Period, Bill).run()
    with pytest.raises(MissingParent) as caught:
        Bill(**values).save().run()
    assert caught.value.detail == message


def test_value_that_no_request_has_is_not_shown() -> None:
    refused = ValueRefused("No.").about("Bill", ("number",), "made here")
    assert [each["input"] for each in refused.detail] == [None]
    refused.place = ("body", "number")
    assert [each["input"] for each in refused.detail] == ["made here"]
