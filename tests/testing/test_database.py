"""What a test does is undone, and how many statements it took is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import service_url
from triode.db import Database, Duplicate, Field, Model, transaction
from triode.framework import Triode
from triode.testing import TestClient, count_queries, rolled_back


class Coin(Model):
    name: str = Field(unique=True)
    value: int = 1


ENGINES = ["sqlite://", "file", pytest.param("postgres", marks=pytest.mark.service("postgres"))]


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = request.param
    if url == "file":
        url = f"sqlite:///{tmp_path / 'coins.db'}"
    database = Database(service_url("postgres") if url == "postgres" else url)
    with database.active():
        database.create_tables(Coin).run()
        yield database
        database.drop_tables(Coin).run()
    database.close()


def test_all_is_undone(database: Database) -> None:
    with rolled_back(database):
        coin = Coin(name="a").save().run()
        assert Coin.count().run() == 1
    assert Coin.count().run() == 0
    assert coin.id is None


def fail_within_a_transaction() -> None:
    with transaction():
        Coin(name="b").save().run()
        raise RuntimeError


def test_transactions_within_work_as_ever(database: Database) -> None:
    with rolled_back(database):
        with transaction():
            Coin(name="a").save().run()
        with pytest.raises(RuntimeError):
            fail_within_a_transaction()
        with pytest.raises(Duplicate):
            Coin(name="a").save().run()
        assert [coin.name for coin in Coin.all().run()] == ["a"]
    assert Coin.count().run() == 0


def test_requests_belong_to_it(database: Database) -> None:
    app = Triode(database=database)

    @app.post("/coins")
    async def add(name: str) -> int:
        async with transaction():
            await Coin(name=name).save()
        return await Coin.count()

    @app.get("/coins")
    def names() -> list[str]:
        return [coin.name for coin in Coin.all().run()]

    with rolled_back(database):
        Coin(name="first").save().run()
        with TestClient(app) as client:
            assert client.post("/coins?name=second").json() == 2
            assert client.get("/coins").json() == ["first", "second"]
        assert Coin.count().run() == 2
    assert Coin.count().run() == 0


def test_async_code_belongs_to_it(database: Database) -> None:
    async def work() -> int:
        async with transaction():
            await Coin(name="a").save()
        await asyncio.gather(*[Coin(name=str(number)).save() for number in range(5)])
        return await Coin.count()

    with rolled_back(database):
        assert asyncio.run(work()) == 6
    assert Coin.count().run() == 0


def test_statements_are_counted(database: Database) -> None:
    with count_queries() as queries:
        Coin(name="a").save().run()
        with transaction(), transaction():
            Coin.count().run()
    assert queries.count == 2
    Coin.count().run()
    assert [text.split()[0] for text in queries.statements] == ["INSERT", "SELECT"]


def test_wrong_number_lists_them(database: Database) -> None:
    with pytest.raises(AssertionError) as caught, count_queries(2):
        Coin.count().run()
    assert str(caught.value).startswith("2 statements expected, 1 ran:\n  1. SELECT count(*)")


def test_counting_within_a_rollback_and_beside_another_observer(database: Database) -> None:
    seen: list[str] = []
    stop = database.observe(lambda sql, seconds, rows: seen.append(sql))
    with rolled_back(database), count_queries(1), count_queries(1):
        Coin(name="a").save().run()
    stop()
    Coin.count().run()
    assert len(seen) == 1
    assert "channel" not in vars(database)
