"""A program with every kind of type in every place, which answers with what it was sent.

What a document promises of it is held by tests that send what the document allows and what it
forbids (`test_promises.py`), and by a TypeScript compiler (`test_clients.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from pathlib import PurePosixPath
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar
from uuid import UUID

import attrs
import msgspec
import pydantic

from triode.app import App
from triode.binding.markers import Body, Cookie, Form, Header, Path, Query
from triode.schema import Email, FieldInfo, Url

T = TypeVar("T")


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark-blue"


class Mixed(Enum):
    WORD = "a"
    NUMBER = 2


class Cat(msgspec.Struct, tag="cat"):
    lives: int = 9


class Dog(msgspec.Struct, tag="dog"):
    good: bool = True


class Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next: str | None = None


class Tree(msgspec.Struct):
    """A name and what is below it."""

    name: str
    children: list[Tree] = []


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    first_name: Annotated[str, FieldInfo(min_length=1, max_length=20)]
    last_name: str | None = None


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Options(TypedDict):
    verbose: bool
    level: NotRequired[Level]


@dataclass
class Account:
    owner: Annotated[str, FieldInfo(pattern="^[a-z]+$")]
    number: Annotated[int, FieldInfo(read_only=True)] = 1
    secret: Annotated[str, FieldInfo(write_only=True)] = ""
    tags: list[str] = field(default_factory=list)


@attrs.define
class Wheel:
    inches: int = 28


class Engine(pydantic.BaseModel):
    kind: Literal["diesel", "petrol"]
    litres: float = pydantic.Field(gt=0, le=10)


class Motor(pydantic.BaseModel):
    kind: Literal["electric"]
    watts: int = 1000

    @pydantic.computed_field
    def kilowatts(self) -> float:
        return self.watts / 1000


class Car(pydantic.BaseModel):
    wheels: list[int]
    colour: Literal["red", "blue"] = "red"
    drive: Annotated[Engine | Motor, pydantic.Field(discriminator="kind")]


SCALARS: dict[str, Any] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "decimal": Decimal,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "uuid": UUID,
    "enum": Size,
    "int-enum": Level,
    "str-enum": Colour,
    "mixed-enum": Mixed,
    "path-like": PurePosixPath,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "network": IPv4Network,
    "email": Email,
    "url": Url,
    "literal": Literal["a", 2],
    "nullable": int | None,
    "nullable-str": str | None,
    "union": int | str,
    "bounded": Annotated[int, FieldInfo(ge=1, lt=90, multiple_of=3)],
    "bounded-float": Annotated[float, FieldInfo(gt=0, le=1)],
    "multiple": Annotated[float, FieldInfo(multiple_of=0.1)],
    "sized": Annotated[str, FieldInfo(min_length=1, max_length=3)],
    "pattern": Annotated[str, FieldInfo(pattern="^[a-z]{2,4}$")],
    "money": Annotated[Decimal, FieldInfo(max_digits=5, decimal_places=2, ge=0)],
}
LISTS: dict[str, Any] = {
    "list": list[int],
    "list-of-str": list[str],
    "set": set[str],
    "sized-list": Annotated[list[int], FieldInfo(min_length=1, max_length=3)],
    "sized-set": Annotated[set[int], FieldInfo(min_length=1, max_length=3)],
    "tuple": tuple[int, str],
    "any-tuple": tuple[int, ...],
}
OBJECTS: dict[str, Any] = {
    "any": Any,
    "frozenset": frozenset[int],
    "dict": dict[str, int],
    "dict-of-int": dict[int, Size],
    "dict-of-date": dict[date, str],
    "sized-dict": Annotated[dict[str, bool], FieldInfo(min_length=1, max_length=2)],
    "mapping": Mapping[str, Any],
    "sequence": Sequence[Account],
    "tagged": Cat | Dog,
    "page-of-int": Page[int],
    "page-of-tagged": Page[Cat | Dog],
    "tree": Tree,
    "strict": Strict,
    "named-tuple": Point,
    "typed-dict": Options,
    "dataclass": Account,
    "attrs": Wheel,
    "pydantic": Car,
    "either": Car | Account | None,
    "deep": dict[str, list[Car]],
}

app = App(title="Wide")


def echo(annotation: Any, marker: Any) -> Callable[..., Any]:
    """Return a handler that takes a value and gives it back."""

    async def handler(value: Any) -> Any:
        return value

    handler.__annotations__.update({"value": Annotated[annotation, marker], "return": annotation})
    return handler


for name, annotation in SCALARS.items():
    app.add_api_route(f"/query/{name}", echo(annotation, Query()), name=f"query {name}")
    app.add_api_route(f"/path/{name}/{{value}}", echo(annotation, Path()), name=f"path {name}")
    app.add_api_route(
        f"/header/{name}", echo(annotation, Header(alias="x-value")), name=f"header {name}"
    )
    app.add_api_route(f"/cookie/{name}", echo(annotation, Cookie()), name=f"cookie {name}")
    app.add_api_route(
        f"/form/{name}", echo(annotation, Form()), methods=["POST"], name=f"form {name}"
    )
for name, annotation in LISTS.items():
    app.add_api_route(f"/query/{name}", echo(annotation, Query()), name=f"query {name}")
    app.add_api_route(
        f"/form/{name}", echo(annotation, Form()), methods=["POST"], name=f"form {name}"
    )
for name, annotation in {**SCALARS, **LISTS, **OBJECTS}.items():
    app.add_api_route(
        f"/body/{name}", echo(annotation, Body()), methods=["POST"], name=f"body {name}"
    )
