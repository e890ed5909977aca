"""Rows written into lines, and read again: the same rows, in any database."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path, PurePosixPath

import pytest

from tests.db.kinds import Document, Kinds, Level, Point, Size, Spot, Suit, Temperature
from tests.db.models import ALL, Country, Hero, Power, Subdivision, Team, User
from triode.db import Database, Field, ForeignKey, Model
from triode.db.errors import DataError
from triode.db.transfer.dumping import PAGE, dump
from triode.db.transfer.loading import load

MODELS = [*ALL, Kinds]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    """Give another database, with the same tables and no rows."""
    made = Database(f"sqlite:///{tmp_path / 'other.db'}")
    made.create_tables(*MODELS).run()
    yield made
    made.close()


def lines_of(database: Database, *models: object) -> list[bytes]:
    lines: list[bytes] = []
    asyncio.run(dump(database, lines.append, models or MODELS))
    return lines


def fill() -> None:
    User(email="ada@x.org", age=3, bio=None, password="secret").save().run()
    team = Team(name="Zé").save().run()
    hero = Hero(name="Ann", team=team).save().run()
    hero.add(Hero.powers, Power(name="flight").save().run()).run()
    country = Country(code="DE", name="Germany").save().run()
    parent = Subdivision(code="Z", name="parent", country=country).save().run()
    Subdivision(code="A", name="child", country=country, parent=parent).save().run()
    Kinds().save().run()
    Kinds(
        whole=-(2**63),
        real=0.1,
        exact=Decimal("123456789.125"),
        text='it\'s "ü"\n',
        raw=b"\x00\xff",
        flag=False,
        day=date(1, 1, 1),
        clock=time(23, 59, 59, 999999),
        moment=datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
        span=timedelta(days=-3, microseconds=7),
        suit=Suit.SPADES,
        level=Level.HIGH,
        choice="b",
        number_choice=2,
        table_={"a": [1, None, {"b": 0.5}]},
        items_=[3, 1],
        point=Point(1, 2),
        size=Size(3),
        link="https://x.org/",
        local=datetime(2026, 1, 2, 3, 4),
        address=IPv4Address("10.0.0.1"),
        path=PurePosixPath("a/b"),
        document=Document(number=1, signed=date(2026, 1, 2)),
        documents=[Document(number=2, signed=date(2026, 1, 3))],
        spot=Spot(4),
        addresses=[IPv4Address("10.0.0.2")],
        numbers=[1, 2],
        words=["a", "b"],
        days=[date(2026, 1, 2)],
        heat=Temperature(20.5),
        plain="plain",
    ).save().run()


def test_rows_are_the_same_in_another_database(database: Database, other: Database) -> None:
    fill()
    lines = lines_of(database)
    assert asyncio.run(load(other, lines)) == len(lines) == 10
    assert lines_of(other) == lines
    with other.active():
        hero = Hero.include(Hero.team, Hero.powers).get().run()
        assert (hero.team.name, hero.powers[0].name) == ("Zé", "flight")
        assert User.get().run().password == "secret"
        kinds = Kinds.where(whole=-(2**63)).get().run()
    with database.active():
        kept = Kinds.get(kinds.key).run()
    for field in Kinds.__table__.fields:
        assert getattr(kinds, field.name) == getattr(kept, field.name), field.name


def test_rows_of_sqlite_come_into_any_database(database: Database, other: Database) -> None:
    with other.active():
        fill()
    lines = lines_of(other)
    asyncio.run(load(database, lines))
    assert lines_of(database) == lines
    assert Team(name="next").save().run().id == 2


def test_parents_come_first(database: Database) -> None:
    fill()
    text = b"".join(lines_of(database)).decode()
    assert text.index('"team"') < text.index('"hero"') < text.index('"hero_powers"')


def test_one_model_alone(database: Database) -> None:
    fill()
    assert lines_of(database, Team) == [b'{"table":"team","row":{"id":1,"name":"Z\xc3\xa9"}}\n']


def test_many_rows_come_in_pages(database: Database, other: Database) -> None:
    Power.insert_many({"name": f"p{number}"} for number in range(2 * PAGE + 1)).run()
    hero = Hero(name="Ann").save().run()
    hero.add(Hero.powers, *Power.all().run()).run()
    lines = lines_of(database)
    assert asyncio.run(load(other, lines)) == 4 * PAGE + 3
    assert lines_of(other) == lines


def test_rows_that_refer_to_each_other(empty: Database) -> None:
    class Hen(Model):
        egg: Nest | None = ForeignKey()
        mother: Hen | None = ForeignKey()

    class Nest(Model):
        layer: Hen = ForeignKey()

    empty.create_tables(Hen, Nest).run()
    lines = [
        b'{"table":"hen","row":{"id":1,"egg_id":7,"mother_id":2}}\n',
        b'{"table":"hen","row":{"id":2,"egg_id":null,"mother_id":null}}\n',
        b'{"table":"nest","row":{"id":7,"layer_id":2}}\n',
    ]
    assert asyncio.run(load(empty, lines)) == 3
    assert sorted(lines_of(empty, Hen, Nest)) == sorted(lines)
    with pytest.raises(
        DataError, match=r"A row of hen has egg_id 99, and there is no such row of nest\."
    ):
        asyncio.run(load(empty, [b'{"table":"hen","row":{"id":3,"egg_id":99}}']))
    assert Hen.count().run() == 2


def test_numbers_that_json_has_not(other: Database) -> None:
    class Measure(Model):
        real: float = Field(allow_inf_nan=True)

    with other.active():
        other.create_tables(Measure).run()
        Measure(real=-math.inf).save().run()
        lines = lines_of(other, Measure)
        assert b'"real":"-inf"' in lines[0]
        Measure.all().delete().run()
        asyncio.run(load(other, lines))
        assert Measure.get().run().real == -math.inf


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Line 2 is no row: "),
        ('{"table": "moon", "row": {}}', "Line 2 is of the table 'moon', which no model has"),
        ('{"table": "team", "row": {"x": 1}}', "Line 2: team has no column 'x'. It has: id, name."),
        ('{"table": "team", "row": {"name": []}}', "Line 2: team.name cannot hold []: "),
        (
            '{"table": "kinds", "row": {"raw": "?"}}',
            "Line 2: kinds.raw cannot hold '?': it is no b",
        ),
        ('{"table": "kinds", "row": {"suit": "q"}}', "Line 2: kinds.suit cannot hold 'q': "),
        ('{"table": "team", "row": {"name": "a"}}', "of lines 1 to 2 was refused by team: "),
        (
            '{"table": "subdivision", "row": {"code": "A", "name": "a", "country_id": "XX"}}',
            "has country_id 'XX'",
        ),
    ],
)
def test_wrong_line_is_named_and_nothing_is_loaded(
    database: Database, line: str, message: str
) -> None:
    lines = [b'{"table": "team", "row": {"name": "a"}}', line.encode()]
    with pytest.raises(DataError) as caught:
        asyncio.run(load(database, lines))
    assert message in caught.value.message
    assert Team.count().run() == 0
