"""Every type of field and every relation: models, script, database, and nothing differs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Network
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.db.kinds import Document, Spot, Temperature, TemperatureColumn
from triode.db import (
    Check,
    Duplicate,
    Field,
    ForeignKey,
    Index,
    ManyToMany,
    Model,
    OneToOne,
    ValueRefused,
    lower,
    model_registry,
)
from triode.db.migrations import Migrations
from triode.schema import Email, Url


class Suit(enum.Enum):
    HEARTS = "h"
    SPADES = "s"


class Rank(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: int
    y: int


TYPES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "int": (int, 3, {}),
    "float": (float, 1.5, {}),
    "decimal": (Decimal, Decimal("1.50"), {"max_digits": 6, "decimal_places": 2}),
    "str": (str, "it's 100% \\ new", {}),
    "email": (Email, "a@b.org", {}),
    "url": (Url, "https://x.org/", {}),
    "bytes": (bytes, b"\x00'\xff", {}),
    "bool": (bool, True, {}),
    "date": (date, date(2026, 1, 2), {}),
    "time": (time, time(1, 2, 3, 4), {}),
    "datetime": (datetime, datetime.fromisoformat("2026-01-02T03:04:05.000006+00:00"), {}),
    "timedelta": (timedelta, timedelta(days=-1, microseconds=5), {}),
    "uuid": (UUID, UUID(int=5), {}),
    "enum": (Suit, Suit.SPADES, {}),
    "int enum": (Rank, Rank.HIGH, {}),
    "literal": (Literal["a", "b"], "b", {}),
    "int literal": (Literal[1, 2], 2, {}),
    "dict": (dict[str, Any], {"a": [1, "it's"]}, {}),
    "list": (list[int], [1, 2], {}),
    "dataclass": (Point, Point(1, 2), {}),
    "local": (datetime, datetime(2026, 1, 2, 3, 4, 5, 6), {"timezone": False}),
    "address": (IPv4Address, IPv4Address("10.0.0.1"), {}),
    "network": (IPv6Network, IPv6Network("2001:db8::/32"), {}),
    "path": (PurePosixPath, PurePosixPath("/it's/x"), {}),
    "pydantic": (Document, Document(number=1, signed=date(2026, 1, 2)), {}),
    "pydantic list": (list[Document], [Document(number=1, signed=date(2026, 1, 2))], {}),
    "attrs": (Spot, Spot(3), {}),
    "numbers": (list[int], [3, -1], {"array": True}),
    "words": (list[str], ["a", "it's"], {"array": True}),
    "amounts": (
        list[Annotated[Decimal, Field(max_digits=6, decimal_places=2)]],
        [Decimal("1.50"), Decimal(-3)],
        {"array": True},
    ),
    "moments": (list[datetime], [datetime(2026, 1, 2, tzinfo=UTC)], {"array": True}),
    "own": (Temperature, Temperature(36.5), {"column_type": TemperatureColumn}),
    "foreign": (str, "abc", {"column_type": sa.String(30)}),
    "checked": (int, 3, {"check": "1 < 2"}),
}


def define(kind: str, **fields: tuple[Any, Any]) -> type[Model]:
    namespace: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": kind,
        "__annotations__": {name: annotation for name, (annotation, _) in fields.items()},
        **{name: given for name, (_, given) in fields.items()},
    }
    made: type[Model] = type(Model)(kind, (Model,), namespace)
    return made


def apply(migrations: Migrations, message: str) -> None:
    assert migrations.make(message) is not None
    migrations.upgrade()


@pytest.mark.parametrize("name", TYPES)
def test_nothing_differs_after_the_script(migrations: Migrations, name: str) -> None:
    annotation, value, options = TYPES[name]
    fields = {
        "plain": (annotation, Field(**options)),
        "empty": (annotation | None, Field(default=None, **options)),
    }
    model = define("Thing", **fields)
    apply(migrations, "first")
    assert migrations.check() == ([], [])
    saved = model(plain=value).save().run()
    assert model.get(saved.id).run().plain == value


@pytest.mark.parametrize("name", TYPES)
def test_rows_that_exist_get_the_default(migrations: Migrations, name: str) -> None:
    annotation, value, options = TYPES[name]
    model = define("Thing", other=(int, Field()))
    apply(migrations, "first")
    model(other=1).save().run()
    given = Field(default_factory=lambda: value, **options)
    model = define("Thing", other=(int, Field()), added=(annotation, given))
    apply(migrations, "added")
    [row] = model.all().run()
    assert row.added == value
    assert migrations.check().problems == []
    assert [step.message for step in migrations.downgrade()] == ["added"]


def test_script_of_one_engine_runs_on_another(
    on_sqlite: Migrations, migrations: Migrations
) -> None:
    on_sqlite.directory = migrations.directory = migrations.directory.with_name("shared")
    first = {name.replace(" ", "_"): (int, Field()) for name in ("other",)}
    define("Thing", **first)
    with on_sqlite.database.active():
        apply(on_sqlite, "first")
    migrations.upgrade()
    model = define("Thing", **first)
    with migrations.database.active():
        model(other=1).save().run()
    added = {
        name.replace(" ", "_"): (annotation, Field(default_factory=lambda v=value: v, **options))
        for name, (annotation, value, options) in TYPES.items()
    }
    model = define("Thing", **first, **added)
    with on_sqlite.database.active():
        apply(on_sqlite, "added")
    migrations.upgrade()
    with migrations.database.active():
        [row] = model.all().run()
    assert {name: getattr(row, name.replace(" ", "_")) for name in TYPES} == {
        name: value for name, (_, value, _) in TYPES.items()
    }


def test_every_relation_and_option(migrations: Migrations) -> None:
    class Country(Model):
        code: str = Field(primary_key=True, max_length=2)

    class City(Model):
        key: UUID = Field(primary_key=True, default_factory=uuid4)
        name: str = Field(max_length=80)
        country: Country = ForeignKey(on_delete="cascade", related_name="cities")
        twin: City | None = ForeignKey(on_delete="set null")
        mayor: Person | None = ForeignKey(on_delete="protect", unique=True)

        class Meta:
            unique_together = [("name", "country")]
            indexes = [("name", "twin")]
            db_table = "towns"

    class Person(Model):
        name: str = Field(unique=True, max_length=80)
        born: date | None = Field(default=None, index=True)
        home: City | None = ForeignKey(on_delete="restrict")
        friends: list[Person] = ManyToMany()
        visited: list[City] = ManyToMany(through="Visit", related_name="visitors")
        seen: list[Country] = ManyToMany()
        made: str = Field(server_default="'x'")

    class Visit(Model):
        person: Person = ForeignKey(on_delete="cascade")
        city: City = ForeignKey(on_delete="no action")
        days: int = Field(default=1, ge=1)

    del Visit
    apply(migrations, "first")
    assert migrations.check() == ([], [])
    assert migrations.make("nothing") is None
    for table in model_registry.tables():
        assert table.model.count().run() == 0
    migrations.downgrade("base")
    assert [step.message for step in migrations.upgrade()] == ["first"]
    assert migrations.check() == ([], [])


def test_every_table_option(migrations: Migrations) -> None:
    class Bird(Model):
        a: str = Field(max_length=20)
        b: int
        price: Decimal = Field(max_digits=6, decimal_places=2)

        class Meta:
            primary_key = ("a", "b")
            constraints = [Check(lambda bird: bird.price >= Decimal("0.50"), name="bird_price")]
            indexes = [Index("-b", "price")]

    class Nest(Model):
        bird: str = Field(check="length(bird) > 1", max_length=20)
        is_full: bool = False
        owner: Owner = OneToOne(on_delete="cascade", related_name="nest")

        if "mariadb" not in migrations.database.url:

            class Meta:
                indexes = [
                    Index(lambda nest: lower(nest.bird), unique=True),
                    Index("bird", unique=True, where=lambda nest: nest.is_full == True),  # noqa: E712
                ]

    class Owner(Model):
        name: str

    apply(migrations, "first")
    assert migrations.check() == ([], [])
    assert migrations.make("nothing") is None
    Nest(bird="wren", owner=Owner(name="x").save().run()).save().run()
    Bird(a="x", b=1, price=Decimal("0.50")).save().run()
    with pytest.raises(ValueRefused):
        Bird(a="y", b=1, price=Decimal("0.49")).save().run()
    if "mariadb" not in migrations.database.url:
        with pytest.raises(Duplicate):
            Nest(bird="WREN", owner=Owner(name="y").save().run()).save().run()
    migrations.downgrade("base")
    assert [step.message for step in migrations.upgrade()] == ["first"]
    assert migrations.check() == ([], [])
