"""A model with two columns of most kinds, the second one optional, and random rows of it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from triode.db import Field, Model

Row = dict[str, Any]

WORDS = ("", "a", "Ab", "B b", "äö", "ÄB", "_%", "a*b[c]", "Éa", "12")
FIRST = datetime(1999, 12, 28, tzinfo=UTC)


class Cell(Model):
    whole: int
    some_whole: int | None
    real: float
    some_real: float | None
    money: Decimal = Field(max_digits=10, decimal_places=2)
    some_fine: Decimal | None = Field(max_digits=12, decimal_places=4)
    text: str
    some_text: str | None
    flag: bool
    some_flag: bool | None
    day: date
    some_day: date | None
    moment: datetime
    some_moment: datetime | None
    span: timedelta
    some_span: timedelta | None


def random_rows(seed: int, count: int = 12) -> list[Row]:
    """Return rows of which every second optional value is missing."""
    chance = random.Random(seed)

    def moment() -> datetime:
        return FIRST + timedelta(microseconds=chance.randrange(10**15))

    def span() -> timedelta:
        return timedelta(microseconds=chance.randrange(-(10**12), 10**12))

    def row() -> Row:
        found = {
            "whole": chance.randrange(-9, 10),
            "some_whole": chance.choice([-3, 0, 2, 10**6]),
            "real": chance.randrange(-40, 40) / 4,
            "some_real": chance.choice([0.0, -1.5, 2.5, 1000.125]),
            "money": Decimal(chance.randrange(-9999, 9999)).scaleb(-2),
            "some_fine": Decimal(chance.randrange(-9999, 9999)).scaleb(-4),
            "text": chance.choice(WORDS),
            "some_text": chance.choice(WORDS),
            "flag": chance.random() < 0.5,
            "some_flag": chance.random() < 0.5,
            "day": moment().date(),
            "some_day": moment().date(),
            "moment": moment(),
            "some_moment": moment(),
            "span": span(),
            "some_span": span(),
        }
        absent = [name for name in found if name.startswith("some_") and chance.random() < 0.5]
        return {**found, **dict.fromkeys(absent)}

    return [row() for _ in range(count)]
