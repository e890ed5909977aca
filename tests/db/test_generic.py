"""Databases through SQLAlchemy's plain drivers, tried on MariaDB."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.conftest import eventually, service_url
from tests.db.models import Country, Team, User
from triode.db import Database, Duplicate, Field, Model, OutOfRange, ValueRefused, transaction
from triode.db.engine import Write
from triode.db.engine.generic import GenericEngine
from triode.db.statement import drive

pytestmark = pytest.mark.service("mariadb")


@pytest.fixture(params=["mariadb"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Run the tests of this module on MariaDB alone."""
    return str(request.param)


def engine_of(database: Database) -> GenericEngine:
    assert isinstance(database.engine, GenericEngine)
    return database.engine


class Stamp(Model):
    text: str
    made: str = Field(server_default="'now'", max_length=20)


@pytest.fixture
def without_returning(empty: Database) -> Database:
    """Give a database that has no RETURNING at all, as MySQL."""
    empty.create_tables(Stamp, Country).run()
    empty.engine.dialect.insert_returning = False
    return empty


def test_generated_values_come_without_returning(without_returning: Database) -> None:
    first, second = Stamp(text="a").save().run(), Stamp(text="b", made="then").save().run()
    assert (first.id, first.made, second.id, second.made) == (1, "now", 2, "then")
    with transaction():
        assert Stamp(text="c").save().run().id == 3


def test_own_key_comes_without_returning(without_returning: Database) -> None:
    assert Country(code="de", name="Germany").save().run().code == "de"
    assert Country.get("de").run().name == "Germany"


def test_name_of_a_key_is_found(database: Database) -> None:
    Team(name="a").save().run()
    with pytest.raises(Duplicate) as caught:
        Team(name="a").save().run()
    assert (caught.value.fields, caught.value.value) == (("name",), "a")


def test_name_of_a_foreign_key_is_found_in_the_database(empty: Database) -> None:
    empty.fetch(
        sa.text(
            "CREATE TABLE team (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80), "
            "UNIQUE KEY made_by_hand (name))"
        )
    ).run()
    Team(name="a").save().run()
    with pytest.raises(Duplicate, match="Team with this name already exists"):
        Team(name="a").save().run()


@pytest.mark.parametrize("value", [["a"], {"a": 1}, ("a", "b"), object(), float("nan")])
def test_value_that_the_driver_would_write_as_sql_is_refused(
    database: Database, value: object
) -> None:
    with pytest.raises(ValueRefused):
        drive(database.engine.blocking.read("SELECT %s", (value,)))


def test_number_beyond_64_bits_is_refused(database: Database) -> None:
    with pytest.raises(OutOfRange):
        drive(database.engine.blocking.read("SELECT %s", (2**63,)))


def test_member_of_an_enum_is_sent_by_its_value(database: Database) -> None:
    class Colour(StrEnum):
        RED = "red"

    assert drive(database.engine.blocking.read("SELECT %s", (Colour.RED,))) == [("red",)]


def test_texts_differ_in_case_accents_and_spaces(database: Database) -> None:
    for name in ("a", "A", "ä", "a "):
        Team(name=name).save().run()
    assert Team.where(name="a").count().run() == 1


def test_zero_is_not_compared_with_a_word(database: Database) -> None:
    Team(name="a").save().run()
    with pytest.raises(ValueRefused):
        Team.where(id="a").run()
    with pytest.raises(ValueRefused):
        User.where(age="0 OR 1").run()


def test_group_of_writes_is_all_or_nothing(database: Database) -> None:
    insert = "INSERT INTO team (name) VALUES (%s)"
    with pytest.raises(Exception, match="Duplicate entry"):
        drive(database.engine.blocking.write([Write(insert, ("a",)), Write(insert, ("a",))]))
    assert Team.count().run() == 0


async def kill_connections(database: Database) -> None:
    """End every connection of this database, as an administrator does."""
    name = make_url(database.url).database
    admin = Database(service_url("mariadb") or "")
    rows = await admin.fetch(
        sa.text("SELECT id FROM information_schema.processlist WHERE db = :name").bindparams(
            name=name
        )
    )
    for row in rows:
        with suppress(sa.exc.OperationalError):  # it has ended by itself meanwhile
            await admin.fetch(sa.text(f"KILL {row[0]}"))
    await admin.stop()


def test_killed_connections_are_replaced(database: Database) -> None:
    async def work() -> int:
        await asyncio.gather(*(Team.count() for _ in range(5)))
        await kill_connections(database)
        return sum(await asyncio.gather(*(Team.count() for _ in range(5))))

    assert asyncio.run(work()) == 0


def test_stream_that_is_left_gives_its_connection_back(database: Database) -> None:
    async def work() -> None:
        for number in range(3):
            await Team(name=f"t{number}").save()
        for _ in range(25):
            async for _team in Team.order_by(Team.id):
                break

    asyncio.run(work())
    pool: Any = engine_of(database)._engine.pool
    assert eventually(pool.checkedout, 0) == 0
