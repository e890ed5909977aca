"""The models of docs/models.md, in use."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from uuid import UUID

import msgspec

from triode.db import (
    Check,
    ColumnType,
    Database,
    Field,
    ForeignKey,
    Include,
    Index,
    ManyToMany,
    Model,
    OneToOne,
    Related,
    any_of,
    col,
    computed,
    lower,
    none_of,
    related,
    utcnow,
    uuid7,
)
from triode.schema import Email, Url


class State(Enum):
    DRAFT = "draft"
    SOLD = "sold"


class Size(msgspec.Struct):
    width: int
    height: int


class Product(Model):
    name: str = Field(max_length=80, index=True)
    price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    state: State = State.DRAFT
    size: Size | None = None
    tags: list[str] = []
    website: Url | None = None
    seen_from: IPv4Address | None = None
    opens: datetime | None = Field(default=None, timezone=False)
    ratings: list[int] = Field(default_factory=list, array=True)

    @computed
    def label(self) -> str:
        """The name as it stands in the shop's window."""
        return f"{self.name}, {self.price}"


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class MoneyColumn(ColumnType[Money]):
    base = int

    def write(self, value: Money) -> int:
        return value.cents

    def read(self, value: int) -> Money:
        if value < 0:
            raise ValueError("There is no negative money.")
        return Money(value)


class Voucher(Model):
    worth: Money = Field(column_type=MoneyColumn)


class Stamped:
    created: datetime = Field(default_factory=utcnow, read_only=True)


class Owned(Stamped, Model):
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    owner: str

    class Meta:
        abstract = True
        ordering = ["-created"]


class Document(Owned):
    title: str


class Account(Model):
    email: Email
    is_active: bool = True
    low: int = 0
    high: int = 10

    class Meta:
        db_table = "accounts"
        verbose_name = "customer account"
        unique_together = ("email", "low")
        indexes = [
            Index(lambda account: lower(account.email), unique=True),
            Index("-high", where=lambda account: account.is_active == True),  # noqa: E712
        ]
        constraints = [
            Check(lambda account: account.low <= account.high, message="The range is upside down."),
        ]


class Team(Model):
    name: str = Field(unique=True)
    heroes: list[Hero] = Related()


class Power(Model):
    name: str


class Hero(Model):
    name: str
    age: int = 30
    team: Team | None = ForeignKey(on_delete="set null", related_name="heroes")
    powers: list[Power] = ManyToMany(related_name="heroes", through="Skill")
    badge: Badge | None = Related()


class Badge(Model):
    hero: Hero = OneToOne(on_delete="cascade", related_name="badge")
    text: str


class Skill(Model):
    hero: Hero = ForeignKey(on_delete="cascade")
    power: Power = ForeignKey(on_delete="cascade")
    level: int = 1

    class Meta:
        primary_key = ("hero", "power")


MODELS = [Product, Voucher, Document, Account, Team, Power, Hero, Badge, Skill]


async def tell() -> dict[str, object]:
    team = await Team(name="Z").save()
    ann = await Hero(name="ann", age=61, team=team).save()
    await Hero(name="bob", team=team).save()
    await Badge(hero=ann, text="gold").save()
    flight = await Power(name="flight").save()

    await ann.add(Hero.powers, flight, level=7)
    skill = await Skill.get((ann.id, flight.id))

    old = await Team.where(any_of(Team.heroes, Hero.age > 60, Hero.name == "ann"))
    young = await Team.where(none_of(Team.heroes, Hero.age > 60))
    of_ann = await Team.where(related(Team.heroes).name == "ann")

    eldest = Include(Team.heroes, Hero.where(col(Hero.age) > 20).order_by("-age").limit(1))
    [full] = await Team.include(eldest, related(Team.heroes).badge)
    return {
        "level": skill.level,
        "old": [each.name for each in old],
        "young": [each.name for each in young],
        "of_ann": [each.name for each in of_ann],
        "eldest": [hero.name for hero in full.heroes],
    }


async def archive() -> int:
    database = Database("sqlite://")
    await database.create_tables(Document)
    with database.active():
        await Document(owner="ann", title="old").save()
        found = await Document.count()
    await database.stop()
    return found
