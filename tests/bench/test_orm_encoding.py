"""Values of the ORM benchmark are compared exactly."""

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from bench.orm.encoding import difference, encoded


def test_types_that_json_lacks_are_told_apart() -> None:
    token = uuid.UUID(int=5)
    found = encoded([datetime(2024, 1, 2, tzinfo=UTC), date(2024, 1, 2), Decimal("1.5"), token])
    assert found == [
        {"moment": "2024-01-02T00:00:00+00:00"},
        {"day": "2024-01-02"},
        {"decimal": "1.50"},
        {"token": "00000000-0000-0000-0000-000000000005"},
    ]


def test_moments_are_compared_in_utc() -> None:
    there = timezone(timedelta(hours=2))
    moments = [
        datetime(2024, 1, 2, 2, tzinfo=there),
        datetime(2024, 1, 2, tzinfo=UTC),
        datetime(2024, 1, 2),
    ]
    assert {moment["moment"] for moment in encoded(moments)} == {"2024-01-02T00:00:00+00:00"}


def test_equal_values_do_not_differ() -> None:
    assert difference([{"a": 1, "b": None}], [{"a": 1, "b": None}]) is None


def test_integer_is_no_float_and_no_flag() -> None:
    assert difference({"a": 1}, {"a": 1.0}) == ".a is 1.0, wanted 1"
    assert difference({"a": True}, {"a": 1}) == ".a is 1, wanted True"


def test_place_of_a_difference_is_named() -> None:
    said = difference([{"heroes": [{"id": 1}]}], [{"heroes": [{"id": 2}]}])
    assert said == "[0].heroes[0].id is 2, wanted 1"


def test_missing_rows_and_columns_are_told() -> None:
    assert difference([1, 2], [1]) == "it has 1 entries, wanted 2"
    assert difference({"a": 1, "b": 2}, {"a": 1}) == "it has ['a'], wanted ['a', 'b']"


def test_long_values_are_cut() -> None:
    said = difference("a" * 900, "b" * 900)
    assert said is not None
    assert len(said) < 450
