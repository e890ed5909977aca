"""Rows made to fit their models."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from triode.db import Database, Field, ForeignKey, Model
from triode.schema import Email, Url
from triode.testing import Factory
from triode.testing.values import CannotMake


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclass
class Spot:
    x: int
    y: int


class Owner(Model):
    email: Email = Field(unique=True)
    name: str = Field(min_length=30, max_length=40)
    password: str = Field(write_only=True)


class Pet(Model):
    owner: Owner = ForeignKey(related_name="pets")
    friend: Pet | None = ForeignKey()
    nick: str = Field(unique=True, max_length=2)
    code: str = Field(unique=True, pattern=r"^[A-Z]{2}-\d{3,}(x|yz)?$")
    age: int = Field(ge=3, lt=100, multiple_of=3)
    weight: float = Field(gt=0)
    price: Decimal = Field(max_digits=5, decimal_places=2, ge=10)
    debt: int = Field(le=-5)
    kind: str = Field(choices=[("cat", "Cat"), ("dog", "Dog")])
    colour: Colour
    size: Literal["s", "l"]
    born: date
    seen: datetime
    feeding: time
    nap: timedelta
    chip: UUID
    link: Url
    tame: bool
    photo: bytes
    tags: list[str] = Field(min_length=2)
    notes: dict[str, Any]
    spot: Spot
    legs: int = 4
    motto: str | None = None


@pytest.fixture
def opened() -> Iterator[Database]:
    database = Database("sqlite://")
    with database.active():
        database.create_tables(Owner, Pet).run()
        yield database
    database.close()


def test_every_field_that_needs_a_value_gets_a_valid_one(opened: Database) -> None:
    pet = Factory()(Pet).run()
    assert re.fullmatch(r"[A-Z]{2}-\d{3,}(x|yz)?", pet.code)
    assert (pet.age, pet.weight, pet.price, pet.debt) == (3, 0.5, Decimal("10.00"), -6)
    assert (pet.kind, pet.colour, pet.size, pet.tame) == ("cat", Colour.RED, "s", True)
    assert (pet.legs, pet.motto, pet.friend_id) == (4, None, None)
    assert (pet.tags, pet.notes, pet.spot) == (["tags 1", "tags 2"], {}, Spot(1, 1))
    assert Pet.get(pet.id).run().owner_id == 1


def test_given_values_are_kept(opened: Database) -> None:
    factory = Factory()
    owner = factory(Owner, email="ada@x.org").run()
    pet = factory(Pet, owner=owner, age=30).run()
    assert (pet.age, pet.owner_id, Owner.count().run()) == (30, owner.id, 1)


def test_many_rows_are_all_different(opened: Database) -> None:
    pets = Factory().many(Pet, 60).run()
    assert len({pet.nick for pet in pets}) == len({pet.code for pet in pets}) == 60
    assert len({pet.owner_id for pet in pets}) == 60


def test_same_seed_gives_the_same(opened: Database) -> None:
    made = [Factory(seed).build(Pet, owner_id=1) for seed in (1, 1, 2)]
    assert [pet.code == made[0].code for pet in made] == [True, True, False]
    assert made[0].chip == made[1].chip != made[2].chip


async def build_and_save() -> tuple[int, int]:
    factory = Factory()
    unsaved = factory.build(Owner)
    before = await Owner.count()
    await unsaved.save()
    return before, await Owner.count()


def test_built_object_is_not_saved(opened: Database) -> None:
    import asyncio

    assert asyncio.run(build_and_save()) == (0, 1)


def test_value_that_cannot_be_invented_is_asked_for(opened: Database) -> None:
    class Odd(Model):
        code: str = Field(pattern=r"^(?=.*\d)[a-z]+$")

    with pytest.raises(CannotMake, match=r"Odd\.code: .* Give a value: factory\(Odd, code=…\)"):
        Factory().build(Odd)


def test_models_that_need_each_other_are_told(opened: Database) -> None:
    class Egg(Model):
        hen: Hen = ForeignKey()

    class Hen(Model):
        egg: Egg = ForeignKey()

    with pytest.raises(CannotMake, match="need each other in a circle"):
        Factory()(Egg).run()
