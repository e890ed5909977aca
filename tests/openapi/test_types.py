"""Every kind of type gives a valid document: as parameter, body and response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar
from uuid import UUID

import attrs
import msgspec
import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from triode.app import App
from triode.binding import Query
from triode.schema import Email, FieldInfo, Url

T = TypeVar("T")


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Cat(msgspec.Struct, tag="cat"):
    lives: int = 9


class Dog(msgspec.Struct, tag="dog"):
    good: bool = True


class Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next: str | None = None


class Tree(msgspec.Struct):
    name: str
    children: list[Tree] = []


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Options(TypedDict, total=False):
    verbose: bool


@dataclass
class Account:
    owner: str
    tags: list[str] = field(default_factory=list)


@attrs.define
class Wheel:
    inches: int = 28


class Car(BaseModel):
    wheels: list[int]
    colour: Literal["red", "blue"] = "red"


SCALARS: list[Any] = [
    int, float, bool, str, bytes, Decimal, date, datetime, time, timedelta, UUID, Size, Level,
    Path, IPv4Address, Email, Url, Literal["a", 2, None], int | None, int | str,
    Annotated[int, FieldInfo(ge=1, lt=9, multiple_of=2)],
    Annotated[str, FieldInfo(min_length=1, max_length=3, pattern="^a")],
]  # fmt: skip
OBJECTS: list[Any] = [
    Any, None, object, list[int], set[str], frozenset[int], tuple[int, str], tuple[int, ...],
    dict[str, int], dict[int, Size], Mapping[str, Any], Sequence[Account], Cat | Dog, Page[int],
    Page[Cat | Dog], Tree, Point, Options, Account, Wheel, Car, Car | Account | None,
    dict[str, list[Car]],
]  # fmt: skip


def described(annotation: Any) -> dict[str, Any]:
    async def handler(value: Any) -> Any: ...

    handler.__annotations__.update({"value": annotation, "return": annotation})
    app = App()
    app.add_api_route("/", handler, methods=["POST"])
    return app.openapi()


@pytest.mark.parametrize("annotation", [*SCALARS, *OBJECTS], ids=str)
def test_document_is_valid(annotation: Any) -> None:
    validate(described(annotation))


@pytest.mark.parametrize("annotation", SCALARS, ids=str)
def test_scalar_without_a_marker_is_a_query_parameter(annotation: Any) -> None:
    operation = described(annotation)["paths"]["/"]["post"]

    assert [parameter["in"] for parameter in operation["parameters"]] == ["query"]
    assert "requestBody" not in operation


def test_type_with_a_format_behind_a_marker() -> None:
    app = App()

    @app.get("/")
    async def handler(address: Annotated[Email, Query(alias="to")]) -> None: ...

    assert app.openapi()["paths"]["/"]["get"]["parameters"] == [
        {
            "name": "to",
            "in": "query",
            "required": True,
            "schema": {"type": "string", "format": "email", "title": "To"},
        }
    ]
