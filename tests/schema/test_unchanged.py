"""A value that is said to stay as it is, does."""

import datetime as dt
import math
import uuid
from typing import Annotated, Any

import pytest

from triode.schema import FieldInfo, Problem, describe
from triode.schema.unchanged import unchanged


class Text(str):
    __slots__ = ()


class Moment(dt.datetime):
    pass


ZONE = dt.timezone(dt.timedelta(hours=2))
VALUES: list[Any] = [
    None, True, 0, 7, -(10**40), 1.5, math.inf, math.nan, "", "a", "abcdef", "ä", "\ud800", "7",
    "a" * 300, Text("a"), b"a", dt.date(2020, 1, 2), dt.datetime(2020, 1, 2), dt.time(1),
    uuid.UUID(int=7), str(uuid.UUID(int=7)), -1.5, 3, 4, 5, 3.0,
    dt.datetime(2020, 1, 2, tzinfo=ZONE), Moment(2020, 1, 2), dt.timedelta(1), [1], {"a": 1},
]  # fmt: skip
TYPES: list[Any] = [
    int, float, bool, str, bytes, dt.date, dt.datetime, dt.time, dt.timedelta, dict[str, Any],
    int | None, str | None, dt.datetime | None, int | str,
    uuid.UUID, uuid.UUID | None,
    Annotated[int, FieldInfo(ge=3)],
    Annotated[int | None, FieldInfo(gt=3, le=5)],
    Annotated[int, FieldInfo(ge=2.5)],
    Annotated[int, FieldInfo(ge=-3, multiple_of=2)],
    Annotated[float, FieldInfo(lt=3, ge=-1)],
    Annotated[float, FieldInfo(multiple_of=2)],
    Annotated[float, FieldInfo(allow_inf_nan=True)],
    Annotated[str, FieldInfo(max_length=3)],
    Annotated[str, FieldInfo(min_length=2)],
    Annotated[str | None, FieldInfo(min_length=2, max_length=5)],
    Annotated[str, FieldInfo(pattern="^a$")],
    Annotated[dt.date, FieldInfo(ge=dt.date(2021, 1, 1))],
]  # fmt: skip


@pytest.mark.parametrize("annotation", TYPES, ids=str)
def test_what_stays_as_it_is_is_valid(annotation: Any) -> None:
    node = describe(annotation)
    for value in VALUES:
        if unchanged(node)(value):
            problems: list[Problem] = []
            assert node.validate(value, (), problems) is value
            assert problems == []


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 7),
        (float, 1.5),
        (bool, True),
        (str | None, None),
        (Annotated[str, FieldInfo(max_length=3)], "abc"),
        (dt.datetime, dt.datetime(2020, 1, 2)),
        (uuid.UUID | None, uuid.UUID(int=7)),
        (Annotated[int | None, FieldInfo(ge=3, lt=9)], 3),
        (Annotated[float, FieldInfo(gt=-1)], 0.5),
    ],
)
def test_usual_values_are_told_at_once(annotation: Any, value: Any) -> None:
    assert unchanged(describe(annotation))(value)
