"""`jsonable_encoder`, with FastAPI's meanings."""

import datetime as dt
import enum
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
import pydantic
import pytest

from triode.encoders import jsonable_encoder
from triode.schema import FieldInfo


class Color(enum.Enum):
    RED = "red"


class Row(pydantic.BaseModel):
    name: str = pydantic.Field(default="a", alias="theName")
    when: dt.datetime | None = None


@dataclass
class Point:
    x: int
    y: int = 0
    secret: Annotated[str, FieldInfo(write_only=True)] = "hidden"
    names: list[str] = field(default_factory=list)


class Item(msgspec.Struct, rename="camel"):
    first_name: str
    price: Decimal | None = None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({1: dt.timedelta(minutes=5)}, {1: 300.0}),
        (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "2020-01-01T00:00:00+00:00"),
        ([Decimal("1.5"), Decimal(2)], [1.5, 2]),
        ((Color.RED, b"ab", PurePosixPath("/a")), ["red", "ab", "/a"]),
        (deque([frozenset({1})]), [[1]]),
        (Point(1), {"x": 1, "y": 0, "names": []}),
        (Item("a"), {"firstName": "a", "price": None}),
        (Row(theName="b"), {"theName": "b", "when": None}),
    ],
)
def test_value_becomes_builtins(value: Any, expected: Any) -> None:
    assert jsonable_encoder(value) == expected


def test_options_leave_parts_out() -> None:
    assert jsonable_encoder(Point(1), include=["x", "y"], exclude={"y"}) == {"x": 1}
    assert jsonable_encoder(Item("a"), exclude_none=True, by_alias=False) == {"first_name": "a"}
    assert jsonable_encoder(Row(theName="b"), exclude_unset=True) == {"theName": "b"}
    assert jsonable_encoder(Point(1), exclude_defaults=True) == {"x": 1}
    assert jsonable_encoder({"_sa_state": 1, "a": 2}) == {"a": 2}


def test_custom_encoder_goes_first() -> None:
    given = {dt.datetime: lambda value: value.year, int: str}
    assert jsonable_encoder({"a": dt.datetime(2020, 1, 1), "b": [1]}, custom_encoder=given) == {
        "a": 2020,
        "b": ["1"],
    }


def test_object_without_a_description_gives_its_attributes() -> None:
    class Plain:
        def __init__(self) -> None:
            self.a = dt.date(2020, 1, 1)

    assert jsonable_encoder(Plain()) == {"a": "2020-01-01"}
    with pytest.raises(ValueError, match="vars"):
        jsonable_encoder(object())
