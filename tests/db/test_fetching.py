"""Statements of SQLAlchemy's, and the objects that their rows become."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
import pytest
import sqlalchemy as sa

from tests.db.models import Hero, Team, User
from tests.db.test_streaming import fill
from triode.db import Database, NotLoaded, QueryError


class Line(msgspec.Struct):
    id: int
    shout: str


@dataclass
class Named:
    name: str


@pytest.fixture
def heroes(database: Database) -> Database:
    team = Team(name="red").save().run()
    Hero.insert_many([{"name": name, "team": team} for name in "abc"]).run()
    return database


def test_rows_become_objects_of_the_model(heroes: Database) -> None:
    found = heroes.fetch(sa.select(Hero.table).order_by(Hero.table.c.id), into=Hero).run()
    assert found == Hero.order_by(Hero.id).run()
    assert [hero.created for hero in found] == [
        hero.created for hero in Hero.order_by(Hero.id).run()
    ]
    with pytest.raises(NotLoaded):
        _ = found[0].team
    found[0].load(Hero.team).run()
    assert [hero.team.name for hero in found if hero.team] == ["red"] * 3
    found[0].name = "x"
    assert found[0].save().run().name == "x"


def test_joined_columns_are_passed_over(heroes: Database) -> None:
    joined = sa.select(Hero.table, Team.table.c.name.label("team_name")).join(Team.table)
    assert len(heroes.fetch(joined, into=Hero).run()) == 3


def test_secret_columns_belong_to_the_object(database: Database) -> None:
    user = User(email="a@x.org", age=3, password="secret").save().run()
    [found] = database.fetch(sa.select(User.table), into=User).run()
    assert (found.email, found.password) == (user.email, "secret")


def test_rows_become_objects_of_ones_own(heroes: Database) -> None:
    hero = Hero.table.c
    lines = sa.select(hero.id, sa.func.upper(hero.name).label("shout")).order_by(hero.id)
    assert heroes.fetch(lines, into=Line).run() == [Line(1, "A"), Line(2, "B"), Line(3, "C")]
    assert heroes.fetch(sa.select(Team.table.c.name), into=Named).run() == [Named("red")]


def test_what_a_change_returns_becomes_objects(heroes: Database) -> None:
    if heroes.engine.dialect.name in ("mysql", "mariadb"):
        pytest.skip("MariaDB has no UPDATE … RETURNING.")
    change = sa.update(Team.table).values(name="blue").returning(*Team.table.columns)
    assert [team.name for team in heroes.fetch(change, into=Team).run()] == ["blue"]


def test_part_of_a_model_is_refused(heroes: Database) -> None:
    with pytest.raises(QueryError) as caught:
        heroes.fetch(sa.select(Hero.table.c.id), into=Hero).run()
    assert caught.value.message == (
        "A Hero is always whole, and the statement does not select its name, team_id, created. "
        "Write select(Hero.table)."
    )


def test_columns_that_do_not_fit_are_named(heroes: Database) -> None:
    with pytest.raises(QueryError) as caught:
        heroes.fetch(sa.select(Team.table), into=Named).run()
    assert caught.value.message == (
        "Named cannot be made of the columns id, name: Named.__init__() got an unexpected keyword "
        "argument 'id'. Select what it wants, by the names that it wants: column.label(…)."
    )


def test_text_has_to_name_its_columns(heroes: Database) -> None:
    text = sa.text("SELECT id, name FROM team")
    with pytest.raises(QueryError, match=r"Write text\(…\)\.columns\(…\)"):
        heroes.fetch(text, into=Team).run()
    [team] = heroes.fetch(text.columns(*Team.table.columns), into=Team).run()
    assert team == Team.get(1).run()


def test_statement_is_streamed(database: Database) -> None:
    fill(database, 1100)
    every = sa.select(Team.table).order_by(Team.table.c.id)

    async def last() -> Team:
        return [team async for team in database.fetch(every, into=Team)][-1]

    assert asyncio.run(last()).name == "n1100"
    assert sum(row.id for row in database.fetch(every)) == 1100 * 1101 // 2


def test_write_is_not_streamed(database: Database) -> None:
    with pytest.raises(QueryError) as caught:
        list(database.fetch(sa.delete(Team.table)))
    assert caught.value.message == (
        "DELETE may write, and is not streamed. Await it, or run() it, for a list."
    )
