from __future__ import annotations

import collections
import dataclasses
import ipaddress
import math
import pathlib
import re
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import annotated_types
import attrs
import msgspec
import pydantic
import pydantic.dataclasses
import pytest

from triode.errors import SchemaError
from triode.schema import (
    Email,
    FieldInfo,
    ObjectSchema,
    Registry,
    SecretText,
    Url,
    ValidationFailed,
    describe,
    json_decoder,
    json_encoder,
    python_decoder,
    text_decoder,
)


class Cat(msgspec.Struct, tag="cat"):
    lives: int = 9


class Dog(msgspec.Struct, tag="dog"):
    tricks: Annotated[list[str], FieldInfo(max_length=2)] = []


@dataclasses.dataclass
class Circle:
    shape: Literal["circle", "ring"]
    radius: float


@dataclasses.dataclass
class Square:
    shape: Literal["square"]
    side: float


class Place(NamedTuple):
    x: float
    y: float = 0.0


@attrs.define
class Job:
    name: str = attrs.field(converter=str.strip)
    _steps: list[int] = attrs.Factory(list)


@attrs.frozen
class Version:
    major: int
    minor: int = 0


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=1, alias="fullName")
    age: int = 0


class Rich(Person):
    password: str = "secret"


Upper = Annotated[str, pydantic.AfterValidator(str.upper)]


def problems_of(annotation: Any, value: Any) -> list[tuple[str, tuple[Any, ...]]]:
    with pytest.raises(ValidationFailed) as caught:
        python_decoder(annotation)(value)
    return [(each["type"], each["loc"]) for each in caught.value.errors]


# --- text with a form of its own


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.L+tag@Example.ORG", "Ada.L+tag@example.org"),
        (" ada@example.org ", "ada@example.org"),
        ("jos\u00e9@example.org", "jos\u00e9@example.org"),
        ("a@m\u00fcnchen.example", "a@xn--mnchen-3ya.example"),
        ("o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"),
    ],
)
def test_an_address_is_normalized(given: str, expected: str) -> None:
    assert text_decoder(Email)(given) == expected
    assert json_decoder(Email)(msgspec.json.encode(given)) == expected


@pytest.mark.parametrize(
    "address",
    ["", "a", "@example.org", "a@", "a@b", "a@b..org", "a@-b.org", "a b@c.org", "a@b@c.org",
     ".a@b.org", "a.@b.org", "a..b@c.org", "a@b.123", "a\n@b.org", "a@b.org\n.x", "<a@b.org>",
     "a" * 65 + "@b.org", "a@" + "b." * 130 + "org", "a@b_c.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    assert problems_of(Email, address) == [("value_error", ())]
    with pytest.raises(ValidationFailed, match="value is not a valid email address: "):
        json_decoder(Email)(msgspec.json.encode(address))


@pytest.mark.parametrize(
    "address",
    ["http://a.org", "https://a.org:8000/b?c=d#e", "HTTP://[::1]/", "http://a.org/\u00e9"],
)
def test_an_http_address_is_kept_as_it_is(address: str) -> None:
    assert text_decoder(Url)(address) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", "url_parsing"),
        ("a.org", "url_parsing"),
        ("http://", "url_parsing"),
        ("http://a b", "url_parsing"),
        ("http://a.org:x", "url_parsing"),
        ("http://[::1", "url_parsing"),
        ("ftp://a.org", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
    ],
)
def test_what_is_no_http_address_is_refused(address: str, expected: str) -> None:
    assert problems_of(Url, address) == [(expected, ())]


def test_secret_text_is_accepted_and_never_sent() -> None:
    assert text_decoder(SecretText)("hunter22") == "hunter22"
    assert describe(SecretText).serialize("hunter22") == "**********"


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (ipaddress.IPv4Address, "127.0.0.1", ipaddress.ip_address("127.0.0.1")),
        (ipaddress.IPv6Network, "::/8", ipaddress.ip_network("::/8")),
        (pathlib.Path, "/a/b", pathlib.Path("/a/b")),
        (re.Pattern, "a+", re.compile("a+")),
        (re.Pattern[str], "a+", re.compile("a+")),
    ],
    ids=str,
)
def test_objects_made_of_text_go_there_and_back(annotation: Any, text: str, value: Any) -> None:
    assert text_decoder(annotation)(text) == value
    assert json_encoder(annotation)(value) == msgspec.json.encode(text)


def test_objects_made_of_text_refuse_other_text() -> None:
    assert problems_of(ipaddress.IPv4Address, "x") == [("ip_v4_address", ())]
    assert problems_of(re.Pattern, "(") == [("pattern_regex", ())]
    assert problems_of(pathlib.Path, 5) == [("path_type", ())]


def test_bytes_are_base64_in_json_and_utf8_in_text() -> None:
    assert json_decoder(bytes)(b'"/w=="') == b"\xff"
    assert text_decoder(bytes)("\u00e9") == b"\xc3\xa9"
    assert problems_of(bytes, "%") == [("bytes_invalid_encoding", ())]
    assert problems_of(Annotated[bytes, FieldInfo(max_length=1)], b"ab") == [("bytes_too_long", ())]


def test_a_float_is_finite_unless_said_otherwise() -> None:
    expected = [("finite_number", "Input should be a finite number")]
    for decode, value in (
        (text_decoder(float), "nan"),
        (text_decoder(list[float]), ["-inf"]),
        (json_decoder(float), b"1e999"),
        (json_decoder(dict[str, float]), b'{"a": -1e999}'),
        (python_decoder(float), math.inf),
        (python_decoder(Annotated[float, FieldInfo(ge=0)]), "inf"),
    ):
        with pytest.raises(ValidationFailed) as caught:
            decode(value)
        assert [(each["type"], each["msg"]) for each in caught.value.errors] == expected
    endless = Annotated[float, FieldInfo(allow_inf_nan=True)]
    assert (text_decoder(endless)("inf"), json_decoder(endless)(b"-1e999")) == (math.inf, -math.inf)
    assert text_decoder(float | str)("nan") == "nan"


def test_an_endless_float_is_still_written_as_null() -> None:
    class Measure(float):
        pass

    assert json_encoder(list[float])([math.nan, Measure("inf"), Measure(1.5)]) == b"[null,null,1.5]"


def test_a_decimal_is_finite() -> None:
    assert json_decoder(Decimal)(b'"1.50"') == Decimal("1.50")
    for text in ("NaN", "Infinity", "-sNaN"):
        with pytest.raises(ValidationFailed, match="Input should be a finite number"):
            json_decoder(Decimal)(msgspec.json.encode(text))


# --- collections


def test_a_deque_is_a_deque() -> None:
    assert json_decoder(collections.deque[int])(b'["1"]') == collections.deque([1])
    assert json_encoder(collections.deque[int])(collections.deque([1])) == b"[1]"


def test_a_named_tuple_is_an_array_or_an_object() -> None:
    decode = json_decoder(Place)
    assert decode(b"[1, 2]") == decode(b'{"x": "1", "y": 2}') == Place(1.0, 2.0)
    assert json_encoder(Place)(Place(1.0)) == b"[1.0,0.0]"
    assert problems_of(Place, []) == [("missing", (0,))]
    assert problems_of(Place, [1, 2, 3]) == [("too_long", ())]


# --- unions


def test_tagged_structs_are_told_apart_by_their_tag() -> None:
    decode = json_decoder(Cat | Dog)
    assert decode(b'{"type": "cat"}') == Cat()
    assert decode(b'{"type": "dog", "tricks": ["sit"]}') == Dog(["sit"])
    assert problems_of(Cat | Dog, {"type": "cow"}) == [("union_tag_invalid", ())]
    assert problems_of(Cat | Dog, {}) == [("union_tag_not_found", ())]
    assert problems_of(Cat | Dog, {"type": ["cat"]}) == [("union_tag_invalid", ())]
    assert problems_of(Cat | Dog, {"type": "cat", "lives": "x"}) == [
        ("int_parsing", ("cat", "lives"))
    ]


def test_tagged_structs_are_written_with_their_tag() -> None:
    assert json_encoder(Cat | Dog)(Cat()) == b'{"type":"cat","lives":9}'
    assert json_encoder(list[Cat | Dog])([Dog()]) == b'[{"type":"dog","tricks":[]}]'


def test_a_discriminator_is_a_field_of_literals() -> None:
    shape = Annotated[Circle | Square, FieldInfo(discriminator="shape")]
    decode = json_decoder(shape)
    assert decode(b'{"shape": "ring", "radius": 1}') == Circle("ring", 1.0)
    assert decode(b'{"shape": "square", "side": 1}') == Square("square", 1.0)
    schema = describe(shape).json_schema(Registry(), "input")
    assert list(schema["discriminator"]["mapping"]) == ["circle", "ring", "square"]


def test_a_discriminator_that_a_member_lacks_is_refused() -> None:
    with pytest.raises(SchemaError) as caught:
        describe(Annotated[Circle | Place, FieldInfo(discriminator="shape")])
    assert str(caught.value) == (
        "The union is told apart by 'shape', but Place has no value of its own there. "
        'Give it a field shape: Literal["…"]. [schema-discriminator]'
    )


# --- attrs


def test_an_attrs_class_is_made_by_its_own_constructor() -> None:
    assert json_decoder(Job)(b'{"name": " a ", "steps": ["1"]}') == Job("a", [1])
    assert json_encoder(Job)(Job("a", [1])) == b'{"name":"a","steps":[1]}'
    assert describe(Version).codec is Version
    assert json_decoder(Version)(b'{"major": 1}') == Version(1)


# --- pydantic


def test_a_pydantic_model_is_read_and_written_by_pydantic() -> None:
    person = json_decoder(Person)(b'{"fullName": "Ada", "age": "36"}')
    assert person == Person(fullName="Ada", age=36)
    assert json_encoder(Person)(person) == b'{"fullName":"Ada","age":36}'
    assert problems_of(Person, {"fullName": "", "age": "x"}) == [
        ("string_too_short", ("fullName",)),
        ("int_parsing", ("age",)),
    ]


def test_a_subclass_shows_only_what_the_declared_class_has() -> None:
    rich = Rich(fullName="Croesus")
    assert json_encoder(Person)(rich) == b'{"fullName":"Croesus","age":0}'
    assert json_encoder(list[Person])([rich]) == b'[{"fullName":"Croesus","age":0}]'
    assert json_encoder(Person)({"fullName": "A", "x": 1}) == b'{"fullName":"A","age":0}'


def test_the_fields_of_a_pydantic_model_are_known() -> None:
    node = describe(Person)
    assert isinstance(node, ObjectSchema)
    assert [(each.name, each.encoded_name, each.required) for each in node.fields] == [
        ("name", "fullName", True),
        ("age", "age", False),
    ]
    assert node.fields[0].info.min_length == 1


def test_validators_of_pydantic_are_executed() -> None:
    assert json_decoder(list[Upper])(b'["a"]') == ["A"]
    assert json_decoder(pydantic.PositiveInt)(b"5") == 5
    assert problems_of(pydantic.PositiveInt, 0) == [("greater_than", ())]
    assert json_encoder(pydantic.SecretStr)(pydantic.SecretStr("x")) == b'"**********"'


def test_json_that_pydantic_refuses_is_told_as_ours_is() -> None:
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Person)(b"{")
    assert caught.value.errors[0]["type"] == "json_invalid"
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Person)(b'{"fullName": "\\ud800"}')
    assert caught.value.errors[0]["type"] == "string_unicode"


def test_a_tag_that_is_another_class_s_is_refused() -> None:
    assert json_decoder(Cat)(b'{"lives": 1}') == json_decoder(Cat)(b'{"type": "cat", "lives": "1"}')
    assert problems_of(Cat, {"type": "dog"}) == [("literal_error", ("type",))]


def test_a_predicate_is_executed() -> None:
    annotation = Annotated[int, annotated_types.Predicate(lambda value: value % 2 == 0)]
    assert json_decoder(annotation)(b"2") == 2
    assert problems_of(annotation, 3) == [("predicate_failed", ())]


def test_a_pydantic_dataclass_is_a_component() -> None:
    @pydantic.dataclasses.dataclass
    class Point:
        x: int

    registry = Registry()
    reference = describe(Point).json_schema(registry, "input")
    assert registry.resolve(reference) == {"$ref": "#/components/schemas/Point"}
    assert json_encoder(Point)(json_decoder(Point)(b'{"x": "1"}')) == b'{"x":1}'


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [(Literal["a", 2], "2", 2), (Literal[1, 2], "1", 1), (Literal["2", 2], "2", "2")],
)
def test_a_number_among_literals_is_found_by_its_text(
    annotation: Any, text: str, expected: Any
) -> None:
    assert text_decoder(annotation)(text) == expected
    with pytest.raises(ValidationFailed):
        json_decoder(annotation)(b'"1"')
