from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import ipaddress
import json
import pathlib
import re
import sqlite3
import uuid
from collections import UserDict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pydantic
import pytest
from typing_extensions import TypedDict

from triode.schema import (
    FieldInfo,
    ResponseValidationFailed,
    SecretText,
    describe,
    json_encoder,
)
from triode.security import OAuth2PasswordRequestForm


class Item(msgspec.Struct):
    name: str
    price: float = 1.0


class PricedItem(Item):
    cost: float = 0.5


class Account(msgspec.Struct):
    login: str
    password: Annotated[str, FieldInfo(write_only=True)] = "hunter22"


class Team(msgspec.Struct):
    members: list[Account]
    lead: Account | None = None


class Shelf(msgspec.Struct):
    items: list[Item] = []
    best: Item | None = None
    parent: Shelf | None = None
    movie: Movie | None = None


@dataclasses.dataclass
class Point:
    x: int
    y: Annotated[int, FieldInfo(alias="why")] = 0


class Movie(TypedDict):
    title: str


class Color(enum.Enum):
    RED = "red"
    HALF = 1.5


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Item, Item("a"), b'{"name":"a","price":1.0}'),
        (Item, PricedItem("a"), b'{"name":"a","price":1.0}'),
        (Item, {"name": "a", "price": 2, "cost": 9}, b'{"name":"a","price":2}'),
        (list[Item], [PricedItem("a")], b'[{"name":"a","price":1.0}]'),
        (list[Item], (each for each in [Item("a")]), b'[{"name":"a","price":1.0}]'),
        (dict[str, Item], {"k": {"name": "a", "x": 1}}, b'{"k":{"name":"a","price":1.0}}'),
        (Item | None, None, b"null"),
        (Item | int, 5, b"5"),
        (Account, Account("a"), b'{"login":"a"}'),
        (Team, Team([], Account("b")), b'{"members":[],"lead":{"login":"b"}}'),
        (list[Team], [Team([])], b'[{"members":[],"lead":null}]'),
        (Point, Point(1, 2), b'{"x":1,"why":2}'),
        (Point, {"x": "1", "y": 2}, b'{"x":1,"why":2}'),
        (Movie, {"title": "Brazil", "secret": 1}, b'{"title":"Brazil"}'),
        (int, "5", b"5"),
        (SecretText, "x", b'"**********"'),
        (Color, Color.HALF, b"1.5"),
        (list[Color], [Color.RED], b'["red"]'),
        (set[int], {1}, b"[1]"),
        (tuple[int, Item], (1, Item("a")), b'[1,{"name":"a","price":1.0}]'),
        (Any, {"a": Item("b")}, b'{"a":{"name":"b","price":1.0}}'),
        (None, Item("a"), b'{"name":"a","price":1.0}'),
        (dt.datetime, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), b'"2020-01-01T00:00:00Z"'),
        (Decimal, Decimal("1.10"), b'"1.10"'),
        (uuid.UUID, uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (bytes, b"\xff", b'"/w=="'),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_is_written_by_its_declared_type(
    annotation: Any, value: Any, expected: bytes
) -> None:
    assert json_encoder(annotation)(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ipaddress.ip_address("::1"), b'"::1"'),
        (pathlib.PurePosixPath("/a/b"), b'"/a/b"'),
        (re.compile("a+"), b'"a+"'),
        (collections.deque([1]), b"[1]"),
        (range(2), b"[0,1]"),
        ({1: "a"}.keys(), b"[1]"),
        (collections.Counter("aa"), b'{"a":2}'),
        (float("nan"), b"null"),
        (2**70, b"1180591620717411303424"),
    ],
    ids=str,
)
def test_what_msgspec_does_not_know_is_written_too(value: Any, expected: bytes) -> None:
    assert json_encoder()(value) == expected


def test_an_object_that_merely_has_the_attributes_will_do() -> None:
    class Row:
        name = "a"
        price = 2.5
        secret = "x"

    assert json_encoder(Item)(Row()) == b'{"name":"a","price":2.5}'


def test_a_value_of_another_type_is_a_mistake_of_the_server() -> None:
    with pytest.raises(ResponseValidationFailed) as caught:
        json_encoder(list[Item])([{"price": "x"}, 7])
    assert [(each["type"], each["loc"]) for each in caught.value.problems] == [
        ("missing", (0, "name")),
        ("float_parsing", (0, "price")),
        ("model_attributes_type", (1,)),
    ]
    assert str(caught.value) == (
        "The returned value is not what the handler declares: $[0].name: Field required; "
        "$[0].price: Input should be a valid number, unable to parse string as a number; "
        "$[1]: Input should be a valid dictionary or object to extract fields from. "
        "Return the declared type, or declare what is returned. [response-validation-failed]"
    )


def test_what_nothing_stands_for_is_named() -> None:
    with pytest.raises(TypeError, match=r"A value of type .*Opaque cannot be written as JSON"):
        json_encoder()(type("Opaque", (), {})())


class Thing:
    """A plain class, as a dependency or an ORM may bring it."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def test_a_plain_object_is_written_as_its_attributes() -> None:
    account = Thing(id=1, _sa_instance_state=object(), owner=Thing(name="a"))
    assert json_encoder()([account]) == b'[{"id":1,"owner":{"name":"a"}}]'


def test_a_row_is_written_as_its_columns() -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("SELECT 1 AS id, 'a' AS name").fetchone()
    connection.close()
    assert json_encoder()({"row": row}) == b'{"row":{"id":1,"name":"a"}}'


@pytest.mark.parametrize(
    "hold",
    [
        lambda secret: Thing(inner=secret),
        lambda secret: deque([secret]),
        lambda secret: UserDict({"inner": secret}),
    ],
)
def test_nothing_inside_an_object_shows_what_is_never_sent(hold: Callable[[Any], Any]) -> None:
    assert b"hunter22" not in json_encoder()([hold(Account("a"))])
    assert b"hunter22" not in json_encoder()(hold(Account("a")))


@pytest.mark.parametrize(
    "value",
    [
        OAuth2PasswordRequestForm(username="a", password="hush"),
        type("Form", (OAuth2PasswordRequestForm,), {})(username="a", password="hush"),
        ValueError("hush"),
        Thing,
    ],
)
def test_a_form_with_a_password_is_no_answer(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        json_encoder()({"inner": value})


def test_serialize_gives_builtins() -> None:
    value = {"name": "a", "price": Decimal("1.5")}
    assert describe(Item).serialize(value) == {"name": "a", "price": 1.5}
    assert describe(dt.date).serialize(dt.date(2020, 1, 1)) == "2020-01-01"


@pytest.mark.parametrize(
    "shelf",
    [
        Shelf([PricedItem("a")]),
        Shelf(best=PricedItem("a")),
        Shelf(parent=Shelf([Item("b"), PricedItem("a")])),
        Shelf(movie={"title": "Brazil", "cost": 1}),  # type: ignore[typeddict-unknown-key]
    ],
)
def test_no_subclass_inside_an_object_shows_more_than_is_declared(shelf: Shelf) -> None:
    for encode in (json_encoder(Shelf), lambda value: json_encoder(list[Shelf])([value])):
        assert b"cost" not in encode(shelf)


def test_an_object_of_exact_objects_is_written_directly() -> None:
    node = describe(Shelf)
    shelf = Shelf([Item("a")], Item("b"), Shelf(), {"title": "Brazil"})
    assert node.dump(shelf, (), []) is shelf
    assert node.dump(Shelf([PricedItem("a")]), (), []) is not None


class Vault(msgspec.Struct):
    owner: str
    code: Annotated[str, FieldInfo(write_only=True)] = "1234"


class Bank(msgspec.Struct):
    vaults: list[Vault] = []


@pytest.mark.parametrize("annotation", [None, Any, dict[str, Any], list[Any], object])
def test_what_is_never_sent_is_not_sent_undeclared_either(annotation: Any) -> None:
    vault = Vault("ada")
    for value in (vault, [vault], {"a": (vault,)}, Bank([vault]), [{"b": Bank([vault])}]):
        held = {"x": value} if annotation == dict[str, Any] else [value]
        written = json_encoder(annotation)(held)
        assert b"1234" not in written
        assert b'"owner":"ada"' in written


def test_what_does_not_fit_its_own_class_is_filtered_all_the_same() -> None:
    vault = Vault(owner=[1])  # type: ignore[arg-type]
    assert json_encoder()(vault) == b'{"owner":[1]}'


class Priced(pydantic.BaseModel):
    full_name: str = pydantic.Field(alias="fullName")
    price: float | None = None


class Secretive(Priced):
    secret: str = "s"


@pytest.mark.parametrize(
    ("annotation", "value", "sent"),
    [
        (Priced, Priced(fullName="a"), {"fullName": "a", "price": None}),
        (Priced, Secretive(fullName="a"), {"fullName": "a", "price": None}),
        (Priced, {"fullName": "a", "price": "1.5", "more": 1}, {"fullName": "a", "price": 1.5}),
        (list[Priced], [], []),
        (
            list[Priced],
            [Priced(fullName="a"), {"fullName": "b"}, Secretive(fullName="é", price=2)],
            [
                {"fullName": "a", "price": None},
                {"fullName": "b", "price": None},
                {"fullName": "é", "price": 2.0},
            ],
        ),
        (list[list[Priced]], [[Priced(fullName="a")]], [[{"fullName": "a", "price": None}]]),
        (list[Priced], (Priced(fullName="a"),), [{"fullName": "a", "price": None}]),
    ],
)
def test_what_is_all_pydantics_is_written_by_pydantic(
    annotation: Any, value: Any, sent: Any
) -> None:
    assert json.loads(json_encoder(annotation)(value)) == sent


def test_wrong_item_of_a_list_of_models_is_told() -> None:
    with pytest.raises(ResponseValidationFailed) as caught:
        json_encoder(list[Priced])([Priced(fullName="a"), {"price": "x"}])
    assert [problem["loc"] for problem in caught.value.errors()] == [
        ("response", 1, "fullName"),
        ("response", 1, "price"),
    ]
