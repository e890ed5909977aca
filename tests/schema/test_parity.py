"""What we say of a value is what pydantic says of it, word for word.

FastAPI's clients know pydantic's problems; this holds ours to them over a table of values and over
generated ones. Where we differ on purpose `DEVIATIONS` says why.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
from typing import Annotated, Any, Literal, NotRequired

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from triode.schema import FieldInfo, ValidationFailed, json_decoder, text_decoder

DEVIATIONS = """
- Decimals of a second beyond the sixth are rounded, as msgspec does; pydantic cuts them off.
- An integer beyond 64 bits is no member of an enum or literal; pydantic says int_parsing_size.
- In a path, query, header, cookie or form "1" is `Literal[1]`, and the member 1 of any enum.
- In `Literal[1, True]` a float 1.0 means 1; pydantic takes the last that is equal.
- Floats are finite unless `allow_inf_nan=True`: no JSON can say what they are otherwise.
- NaN and infinity are multiples of nothing; pydantic lets them through.
- The literals NaN and Infinity are no JSON (RFC 8259); FastAPI's parser takes them.
- Text with a lone surrogate is refused everywhere; pydantic's Python mode lets it through.
- Bytes are base64 in JSON; pydantic's are UTF-8, which cannot carry every value.
- A text with other characters than ASCII may be refused as UUID for another of its faults.
- Of a dict that is too long and has wrong items, the items are told.
- After leading zeros pydantic takes what is otherwise no integer: "0__0", "0-0".
- The year 0 is named before a bound is.
- `ctx` holds JSON values only; pydantic puts the exception of a value_error there.
"""


class Mixed(enum.Enum):
    A = "a"
    B = 2


class Named(enum.StrEnum):
    A = "a"
    B = "b"


class Numbered(enum.IntEnum):
    ONE = 1
    TWO = 2


@dataclasses.dataclass
class Point:
    a: int
    b: str = "x"
    c: list[int] | None = None


class Movie(TypedDict):
    a: int
    b: NotRequired[str]


Float = Annotated[float, FieldInfo(allow_inf_nan=True)]


def limited(base: Any, **limits: Any) -> tuple[Any, Any]:
    return Annotated[base, FieldInfo(**limits)], Annotated[base, Field(**limits)]


PLAIN: list[Any] = [
    int, Float, bool, str, dt.datetime, dt.date, dt.time, dt.timedelta, uuid.UUID,
    decimal.Decimal, Mixed, Named, Numbered, Literal["a", "b", 1], None, Any, list, dict, set,
    tuple, list[int], set[int], frozenset[str], tuple[int, str], tuple[int, ...], dict[str, int],
    dict[int, str], list[dict[str, Float]], int | None, int | str, str | int, Float | int,
    int | Float, bool | int, int | bool, str | Float | None, list[int] | int, list[str] | str,
    dt.date | dt.datetime, dt.datetime | str, int | dt.datetime, list[int | str], uuid.UUID | str,
    decimal.Decimal | Float, Mixed | str, dict[str, int] | list[int], Point, Movie, list[Point],
    Point | int, Point | Movie, dict[str, Point],
]  # fmt: skip
LIMITED = [
    limited(int, ge=2, lt=10),
    limited(int, gt=1, multiple_of=3),
    limited(int, ge=2**70),
    limited(Float, gt=0.5, le=8),
    limited(float, allow_inf_nan=False),
    limited(str, min_length=2, max_length=4),
    limited(str, pattern="^a.*z$"),
    limited(list[int], min_length=1, max_length=2),
    limited(set[int], min_length=2),
    limited(dict[str, int], max_length=1),
    limited(decimal.Decimal, max_digits=4, decimal_places=2),
    limited(decimal.Decimal, ge=1, le=100),
    limited(int | None, ge=2),
    limited(int | Float, ge=2),
    limited(dt.date, ge=dt.date(2020, 1, 1)),
]
TYPES = [(each, each) for each in PLAIN] + LIMITED

TEXTS = """
0 1 2 10 -1 +5 1.0 1.5 1e3 abc a ab abcde az aaz true False on null None nan inf -inf 1_000 01 1.
.5 -0 0.0 +-3 1__0 _1 1_ 0x10 9 é 1e400 1.234 12345 99.99 0.001 yes off t N
2020-01-01 2020-01-01T00:00:00 2020-01-01T12:13:14.123456Z 2020-13-01 2020-02-30 2020-1-1 20200101
2020-01-01T25:00:00 2020-01-01T00:00:00+25:00 2020-01-01T00:00:00+01 2020-01-01T00:00:00+0130
2020-01-01X00:00:00 2020-01-01T 2020-01-01T00:00:00z 2020-01-01T00:00:00-00:00 1577836800
1577836800000 1577836800.5 12:30 12:30:15 12:30:15.5+02:00 25:00 12:60 12:30:15Z 23:59:60 1:2:3
86399 T12:00 P1D PT1H -P1DT2H P1W P1Y PT1.5S P PT P1H P-1D 1d +1d 1:00 -1:00 100:00 P1D1 PTT1S
12345678-1234-5678-1234-567812345678
urn:uuid:12345678-1234-5678-1234-567812345678 {12345678-1234-5678-1234-567812345678}
12345678-1234-5678-1234-56781234567 xyz45678-1234-5678-1234-567812345678 1-2-3
""".split()  # noqa: SIM905
SPACED = [
    "", " ", " 7 ", " 2020-01-01", "2020-01-01 ", "2020-01-01 12:13", "1 day", "1 dayx",
    "3 days, 1:00:00", "1 days 25:00", "99999999999 days", "2020-01-01T00:00:00 Z",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, 3, -1, 5, 10, 1.0, 1.5, 0.5, 8.0, 0.3, 2.0, 1e20, 1e300,
    1577836800, 1577836800000, 3e11, -5, 86400, 0.1, [], [1], [1, 2], [1, 2, 3], ["1", "x"],
    [1, "a"], [1, 1], ["a"], [None], [[1]], [{"a": 1}], [{"a": 1.5}], {}, {"a": 1}, {"a": "1"},
    {"a": "x"}, {"a": 1, "b": "q"}, {"a": 1, "b": 2}, {"1": "x"}, {"1": 1}, {"b": "x"},
    {"a": 1, "z": 3}, {"a": 1, "c": ["1"]}, {"a": 1, "c": ["y", 2]}, {"k": {"a": 1}}, {"k": {}},
    [{"a": 1}, {}], [1.0], ["a", "b"], [True], {"x": None}, *TEXTS, *SPACED,
]  # fmt: skip
HUGE = [2**63, 2**70, -(2**70), "100000000000000000000", "12345678123456781234567812345678"]
WITHOUT_HUGE = (Mixed, Numbered, Literal["a", "b", 1], Mixed | str)


NUMBERED = (Mixed, Literal["a", "b", 1])


def by_us(decode: Any, value: Any) -> Any:
    try:
        return comparable(decode(value))
    except ValidationFailed as exc:
        return [comparable(dict(error)) for error in exc.errors]


def by_pydantic(adapter: TypeAdapter[Any], value: Any) -> Any:
    # FastAPI reads JSON into builtins first, then validates those.
    try:
        return comparable(adapter.validate_python(value, from_attributes=True))
    except ValidationError as exc:
        return [comparable(error) for error in exc.errors(include_url=False)]  # type: ignore[arg-type]


def comparable(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.time):
        return type(value), value.isoformat()
    if isinstance(value, float) and value != value:
        return "NaN"
    if isinstance(value, list | tuple):
        return type(value), [comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    return type(value), value


@pytest.mark.parametrize(("ours", "theirs"), TYPES, ids=str)
def test_json_is_read_as_pydantic_reads_it(ours: Any, theirs: Any) -> None:
    decode, adapter = json_decoder(ours), TypeAdapter(theirs)
    values = VALUES if ours in WITHOUT_HUGE else VALUES + HUGE
    differing = [
        (value, mine, wanted)
        for value in values
        if (mine := by_us(decode, json.dumps(value).encode()))
        != (wanted := by_pydantic(adapter, value))
    ]
    assert differing == []


@pytest.mark.parametrize(("ours", "theirs"), TYPES, ids=str)
def test_text_is_read_as_pydantic_reads_it(ours: Any, theirs: Any) -> None:
    decode, adapter = text_decoder(ours), TypeAdapter(theirs)
    values = [*TEXTS, *SPACED, TEXTS[:2], TEXTS[5:8]]
    values += [] if ours in WITHOUT_HUGE else HUGE[3:]
    if ours in NUMBERED:
        values = [each for each in values if not str(each).strip(" +.0").isdigit()]
    differing = [
        (value, mine, wanted)
        for value in values
        if (mine := by_us(decode, value)) != (wanted := by_pydantic(adapter, value))
    ]
    assert differing == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="ascii")),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from("abcxyz1"), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
ADAPTERS = [
    (json_decoder(ours), TypeAdapter(theirs)) for ours, theirs in TYPES if ours is not LIMITED[9][0]
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(value=JSON)
def test_any_json_is_read_as_pydantic_reads_it(value: Any) -> None:
    body = json.dumps(value).encode()
    for decode, adapter in ADAPTERS:
        assert by_us(decode, body) == by_pydantic(adapter, value)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.from_regex(r"[+-]?(0|[1-9][0-9_]{0,4})?[.:T]?[0-9eE]{0,4}", fullmatch=True))
def test_texts_that_look_like_numbers_are_read_as_pydantic_reads_them(text: str) -> None:
    for base in (int, Float, dt.date, dt.datetime, dt.time, decimal.Decimal):
        assert by_us(text_decoder(base), text) == by_pydantic(TypeAdapter(base), text)
