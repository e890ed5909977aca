from __future__ import annotations

import dataclasses
import enum
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

import attrs
import msgspec
import pytest

from triode.errors import SchemaError
from triode.schema import (
    Email,
    FieldInfo,
    Patch,
    Registry,
    ValidationFailed,
    describe,
    field_info,
    json_decoder,
    json_encoder,
    python_decoder,
)

T = TypeVar("T")


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    a: int = 0


class Sparse(msgspec.Struct):
    a: int | msgspec.UnsetType = msgspec.UNSET
    b: int | msgspec.UnsetType | None = msgspec.UNSET


class Marked(msgspec.Struct):
    a: int = field_info(title="A")
    b: int = field_info(default=5)
    c: list[int] = field_info(default_factory=list)


@dataclasses.dataclass
class Point:
    a: int
    b: str = "x"


class Line(msgspec.Struct):
    ends: list[Point]


@dataclasses.dataclass
class Tree:
    below: list[Tree] = dataclasses.field(default_factory=list)
    name: str = "x"


@dataclasses.dataclass
class MarkedData:
    a: int = field_info(ge=1)
    b: int = field_info(default=5)


@dataclasses.dataclass
class Order:
    price: int
    count: dataclasses.InitVar[int] = 1
    total: int = dataclasses.field(init=False)

    def __post_init__(self, count: int) -> None:
        self.total = self.price * count


@attrs.define(slots=False)
class Loose:
    a: int


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


class NumberPage(Page[int]):
    total: int = 0


class Inner(msgspec.Struct):
    email: Email = "a@b.org"
    number: Annotated[int, FieldInfo(ge=1)] = 1


class Outer(msgspec.Struct):
    inner: Inner = msgspec.field(default_factory=lambda: Inner(number=3))
    many: list[Inner] = msgspec.field(default_factory=lambda: [Inner()])
    nothing: Inner | None = None


class Color(enum.Enum):
    RED = "red"


def types_of(annotation: Any, value: Any) -> list[str]:
    with pytest.raises(ValidationFailed) as caught:
        python_decoder(annotation)(value)
    return [each["type"] for each in caught.value.errors]


def test_a_struct_may_forbid_other_keys() -> None:
    assert json_decoder(Strict)(b'{"a": 1}') == Strict(1)
    for annotation in (Strict, Patch[Strict]):
        with pytest.raises(ValidationFailed) as caught:
            json_decoder(annotation)(b'{"a": 1, "x": 2}')
        assert caught.value.detail == [
            {
                "type": "extra_forbidden",
                "loc": ["x"],
                "msg": "Extra inputs are not permitted",
                "input": 2,
            }
        ]


def test_a_struct_without_names_on_the_wire_is_refused() -> None:
    class Flat(msgspec.Struct, array_like=True):
        a: int

    with pytest.raises(SchemaError, match="have no names on the wire: remove array_like=True"):
        describe(Flat)


def test_what_may_be_unset_is_left_unset() -> None:
    decode = json_decoder(Sparse)
    assert decode(b"{}") == Sparse()
    assert decode(b'{"a": "1", "b": null}') == Sparse(1, None)
    assert types_of(Sparse, {"a": None}) == ["int_type"]
    assert json_encoder(Sparse)(Sparse(b=None)) == b'{"b":null}'
    registry = Registry()
    describe(Sparse).json_schema(registry, "output")
    assert "required" not in registry.components()["Sparse"]


def test_a_marker_in_place_of_a_default_is_none() -> None:
    assert json_decoder(Marked)(b'{"a": 1}') == Marked(1, 5, [])
    assert types_of(Marked, {}) == ["missing"]
    assert json_decoder(MarkedData)(b'{"a": 1}') == MarkedData(1, 5)
    assert types_of(MarkedData, {"a": 0}) == ["greater_than_equal"]


def test_a_default_in_the_body_of_a_dataclass_is_the_objects_own() -> None:
    point = json_decoder(Point)(b'{"a": 1}')
    assert vars(point) == {"a": 1, "b": "x"}
    assert json_encoder(Point)(point) == b'{"a":1,"b":"x"}'
    line = json_decoder(Line)(b'{"ends": [{"a": 1}]}')
    assert json_encoder(Line)(line) == b'{"ends":[{"a":1,"b":"x"}]}'
    tree = json_decoder(Tree)(b'{"below": [{}]}')
    assert json_encoder(Tree)(tree) == b'{"below":[{"below":[],"name":"x"}],"name":"x"}'


def test_what_only_the_constructor_takes_is_accepted_and_not_sent() -> None:
    order = json_decoder(Order)(b'{"price": "2", "count": 3, "total": 99}')
    assert (order.price, order.total) == (2, 6)
    assert json_encoder(Order)(order) == b'{"price":2,"total":6}'


def test_an_attribute_that_is_not_declared_does_not_leave() -> None:
    loose = Loose(1)
    loose.secret = "x"  # type: ignore[attr-defined]
    assert json_encoder(Loose)(loose) == b'{"a":1}'


def test_a_subclass_of_a_generic_class_knows_its_arguments() -> None:
    assert json_decoder(NumberPage)(b'{"items": ["1"]}') == NumberPage([1])
    assert types_of(NumberPage, {"items": ["x"]}) == ["int_parsing"]


def test_defaults_that_are_objects_are_taken_as_they_are() -> None:
    assert json_decoder(Outer)(b"{}") == Outer()
    assert json_decoder(Outer)(b'{"inner": {}, "many": []}') == Outer(Inner(), [])


def test_a_member_of_an_enum_is_named_by_its_value_in_a_literal() -> None:
    assert json_decoder(Literal[Color.RED])(b'"red"') is Color.RED
    assert json_encoder(Literal[Color.RED])(Color.RED) == b'"red"'


def test_a_multiple_beyond_all_digits_is_no_multiple() -> None:
    annotation = Annotated[Decimal, FieldInfo(multiple_of=Decimal("0.01"))]
    assert json_decoder(annotation)(b'"1.25"') == Decimal("1.25")
    assert types_of(annotation, "1e300") == ["multiple_of"]


def test_a_short_body_makes_no_long_answer() -> None:
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(list[Inner])(b"[" + b"0," * 100_000 + b"0]")
    assert len(caught.value.detail) == 1000
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Inner)(b'{"number": "' + b"x" * 100_000 + b'"}')
    assert len(caught.value.detail[0]["input"]) == 2001
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Strict)(b'{"a": [' + b"[1]," * 100_000 + b"1]}")
    assert len(msgspec.json.encode(caught.value.detail)) < 10_000
