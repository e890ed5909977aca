"""A model with a field of every kind."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Interface
from pathlib import PurePosixPath
from typing import Any, Literal
from uuid import UUID, uuid4

import attrs
import msgspec
import pydantic
import sqlalchemy as sa

from triode.db import ColumnType, Field, Model
from triode.schema import Url


class Suit(enum.Enum):
    HEARTS = "h"
    SPADES = "s"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: int
    y: int


class Size(msgspec.Struct):
    width: int
    height: int = 1


class Document(pydantic.BaseModel):
    number: int
    signed: date


@attrs.define
class Spot:
    x: int


class Temperature:
    """A class that Triode knows nothing of."""

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Temperature) and other.degrees == self.degrees

    def __hash__(self) -> int:
        return hash(self.degrees)


class TemperatureColumn(ColumnType[Temperature]):
    base = float

    def write(self, value: Temperature) -> float:
        return value.degrees

    def read(self, value: float) -> Temperature:
        if value < -273.15:
            raise ValueError("Nothing is colder than -273.15.")
        return Temperature(value)


class Kinds(Model):
    key: UUID = Field(primary_key=True, default_factory=uuid4)
    whole: int | None = None
    real: float | None = None
    exact: Decimal | None = Field(default=None, max_digits=12, decimal_places=3)
    text: str | None = None
    raw: bytes | None = None
    flag: bool | None = None
    day: date | None = None
    clock: time | None = None
    moment: datetime | None = None
    span: timedelta | None = None
    suit: Suit | None = None
    level: Level | None = None
    choice: Literal["a", "b"] | None = None
    number_choice: Literal[1, 2] | None = None
    table_: dict[str, Any] | None = None
    items_: list[int] | None = None
    point: Point | None = None
    size: Size | None = None
    link: Url | None = None
    local: datetime | None = Field(default=None, timezone=False)
    address: IPv4Address | None = None
    interface: IPv6Interface | None = None
    network: IPv4Network | None = None
    path: PurePosixPath | None = None
    document: Document | None = None
    documents: list[Document] | None = None
    spot: Spot | None = None
    addresses: list[IPv4Address] | None = None
    numbers: list[int] | None = Field(default=None, array=True)
    words: list[str] | None = Field(default=None, array=True)
    days: list[date] | None = Field(default=None, array=True)
    heat: Temperature | None = Field(default=None, column_type=TemperatureColumn)
    plain: str | None = Field(default=None, column_type=sa.String(30))
