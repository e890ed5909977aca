from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
import uuid
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import msgspec
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, computed_field
from typing_extensions import TypedDict

from triode.schema import (
    Create,
    Email,
    FieldInfo,
    Patch,
    Registry,
    Url,
    describe,
    json_decoder,
    json_encoder,
)

T = TypeVar("T")
TUPLE = {
    "type": "array",
    "prefixItems": [{"type": "integer"}],
    "items": {},
    "minItems": 1,
    "maxItems": 1,
}


class Color(enum.StrEnum):
    """What can be seen."""

    RED = "red"


class User(msgspec.Struct):
    """Somebody."""

    id: Annotated[int, FieldInfo(read_only=True)] = 0
    user_name: Annotated[str, FieldInfo(min_length=1, title="Name", examples=["ada"])] = ""
    email: Email | None = None
    password: Annotated[str, FieldInfo(write_only=True, description="Never sent.")] = "x"
    color: Color = Color.RED
    friends: list[User] = []


@dataclasses.dataclass
class Page(Generic[T]):
    items: list[T]
    total: int


class Cat(msgspec.Struct, tag="cat"):
    lives: int = 9


class Dog(msgspec.Struct, tag="dog"):
    tricks: list[str] = []


class Movie(TypedDict, total=False):
    title: str


class Place(NamedTuple):
    x: float
    y: float = 0.0


class Model(BaseModel):
    child: Model | None = None
    color: Color = Color.RED


def schema_of(annotation: Any, mode: Any = "input") -> Any:
    registry = Registry()
    return registry.resolve(describe(annotation).json_schema(registry, mode))


def component(annotation: Any, name: str, mode: Any = "input") -> Any:
    registry = Registry()
    describe(annotation).json_schema(registry, mode)
    return registry.components()[name]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, {"type": "integer"}),
        (
            Annotated[int, FieldInfo(ge=1, lt=5)],
            {"type": "integer", "minimum": 1, "exclusiveMaximum": 5},
        ),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Any, {}),
        (
            Annotated[str, FieldInfo(max_length=3, pattern="^a")],
            {"type": "string", "maxLength": 3, "pattern": "^a"},
        ),
        (dt.datetime, {"type": "string", "format": "date-time"}),
        (dt.date, {"type": "string", "format": "date"}),
        (dt.timedelta, {"type": "string", "format": "duration"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (Email, {"type": "string", "format": "email"}),
        (Url, {"type": "string", "format": "uri"}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (int | str | None, {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
        (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}),
        (Literal[1], {"const": 1, "type": "integer"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (tuple[int], TUPLE),
        (list, {"type": "array", "items": {}}),
        (
            bytes,
            {
                "type": "string",
                "contentEncoding": "base64",
                "contentMediaType": "application/octet-stream",
            },
        ),
        (
            Annotated[bytes, FieldInfo(min_length=1, max_length=4)],
            {
                "type": "string",
                "contentEncoding": "base64",
                "contentMediaType": "application/octet-stream",
                "minLength": 4,
                "maxLength": 8,
            },
        ),
        (
            Decimal,
            {
                "anyOf": [
                    {"type": "number"},
                    {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(?:\.[0-9]+)?$"},
                ]
            },
        ),
        (
            dict[int, str],
            {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "propertyNames": {"pattern": "^-?[0-9]+$"},
            },
        ),
        (
            dict[dt.date, Any],
            {
                "type": "object",
                "additionalProperties": True,
                "propertyNames": {"format": "date"},
            },
        ),
        (
            list[Annotated[int, FieldInfo(description="In grams.", examples=[5])]],
            {
                "type": "array",
                "items": {"type": "integer", "description": "In grams.", "examples": [5]},
            },
        ),
        (
            Annotated[str, FieldInfo(title="Word")] | int,
            {"anyOf": [{"type": "string", "title": "Word"}, {"type": "integer"}]},
        ),
        (Color, {"$ref": "#/components/schemas/Color"}),
    ],
    ids=str,
)  # fmt: skip
def test_a_type_has_its_json_schema(annotation: Any, expected: Any) -> None:
    assert schema_of(annotation) == expected


@pytest.mark.parametrize(
    ("limits", "accepted", "refused"),
    [
        ({}, ["0", "-1", "1.50", "007"], ["", "-", ".", "1e3", "x"]),
        ({"ge": 0}, ["0", "1.5"], ["-1"]),
        ({"gt": 0}, ["0.01", "10"], ["0", "0.00", "-1"]),
        ({"decimal_places": 2}, ["1", "1.25", "1.2300"], ["1.234"]),
        ({"decimal_places": 0}, ["12"], ["1.2"]),
        ({"max_digits": 4}, ["1234", "12.34", "0001"], ["12345", "123.45"]),
        ({"max_digits": 5, "decimal_places": 2}, ["123.45", "0123.4"], ["1234", "1.234"]),
    ],
    ids=str,
)
def test_text_of_a_decimal_is_promised_as_it_is_read(
    limits: Any, accepted: list[str], refused: list[str]
) -> None:
    annotation = Annotated[Decimal, FieldInfo(**limits)]
    pattern, decode = schema_of(annotation)["anyOf"][1]["pattern"], json_decoder(annotation)
    for text in accepted:
        assert re.search(pattern, text)
        assert isinstance(decode(f'"{text}"'.encode()), Decimal)
    assert [text for text in refused if re.search(pattern, text)] == []


@pytest.mark.parametrize("text", ["0", "-0", "1.50", "1E+3", "1E-10", "123456789.000000001"])
def test_text_of_a_decimal_is_sent_as_it_is_promised(text: str) -> None:
    sent = msgspec.json.decode(json_encoder(Decimal)(Decimal(text)))

    assert re.search(schema_of(Decimal, "output")["pattern"], sent)


def test_an_object_as_it_is_sent() -> None:
    assert component(User, "User", "output") == {
        "type": "object",
        "title": "User",
        "description": "Somebody.",
        "properties": {
            "id": {"type": "integer", "title": "Id", "readOnly": True, "default": 0},
            "user_name": {
                "type": "string",
                "minLength": 1,
                "title": "Name",
                "examples": ["ada"],
                "default": "",
            },
            "email": {
                "anyOf": [{"type": "string", "format": "email"}, {"type": "null"}],
                "title": "Email",
            },
            "color": {"$ref": "#/components/schemas/Color", "default": "red"},
            "friends": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/User"},
                "title": "Friends",
            },
        },
        "required": ["id", "user_name", "email", "color", "friends"],
    }


def test_what_a_client_may_send_is_a_component_of_its_own() -> None:
    create, patch = component(Create[User], "UserCreate"), component(Patch[User], "UserPatch")
    names = ["user_name", "email", "password", "color", "friends"]
    assert list(create["properties"]) == list(patch["properties"]) == names
    assert create["properties"]["password"] == {
        "type": "string",
        "title": "Password",
        "description": "Never sent.",
        "writeOnly": True,
        "default": "x",
    }
    assert "default" not in patch["properties"]["password"]
    assert "required" not in patch


def test_input_and_output_have_two_names_only_where_they_differ() -> None:
    registry = Registry()
    refs = [
        describe(each).json_schema(registry, mode)
        for each in (User, Cat, Page[Cat], Page[User])
        for mode in ("input", "output")
    ]
    names = [each["$ref"].rpartition("/")[2] for each in registry.resolve(refs)]
    assert names == [
        "User-Input", "User-Output", "Cat-Input", "Cat-Output", "Page_Cat_-Input",
        "Page_Cat_-Output", "Page_User_-Input", "Page_User_-Output",
    ]  # fmt: skip
    assert component(Page[Place], "Page_Place_")["title"] == "Page[Place]"


def test_two_classes_of_one_name_have_their_modules_in_front() -> None:
    registry = Registry()
    other = dataclasses.make_dataclass("User", [("age", int)])
    other.__module__ = "shop.models"
    for each in (User, other):
        describe(each).json_schema(registry, "output")
    assert sorted(set(registry.components()) - {"Color"}) == [
        "shop__models__User",
        f"{__name__.replace('.', '__')}__User",
    ]


def test_a_tagged_union_names_its_tag() -> None:
    assert schema_of(Cat | Dog) == {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {
            "propertyName": "type",
            "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"},
        },
    }
    assert component(Cat, "Cat", "output")["required"] == ["type", "lives"]


def test_pydantic_models_join_the_components() -> None:
    registry = Registry()
    describe(Model).json_schema(registry, "input")
    describe(Color).json_schema(registry, "input")
    assert set(registry.components()) == {"Model", "Color"}
    child = registry.components()["Model"]["properties"]["child"]
    assert child["anyOf"][0] == {"$ref": "#/components/schemas/Model"}


def test_pydantic_model_with_a_computed_field_has_two_names() -> None:
    class Motor(BaseModel):
        watts: int

        @computed_field
        def kilowatts(self) -> float:
            return self.watts / 1000

    registry = Registry()
    for mode in ("input", "output"):
        describe(Motor).json_schema(registry, mode)  # type: ignore[arg-type]

    found = {name: list(body["properties"]) for name, body in registry.components().items()}
    assert found == {"Motor-Input": ["watts"], "Motor-Output": ["watts", "kilowatts"]}


def test_bytes_of_pydantic_are_base64_where_its_configuration_says_so() -> None:
    class Upload(BaseModel):
        model_config = {"val_json_bytes": "base64"}

        data: bytes

    octets = {"type": "string", "contentMediaType": "application/octet-stream", "title": "Data"}
    assert component(Upload, "Upload")["properties"]["data"] == {
        **octets,
        "contentEncoding": "base64",
    }
    assert component(Upload, "Upload", "output")["properties"]["data"] == octets


def test_extra_words_are_added_last() -> None:
    class Odd(msgspec.Struct):
        a: Annotated[int, FieldInfo(json_schema_extra={"x-odd": 1}, deprecated=True)]
        b: Annotated[int, FieldInfo(include_in_schema=False)] = 1

    assert component(Odd, "Odd")["properties"] == {
        "a": {"type": "integer", "title": "A", "deprecated": True, "x-odd": 1}
    }


@pytest.mark.parametrize("annotation", [User, Page[User], Cat | Dog, list[Movie], Place, Model])
def test_what_is_sent_and_accepted_fits_the_schema(annotation: Any) -> None:
    registry = Registry(prefix="#/$defs/")
    schema = describe(annotation).json_schema(registry, "output")
    document = {**registry.resolve(schema), "$defs": registry.components()}
    Draft202012Validator.check_schema(document)
    sample = {
        User: b'{"user_name": "ada"}',
        Place: b"[1]",
        Model: b'{"child": {}}',
        Page[User]: b'{"items": [{"user_name": "a"}], "total": 1}',
    }.get(annotation, b"[{}]" if annotation == list[Movie] else b'{"type": "cat"}')
    value = json_decoder(annotation)(sample)
    Draft202012Validator(document).validate(msgspec.json.decode(json_encoder(annotation)(value)))
