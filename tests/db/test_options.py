"""Options of a database: pool size, time-out of statements, prepared statements."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import service_url
from tests.db.models import Team
from triode.db import Database, StatementTimeout, transaction
from triode.db.engine.sqlite import SQLiteEngine
from triode.errors import ConfigError

LONG = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(20)",
    "mariadb": "SELECT sleep(20)",
}
LONG_WRITE = {
    "sqlite": "INSERT INTO team (name) WITH RECURSIVE n(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'x' || x FROM n",
    "postgresql": "INSERT INTO team (name) SELECT 'x' || pg_sleep(20)",
    "mariadb": "INSERT INTO team (name) SELECT concat('x', sleep(20))",
}


@pytest.fixture
def hurried(database: Database) -> Database:
    """Give the same database again, in which a statement may take a quarter of a second."""
    return Database(database.url, statement_timeout=0.25)


def sql_for(database: Database, texts: dict[str, str]) -> Any:
    return sa.text(texts[database.engine.dialect.name.replace("mysql", "mariadb")])


def test_long_statement_is_ended(hurried: Database) -> None:
    async def work() -> None:
        for texts in (LONG, LONG_WRITE):
            with pytest.raises(StatementTimeout) as caught:
                await hurried.fetch(sql_for(hurried, texts))
            assert caught.value.status_code == 503
        with pytest.raises(StatementTimeout):
            async with transaction(read_only=True):
                await hurried.fetch(sql_for(hurried, LONG))
        await Team(name="after").save()

    with hurried.active():
        asyncio.run(work())
        assert [team.name for team in Team.where().run()] == ["after"]
        with pytest.raises(StatementTimeout):
            hurried.fetch(sql_for(hurried, LONG)).run()
    hurried.close()


def test_block_with_a_long_statement_is_undone(hurried: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            await hurried.fetch(sql_for(hurried, LONG_WRITE))

    with hurried.active():
        with pytest.raises(StatementTimeout):
            asyncio.run(work())
        assert Team.count().run() == 0
    hurried.close()


def test_neighbours_of_a_long_write_are_written(sqlite: Database) -> None:
    hurried = Database(sqlite.url, statement_timeout=0.25)

    async def work() -> list[object]:
        early = [Team(name=f"early {number}").save() for number in range(5)]
        long = hurried.fetch(sql_for(hurried, LONG_WRITE))
        late = [Team(name=f"late {number}").save() for number in range(5)]
        return list(await asyncio.gather(*early, long, *late, return_exceptions=True))

    with hurried.active():
        found = [type(each) for each in asyncio.run(work())]
        assert found == [*[Team] * 5, StatementTimeout, *[Team] * 5]
        assert Team.count().run() == 10
    hurried.close()


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("sqlite://?pool_size=many", {}, "pool_size='many' .* a number of connections"),
        ("postgresql://host/name?statement_timeout=5s", {}, "such as 2.5"),
        ("sqlite://", {"pool_size": -1}, "pool_size=-1"),
        ("sqlite://", {"prepared_statements": "perhaps"}, "true or false"),
    ],
)
def test_senseless_option_is_refused(url: str, options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Database(url, **options)
    assert caught.value.code == "database-option"


def test_options_in_the_address_are_no_part_of_the_file() -> None:
    made = Database("sqlite:///app.db?pool_size=3&statement_timeout=1.5")
    assert isinstance(made.engine, SQLiteEngine)
    assert str(made.engine.path) == "app.db"


@pytest.mark.service("postgres")
def test_pool_is_as_large_as_said() -> None:
    made = Database(f"{service_url('postgres')}?pool_size=2")

    async def work() -> int:
        sleep = sa.text("SELECT pg_backend_pid(), pg_sleep(0.05)")
        rows = await asyncio.gather(*(made.fetch(sleep) for _ in range(8)))
        await made.stop()
        return len({row[0][0] for row in rows})

    assert asyncio.run(work()) == 2


@pytest.mark.service("mariadb")
def test_pool_of_plain_drivers_is_as_large_as_said() -> None:
    made = Database(service_url("mariadb") or "", pool_size=2)

    async def work() -> int:
        sleep = sa.text("SELECT connection_id(), sleep(0.05)")
        rows = await asyncio.gather(*(made.fetch(sleep) for _ in range(8)))
        await made.stop()
        return len({row[0][0] for row in rows})

    assert asyncio.run(work()) == 2
