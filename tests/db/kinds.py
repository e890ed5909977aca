"""A model with a field of every kind."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid4

import msgspec

from triode.db import Field, Model
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
