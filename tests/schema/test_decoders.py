from __future__ import annotations

import dataclasses
import json
from collections import Counter, OrderedDict, defaultdict
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triode.schema import (
    INVALID,
    Create,
    Email,
    FieldInfo,
    Patch,
    Problem,
    ValidationFailed,
    describe,
    json_decoder,
    python_decoder,
    text_decoder,
)


class Address(msgspec.Struct):
    street: str
    number: Annotated[int, FieldInfo(ge=1)] = 1


class Person(msgspec.Struct):
    name: Annotated[str, FieldInfo(min_length=1)]
    email: Email = "nobody@example.org"
    home: Address | None = None
    tags: set[str] = msgspec.field(default_factory=set)
    secret: Annotated[str, FieldInfo(write_only=True, min_length=4)] = "1234"


class Tree(msgspec.Struct):
    value: int
    children: list[Tree] = []


class Renamed(msgspec.Struct, rename="camel"):
    first_name: str
    last_name: Annotated[str, FieldInfo(alias="surname")] = ""


def problems_of(annotation: Any, body: bytes) -> list[dict[str, Any]]:
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(annotation)(body)
    return caught.value.detail


def test_a_plain_struct_is_its_own_codec() -> None:
    assert describe(Tree).codec is Tree


def test_a_constraint_of_ours_needs_a_stand_in() -> None:
    assert describe(Address).codec is not Address
    assert json_decoder(Address)(b'{"street": "x", "number": 2}') == Address("x", 2)


def test_every_problem_is_told_with_its_place() -> None:
    body = b'{"name": "", "home": {"number": "0"}, "secret": "abc", "tags": [1]}'
    assert problems_of(Person, body) == [
        {
            "type": "string_too_short",
            "loc": ["name"],
            "msg": "String should have at least 1 character",
            "input": "",
            "ctx": {"min_length": 1},
        },
        {
            "type": "missing",
            "loc": ["home", "street"],
            "msg": "Field required",
            "input": {"number": "0"},
        },
        {
            "type": "greater_than_equal",
            "loc": ["home", "number"],
            "msg": "Input should be greater than or equal to 1",
            "input": "0",
            "ctx": {"ge": 1},
        },
        {
            "type": "string_type",
            "loc": ["tags", 0],
            "msg": "Input should be a valid string",
            "input": 1,
        },
        {
            "type": "string_too_short",
            "loc": ["secret"],
            "msg": "String should have at least 4 characters",
            "input": "**********",
            "ctx": {"min_length": 4},
        },
    ]


def test_a_secret_is_hidden_in_the_input_of_its_object() -> None:
    [found] = problems_of(Person, b'{"secret": "hunter22"}')
    assert found["input"] == {"secret": "**********"}


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        (b"", 0, "Expecting value"),
        (b"{", 1, "Expecting property name enclosed in double quotes"),
        (b'{"value": 1,,}', 12, "Expecting property name enclosed in double quotes"),
        (b"[1", 2, "Expecting ',' delimiter"),
        (b"NaN", 0, "NaN is not JSON"),
        (b'{"value": Infinity}', 0, "Infinity is not JSON"),
        (b'"\xff"', 1, "The body is not UTF-8"),
        (b"9" * 5000, 0, "A number has too many digits"),
        (b"[" * 10_000, 0, "The value is nested too deeply"),
        (b'{"children": ' + b"[" * 10_000, 0, "The value is nested too deeply"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_json_is_one_problem(body: bytes, place: int, reason: str) -> None:
    [found] = problems_of(Tree, body)
    assert found == {
        "type": "json_invalid",
        "loc": [place],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": reason},
    }


@pytest.mark.parametrize("annotation", [str, Any, dict, list[Any], Person, Tree, Email])
def test_a_lone_surrogate_is_a_problem_wherever_it_stands(annotation: Any) -> None:
    for body in (rb'"\ud800"', rb'{"name": "\udc00x"}', rb'["\ud800"]', rb'{"\ud800": 1}'):
        try:
            value = json_decoder(annotation)(body)
        except ValidationFailed as exc:
            json.dumps(exc.detail).encode()
        else:
            msgspec.json.encode(value)


def test_a_nul_byte_is_a_character_like_others() -> None:
    assert json_decoder(str)(rb'"a\u0000b"') == "a\0b"


@pytest.mark.parametrize("number", [2**63, 2**64, 2**70, -(2**63) - 1, 10**300])
def test_integers_of_any_size_are_integers(number: int) -> None:
    body = str(number).encode()
    assert json_decoder(int)(body) == number
    assert json_decoder(Annotated[int, FieldInfo(ge=-(2**80), le=10**301)])(body) == number


def test_a_huge_integer_is_held_to_its_bounds() -> None:
    [found] = problems_of(Annotated[int, FieldInfo(le=10)], str(2**70).encode())
    assert (found["type"], found["input"]) == ("less_than_equal", 2**70)


def test_unknown_keys_are_ignored_and_the_last_of_two_is_taken() -> None:
    for body in (b'{"value": 1, "x": 9, "value": 2}', b'{"value": 1, "x": 9, "value": "2"}'):
        assert json_decoder(Tree)(body) == Tree(2)


def test_names_on_the_wire_are_those_of_the_class_and_of_the_field() -> None:
    decode = json_decoder(Renamed)
    assert decode(b'{"firstName": "A", "surname": "B"}') == Renamed("A", "B")
    assert problems_of(Renamed, b"{}")[0]["loc"] == ["firstName"]


def test_defaults_are_new_for_every_object() -> None:
    decode = json_decoder(Person)
    one, other = decode(b'{"name": "A"}'), decode(b'{"name": "B"}')
    assert one.tags == other.tags == set()
    assert one.tags is not other.tags


def test_a_constructor_may_refuse() -> None:
    class Even(msgspec.Struct):
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("must be even")

    assert json_decoder(Even)(b'{"number": 2}') == Even(2)
    assert problems_of(Even, b'{"number": 3}') == [
        {
            "type": "value_error",
            "loc": [],
            "msg": "Value error, must be even",
            "input": {"number": 3},
            "ctx": {"error": "must be even"},
        }
    ]


def test_python_objects_are_read_by_their_attributes() -> None:
    class Row:
        street = "Elm"
        number = "4"

    assert python_decoder(Address)(Row()) == Address("Elm", 4)
    assert python_decoder(Address)(Address("Oak")) == Address("Oak")


def test_text_that_is_no_collection_is_refused_where_one_is_meant() -> None:
    with pytest.raises(ValidationFailed) as caught:
        text_decoder(list[int])("1")
    assert caught.value.errors[0]["type"] == "list_type"
    assert text_decoder(list[int])(["1", " 2"]) == [1, 2]


def test_places_can_be_put_under_a_prefix() -> None:
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Tree)(b"{}")
    assert caught.value.under("body").errors[0]["loc"] == ("body", "value")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("a1@.é", max_size=4)
    | st.sampled_from(["a@b.org", "A@B.ORG", "1", "2020-01-01", "12345"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["name", "email", "home", "street", "number", "tags", "secret", "value", "children"]
        ),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
TYPES: list[Any] = [
    Person, Address, Tree, list[Person], dict[str, Address], Person | None, Create[Person],
    Patch[Person], Patch[Address], Address | int, tuple[Address, int], set[int], Email,
    Annotated[list[int], FieldInfo(max_length=2)], Annotated[set[int], FieldInfo(max_length=1)],
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_the_fast_way_and_the_slow_way_agree(value: Any) -> None:
    body = json.dumps(value).encode()
    for annotation in TYPES:
        problems: list[Problem] = []
        slow = describe(annotation).validate(value, (), problems)
        try:
            fast = json_decoder(annotation)(body)
        except ValidationFailed as exc:
            fast, told = INVALID, exc.errors
        else:
            told = []
        assert (repr(fast), told) == (repr(slow), problems)


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=40))
def test_no_bytes_raise_anything_but_a_client_error(body: bytes) -> None:
    for annotation in (Person, Any, Tree, str, int | str):
        try:
            json_decoder(annotation)(body)
        except ValidationFailed as exc:
            json.dumps(exc.detail)


class Priced(msgspec.Struct):
    """Msgspec cannot check the constraint, so each object is made from a stand-in."""

    price: Annotated[float, FieldInfo(ge=0)]
    name: str = "nothing"


class Careful(Priced):
    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("a bad name")


def test_list_of_constrained_structs_is_made_of_the_class() -> None:
    found = json_decoder(list[Priced])(b'[{"price": 1, "name": "a"}, {"price": 2.5}]')
    assert found == [Priced(1.0, "a"), Priced(2.5, "nothing")]
    assert [type(each) for each in found] == [Priced, Priced]


def test_one_refusing_object_of_a_list_is_named() -> None:
    problems = problems_of(list[Careful], b'[{"price": 1}, {"price": 2, "name": "bad"}]')
    assert [(problem["loc"], problem["msg"]) for problem in problems] == [
        ([1], "Value error, a bad name")
    ]


@dataclasses.dataclass
class Bough:
    size: Annotated[int, FieldInfo(ge=0)]
    branches: list[Bough] = dataclasses.field(default_factory=list)
    fruit: Apple | Pear | None = None


@dataclasses.dataclass
class Apple:
    weight: Annotated[int, FieldInfo(ge=0)]


@dataclasses.dataclass
class Pear:
    length: int


def test_what_msgspec_cannot_read_leaves_the_rest_its_fast_way() -> None:
    assert describe(Bough).codec is not None
    decode = json_decoder(Bough)
    found = decode(b'{"size":1,"branches":[{"size":"2","fruit":{"length":3}}]}')
    assert found == Bough(1, [Bough(2, fruit=Pear(3))])
    with pytest.raises(ValidationFailed) as caught:
        decode(b'{"size":1,"branches":[{"size":-1}],"fruit":{}}')
    assert [each["loc"] for each in caught.value.errors] == [
        ("branches", 0, "size"),
        ("fruit", "Apple", "weight"),
        ("fruit", "Pear", "length"),
    ]


def test_mappings_of_the_standard_library() -> None:
    assert json_decoder(OrderedDict[str, int])(b'{"a":"1"}') == OrderedDict(a=1)
    assert json_decoder(Counter[str])(b'{"a":1}') == Counter(a=1)
    found = json_decoder(defaultdict[str, list[int]])(b'{"a":[1]}')
    assert (found["b"], found) == ([], {"a": [1], "b": []})
