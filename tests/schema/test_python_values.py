"""Python objects on the way in, and all sorts of them on the way out."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import re
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest
from typing_extensions import TypedDict

from triode.schema import (
    INVALID,
    MISSING,
    FieldInfo,
    Registry,
    ResponseValidationFailed,
    ValidationFailed,
    describe,
    json_decoder,
    json_encoder,
    presentable,
    python_decoder,
    text_decoder,
)

UTC = dt.UTC
WITH_CENTS = FieldInfo(max_digits=3, decimal_places=2)
LONG = 1 << 20_000  # more digits than Python writes
MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


class Item(msgspec.Struct):
    name: str


class Sub(Item):
    cost: int = 1


class Cat(msgspec.Struct, tag=True):
    name: Annotated[str, FieldInfo(min_length=1)] = "x"


class Dog(msgspec.Struct, tag=True):
    secret: Annotated[str, FieldInfo(write_only=True)] = "bone"


@dataclasses.dataclass
class Point:
    x: int


class Movie(TypedDict):
    title: str


class Place(NamedTuple):
    x: int
    item: Item


class Size(enum.IntEnum):
    SMALL = 1


class Mood(enum.Enum):
    GOOD = (1, "good")


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, Decimal("2"), 2),
        (int, b" 7 ", 7),
        (int, Size.SMALL, 1),
        (float, Decimal("2.5"), 2.5),
        (float, b"1.5", 1.5),
        (bool, b"yes", True),
        (str, b"abc", "abc"),
        (str, bytearray(b"abc"), "abc"),
        (bytes, bytearray(b"abc"), b"abc"),
        (Decimal, 1.5, Decimal("1.5")),
        (dt.datetime, MOMENT, MOMENT),
        (dt.datetime, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2)),
        (dt.datetime, b"2020-01-02", dt.datetime(2020, 1, 2)),
        (dt.date, dt.datetime(2020, 1, 2), dt.date(2020, 1, 2)),
        (dt.date, dt.date(2020, 1, 2), dt.date(2020, 1, 2)),
        (dt.time, dt.time(1, 2), dt.time(1, 2)),
        (dt.timedelta, 1.5, dt.timedelta(seconds=1.5)),
        (uuid.UUID, uuid.UUID(int=1), uuid.UUID(int=1)),
        (list[int], (1, "2"), [1, 2]),
        (list[int], {1: "a"}.keys(), [1]),
        (set[int], [1, "1"], {1}),
        (tuple[int, str], [1, "a"], (1, "a")),
        (Place, (1, {"name": "a"}), Place(1, Item("a"))),
        (Place, {"x": 1, "item": Item("a")}, Place(1, Item("a"))),
        (dict[int, str], collections.OrderedDict({"1": "a"}), {1: "a"}),
        (Item, Sub("a"), Sub("a")),
        (Item | Point, Point(1), Point(1)),
        (Cat | Dog, Dog(), Dog()),
        (pathlib.Path, pathlib.Path("a"), pathlib.Path("a")),
        (re.Pattern, re.compile("a"), re.compile("a")),
        (Literal["a"] | int, "a", "a"),
        (Annotated[int | str, FieldInfo(max_length=2, ge=1)], "ab", "ab"),
        (Annotated[list[int] | dict[str, int], FieldInfo(min_length=1)], {"a": 1}, {"a": 1}),
    ],
    ids=str,
)
def test_a_python_object_is_converted(annotation: Any, value: Any, expected: Any) -> None:
    found = python_decoder(annotation)(value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("annotation", "value", "problem"),
    [
        (int, Decimal("2.5"), "int_type"),
        (int, float("inf"), "finite_number"),
        (float, 10**400, "float_type"),
        (float, "1__0", "float_parsing"),
        (str, b"\xff", "string_unicode"),
        (bytes, "\ud800", "string_unicode"),
        (Annotated[bytes, FieldInfo(min_length=2)], b"a", "bytes_too_short"),
        (Decimal, True, "decimal_type"),
        (Decimal, "x", "decimal_parsing"),
        (dt.date, MOMENT, "date_from_datetime_inexact"),
        (dt.datetime, float("nan"), "datetime_parsing"),
        (dt.time, float("nan"), "time_parsing"),
        (dt.timedelta, float("nan"), "time_delta_parsing"),
        (dt.timedelta, 1e300, "time_delta_parsing"),
        (dt.timedelta, 10**400, "time_delta_parsing"),
        (dt.datetime, 10**400, "datetime_parsing"),
        (dt.datetime, -(10**400), "datetime_parsing"),
        (dt.date, 10**400, "date_from_datetime_parsing"),
        (dt.time, 10**400, "time_parsing"),
        (Annotated[dt.datetime, FieldInfo(ge=MOMENT)], "2019-01-01", "timezone_aware"),
        (Annotated[dt.datetime, FieldInfo(ge=dt.datetime(2020, 1, 1))], MOMENT, "timezone_naive"),
        (Annotated[dt.timedelta, FieldInfo(gt=dt.timedelta(0))], 0, "greater_than"),
        (uuid.UUID, 5, "uuid_type"),
        (set[Any], [[1]], "set_item_not_hashable"),
        (tuple[int, str], "ab", "tuple_type"),
        (dict[str, int], [], "dict_type"),
        (re.Pattern, 5, "pattern_type"),
        (Annotated[int | str, FieldInfo(max_length=2)], "abc", "string_too_long"),
        (Annotated[int | float, FieldInfo(lt=2)], 2, "less_than"),
        (Annotated[list[int] | int, FieldInfo(min_length=1)], [], "too_short"),
        (Annotated[dict[str, int] | int, FieldInfo(min_length=1)], {}, "too_short"),
        (Annotated[Decimal, FieldInfo(max_digits=2)], "123", "decimal_max_digits"),
        (Annotated[Decimal, FieldInfo(decimal_places=1)], "1.23", "decimal_max_places"),
        (Annotated[Decimal, WITH_CENTS], "12", "decimal_whole_digits"),
        (dict[Annotated[str, FieldInfo(min_length=2)], int], {"a": 1}, "string_too_short"),
        (Cat | Dog, 5, "model_attributes_type"),
        (Point, 5, "dataclass_type"),
        (Movie, 5, "dict_type"),
        (Mood, "good", "enum"),
        (None, 0, "none_required"),
    ],
    ids=str,
)  # fmt: skip
def test_another_python_object_is_refused(annotation: Any, value: Any, problem: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        python_decoder(annotation)(value)
    assert [each["type"] for each in caught.value.errors] == [problem]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Cat | Dog, Dog(), b"{}"),
        (Cat | Dog, {"type": "Cat", "name": "Tom"}, b'{"type":"Cat","name":"Tom"}'),
        (Item | int, Sub("a"), b'{"name":"a"}'),
        (Item | Movie, {"title": "Brazil", "x": 1}, b'{"title":"Brazil"}'),
        (list[Item | int], [Sub("a"), 3], b'[{"name":"a"},3]'),
        (dict[str, list[Item]], {"a": [Sub("b")]}, b'{"a":[{"name":"b"}]}'),
        (dict[dt.date, Item], {dt.date(2020, 1, 1): Sub("b")}, b'{"2020-01-01":{"name":"b"}}'),
        (tuple[Item, int], (Sub("a"), 1), b'[{"name":"a"},1]'),
        (tuple[Item, int], [{"name": "a"}, "1"], b'[{"name":"a"},1]'),
        (tuple[Item, ...], (Sub("a"),), b'[{"name":"a"}]'),
        (Place, Place(1, Sub("a")), b'[1,{"name":"a"}]'),
        (list[Place], [Place(1, Item("a"))], b'[[1,{"name":"a"}]]'),
        (Item | None, Sub("a"), b'{"name":"a"}'),
        (set[Item] | None, None, b"null"),
        (Size, 1, b"1"),
        (Mood, Mood.GOOD, b'[1,"good"]'),
        (list[Mood], [Mood.GOOD], b'[[1,"good"]]'),
        (collections.abc.Sequence[int], (1, 2), b"[1,2]"),
    ],
    ids=str,
)
def test_a_value_is_filtered_by_its_declared_type(
    annotation: Any, value: Any, expected: bytes
) -> None:
    assert json_encoder(annotation)(value) == expected


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(dict[str, Item], 5), (list[Item], 5), (tuple[int, Item], [1]), (Item | int, []),
     (Place, 5), (Mood, 5), (Cat | Dog, {"type": "Cow"}), (Movie, {})],
    ids=str,
)  # fmt: skip
def test_a_value_that_does_not_fit_is_not_sent(annotation: Any, value: Any) -> None:
    with pytest.raises(ResponseValidationFailed):
        json_encoder(annotation)(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("\ud800x", "\\ud800x"),
        (b"\xff", "\ufffd"),
        ({1: {2}, "a": (1,)}, {"1": [2], "a": [1]}),
        (MOMENT, "2020-01-02 03:04:05+00:00"),
        (LONG, "…"),
        (True, True),
    ],
    ids=range(6),
)
def test_an_input_is_shown_so_that_json_can_carry_it(value: Any, expected: Any) -> None:
    assert presentable(value) == expected


def test_a_deep_input_is_cut() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    assert str(presentable(deep)).count("[") == 40


def test_the_words_for_nothing() -> None:
    assert (repr(MISSING), bool(MISSING)) == ("MISSING", False)
    assert (repr(INVALID), bool(INVALID)) == ("INVALID", False)
    assert type(MISSING)() is MISSING


def test_rounding_may_carry_into_the_next_second() -> None:
    for decode in (
        json_decoder(dt.datetime),
        lambda body: text_decoder(dt.datetime)(body.strip(b'"').decode()),
    ):
        assert decode(b'"2020-12-31T23:59:59.9999999"') == dt.datetime(2021, 1, 1)
    with pytest.raises(ValidationFailed):
        text_decoder(dt.datetime)("9999-12-31T23:59:59.9999999")
    assert text_decoder(dt.time)("23:59:59.9999999") == dt.time(0, 0)


def test_a_decimal_context_does_not_matter() -> None:
    with decimal.localcontext() as context:
        context.prec = 2
        assert json_decoder(Decimal)(b'"1.23456"') == Decimal("1.23456")


def test_a_collection_says_how_long_it_may_be() -> None:
    registry = Registry()
    limited = FieldInfo(min_length=1, max_length=2)
    assert describe(Annotated[dict[str, int], limited]).json_schema(registry, "input") == {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "minProperties": 1,
        "maxProperties": 2,
    }
    assert describe(dict[Annotated[str, limited], Any]).json_schema(registry, "input") == {
        "type": "object",
        "additionalProperties": True,
        "propertyNames": {"minLength": 1, "maxLength": 2},
    }
