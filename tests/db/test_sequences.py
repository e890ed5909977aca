"""Keys that were given, and those that the database makes after them."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from tests.db.models import Hero, Team
from triode.db import Database, QueryError, transaction
from triode.db.transfer.dumping import dump
from triode.db.transfer.loading import load


def next_key(name: str = "next") -> int:
    return int(Team(name=name).save().run().id)


@pytest.mark.parametrize("count", [3, 60])  # on PostgreSQL by INSERT, and by COPY
def test_key_after_insert_many_with_keys(database: Database, count: int) -> None:
    Team.insert_many({"id": 100 + at, "name": f"n{at}"} for at in range(count)).run()
    assert next_key() == 100 + count


def test_key_after_save_with_a_key(database: Database) -> None:
    team = Team(id=41, name="a").save().run()
    assert (team.id, next_key()) == (41, 42)


def test_lower_key_changes_nothing(database: Database) -> None:
    Team(id=41, name="a").save().run()
    Team(id=7, name="b").save().run()
    Team.insert_many([{"id": 8, "name": "c"}, {"name": "d"}]).run()
    assert Team.get(name="d").run().id == 42
    assert next_key() == 43


def test_key_after_save_with_a_key_in_a_transaction(database: Database) -> None:
    with transaction():
        Team(id=41, name="a").save().run()
        assert next_key() == 42


def test_rows_are_found_by_keys_that_are_given(database: Database) -> None:
    Hero(name="a").save().run()
    Hero.upsert([{"id": 1, "name": "b"}, Hero(id=50, name="c")], on=Hero.id).run()
    assert Hero.order_by(Hero.id).tuples(Hero.id, Hero.name).run() == [(1, "b"), (50, "c")]
    assert Hero(name="next").save().run().id == 51
    with pytest.raises(QueryError) as caught:
        Hero.upsert([{"name": "d"}], on=Hero.id).run()
    assert caught.value.message == "A row of upsert has no id, by which it would be found."


def test_row_is_created_with_the_key_that_is_given(database: Database) -> None:
    if database.engine.dialect.name in ("mysql", "mariadb"):
        pytest.skip("get_or_create by RETURNING is for SQLite and PostgreSQL.")
    team, is_new = Team.get_or_create({"name": "a"}, id=41).run()
    assert (team.id, is_new, next_key()) == (41, True, 42)


def test_key_after_loading(database: Database) -> None:
    Team(id=300, name="a").save().run()
    lines: list[bytes] = []
    asyncio.run(dump(database, lines.append, [Team]))
    Team.all().delete().run()
    asyncio.run(load(database, lines))
    assert next_key() == 301


def test_loading_never_gives_a_key_again(database: Database) -> None:
    lines: list[bytes] = []
    first = next_key("a")
    asyncio.run(dump(database, lines.append, [Team]))
    last = next_key("b")
    Team.all().delete().run()
    asyncio.run(load(database, lines))
    assert (first, last, next_key("c")) == (1, 2, 3)


@pytest.mark.parametrize(
    "engine_name", [pytest.param("postgres", marks=pytest.mark.service("postgres"))], indirect=True
)
def test_role_that_may_not_move_the_sequence_may_insert(database: Database) -> None:
    role = f"{database.fetch(sa.text('SELECT current_schema()')).run()[0][0]}_role"

    async def work() -> int:
        async with transaction():
            for text in (
                f"CREATE ROLE {role}",
                f"GRANT USAGE ON SCHEMA {role.removesuffix('_role')} TO {role}",
                f"GRANT SELECT, INSERT ON team TO {role}",
                f"GRANT USAGE ON team_id_seq TO {role}",
                f"SET LOCAL ROLE {role}",
            ):
                await database.fetch(sa.text(text))
            team = await Team(id=41, name="a").save()
            await database.fetch(sa.text("RESET ROLE"))
            await database.fetch(sa.text(f"DROP OWNED BY {role}"))
            await database.fetch(sa.text(f"DROP ROLE {role}"))
            return int(team.id)

    assert asyncio.run(work()) == 41


def test_other_columns_cost_no_further_statement(database: Database) -> None:
    seen: list[str] = []
    stop = database.observe(lambda sql, seconds, rows: seen.append(sql))
    Hero(name="a").save().run()
    Hero.insert_many([{"name": "b"}, {"name": "c"}]).run()
    stop()
    assert [text for text in seen if "setval" in text] == []
