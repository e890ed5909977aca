"""Loops over queries: bounded memory, and connections that come back when a loop is left."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import eventually
from tests.db.models import Hero, Power, Team
from tests.db.test_interruptions import connections_in_use, end_connection
from triode.db import (
    ConnectionLost,
    Database,
    DatabaseBusy,
    TransactionError,
    col,
    function,
    transaction,
)
from triode.db.engine import stream_turns
from triode.db.engine.sqlite import SQLiteEngine

MEGABYTE = 1024 * 1024


def fill(database: Database, count: int) -> None:
    """Insert teams named n1, n2, … without Python's help."""
    numbers = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0}) "
        "INSERT INTO team (name) SELECT 'n' || i FROM n",
        "postgresql": "INSERT INTO team (name) SELECT 'n' || i FROM generate_series(1, {0}) i",
        "mysql": "INSERT INTO team (name) SELECT concat('n', seq) FROM seq_1_to_{0}",
        "mariadb": "INSERT INTO team (name) SELECT concat('n', seq) FROM seq_1_to_{0}",
    }
    sql = numbers[database.engine.dialect.name].format(count)
    database.fetch(sa.text(sql)).run()


def count_plainly() -> int:
    return sum(1 for _ in Team.order_by(Team.id))


def count_plainly_inside() -> int:
    with transaction():
        return count_plainly()


async def count_awaiting() -> int:
    return sum([1 async for _ in Team.order_by(Team.id)])


async def count_awaiting_inside() -> int:
    async with transaction():
        return await count_awaiting()


WAYS = {
    "plain": count_plainly,
    "plain in a transaction": count_plainly_inside,
    "awaiting": lambda: asyncio.run(count_awaiting()),
    "awaiting in a transaction": lambda: asyncio.run(count_awaiting_inside()),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_memory_is_bounded(database: Database, way: str) -> None:
    rows = 100_000
    fill(database, rows)
    assert len(Team.all().limit(600).run()) == 600  # what is made once is made before
    gc.collect()
    tracemalloc.start()
    try:
        assert WAYS[way]() == rows
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A list of them takes 35 MB.
    assert peak < 4 * MEGABYTE


async def leave_by_break() -> None:
    async for _team in Team.order_by(Team.id):
        break


async def leave_by_error() -> None:
    async for _team in Team.order_by(Team.id):
        raise KeyError


async def leave_by_cancellation() -> None:
    async def forever() -> None:
        async for _team in Team.order_by(Team.id):
            await asyncio.sleep(10)

    await cancel_soon(forever())


async def leave_while_fetching() -> None:
    async def read() -> None:
        async for _team in Team.order_by(Team.id):
            pass

    await cancel_soon(read(), 0.005)


async def leave_a_generator() -> None:
    async def names() -> AsyncGenerator[str, None]:
        async for team in Team.order_by(Team.id):
            yield team.name

    found = names()
    assert await anext(found) == "n1"


async def cancel_soon(work: Any, seconds: float = 0.05) -> None:
    task = asyncio.create_task(work)
    await asyncio.sleep(seconds)
    task.cancel()
    await task


LEAVING = [
    leave_by_break,
    leave_by_error,
    leave_by_cancellation,
    leave_while_fetching,
    leave_a_generator,
]


@pytest.mark.parametrize("leave", LEAVING, ids=lambda leave: leave.__name__)
def test_loop_that_is_left_gives_its_connection_back(database: Database, leave: Any) -> None:
    fill(database, 3000)

    async def work() -> int:
        with suppress(KeyError, asyncio.CancelledError):
            await leave()
        for _ in range(100):
            await asyncio.sleep(0.01)
            if connections_in_use(database) == 0:
                break
        await Team(name="later").save()
        assert await Team.where(name="later").exists()
        return connections_in_use(database)

    gc.disable()  # it must not depend on the collector
    try:
        assert asyncio.run(work()) == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("leave", LEAVING, ids=lambda leave: leave.__name__)
def test_loop_that_is_left_in_a_transaction(database: Database, leave: Any) -> None:
    fill(database, 3000)

    async def work() -> int:
        async with transaction():
            with suppress(KeyError, asyncio.CancelledError):
                await leave()
        await Team(name="later").save()
        async with transaction():
            assert await Team.count() == 3001
        return connections_in_use(database)

    if leave is leave_while_fetching:
        pytest.skip("a cancelled statement ends the transaction on PostgreSQL")
    assert asyncio.run(work()) == 0
    assert Team.where(name="later").exists().run()


def test_plain_loop_that_is_left(database: Database) -> None:
    fill(database, 3000)
    for _team in Team.order_by(Team.id):
        break
    assert eventually(lambda: connections_in_use(database), 0) == 0
    with transaction():
        for _team in Team.order_by(Team.id):
            break
        Team(name="later").save().run()
    assert eventually(lambda: connections_in_use(database), 0) == 0
    assert Team.count().run() == 3001


def test_loop_that_outlives_its_transaction(database: Database) -> None:
    fill(database, 3000)

    async def work() -> None:
        async with transaction():
            rows = aiter(Team.order_by(Team.id).column(Team.name))
            assert await anext(rows) == "n1"
        with pytest.raises(TransactionError, match="The transaction has ended"):
            [name async for name in rows]

    asyncio.run(work())
    assert eventually(lambda: connections_in_use(database), 0) == 0


def test_rows_written_meanwhile_are_not_among_them(database: Database) -> None:
    fill(database, 1200)

    async def double() -> None:
        async for team in Team.order_by(Team.id):
            if team.id % 40 == 0:
                await Team(name=f"{team.name}b").save()

    async def double_inside() -> None:
        async with transaction():
            await double()

    asyncio.run(double())
    assert Team.count().run() == 1230
    Team.where(col(Team.name).endswith("b")).delete().run()
    asyncio.run(double_inside())
    assert Team.count().run() == 1230


def test_rows_written_meanwhile_in_plain_code(database: Database) -> None:
    fill(database, 1200)

    def double(letter: str) -> None:
        for team in Team.where(Team.id <= 600).order_by(Team.id):
            if team.id % 20 == 0:
                Team(name=f"{team.name}{letter}").save().run()

    double("b")
    with transaction():
        double("c")
    assert Team.count().run() == 1260


def test_inner_block_is_undone_while_rows_come(database: Database) -> None:
    fill(database, 1200)

    async def work() -> int:
        seen = 0
        async with transaction():
            async for team in Team.order_by(Team.id):
                seen += 1
                if seen % 400 == 0:
                    with pytest.raises(KeyError):  # noqa: PT012
                        async with transaction():
                            await team.delete()
                            raise KeyError
        return seen

    assert asyncio.run(work()) == 1200
    assert Team.count().run() == 1200


def test_relations_come_with_streamed_rows(database: Database) -> None:
    fill(database, 1100)
    teams = Team.order_by(Team.id).run()
    Hero.insert_many([Hero(name=f"h{team.name}", team=team) for team in teams]).run()

    async def names() -> list[str]:
        rows = Team.order_by(Team.id).include(Team.heroes)
        return [f"{team.name} {team.heroes[0].name}" async for team in rows]

    async def both() -> list[list[str]]:
        async with transaction():
            inside = await names()
        return [await names(), inside]

    expected = [f"n{number} hn{number}" for number in range(1, 1101)]
    assert asyncio.run(both()) == [expected, expected]


def test_columns_are_streamed_too(database: Database) -> None:
    fill(database, 1100)
    assert [row["name"] for row in Team.order_by(Team.id).values(Team.name)][-1] == "n1100"

    async def names() -> list[tuple[str]]:
        return [row async for row in Team.order_by(Team.id).tuples(Team.name)]

    assert asyncio.run(names())[-1] == ("n1100",)


NETWORKED = [
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


def with_pool(database: Database, size: int) -> Database:
    mark = "&" if "?" in database.url else "?"
    return Database(f"{database.url}{mark}pool_size={size}")


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_streams_leave_a_connection_for_the_statements_beside(
    database: Database, size: int
) -> None:
    fill(database, 1200)
    small = with_pool(database, size)

    async def copy(number: int) -> None:
        async for team in Team.where(Team.id <= 600).order_by(Team.id):
            if team.id % 100 == 0:
                await Power(name=f"{number} {team.name}").save()

    async def work() -> None:
        async with asyncio.timeout(20):
            await asyncio.gather(*[copy(number) for number in range(5)])
        assert await Power.count() == 30
        await small.stop()

    with small.active():
        asyncio.run(work())


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_loop_in_a_loop_does_not_wait_for_itself(database: Database) -> None:
    fill(database, 1200)
    small = with_pool(database, 2)

    async def nested() -> int:
        seen = 0
        async for outer in Team.order_by(Team.id):
            if outer.id % 400 == 0:
                async for _inner in Team.order_by(Team.id):
                    seen += 1
        await small.stop()
        return seen

    with small.active():
        assert asyncio.run(nested()) == 3600


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_stream_does_not_wait_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, 1200)
    small = with_pool(database, 2)
    monkeypatch.setattr(stream_turns, "PATIENCE", 0.1)

    async def work() -> None:
        async with aclosing(aiter(Team.order_by(Team.id))) as rows:
            await anext(rows)
            with pytest.raises(DatabaseBusy, match="held all connections that they may"):
                await asyncio.create_task(count_awaiting())
        assert await asyncio.create_task(count_awaiting()) == 1200
        await small.stop()

    with small.active():
        asyncio.run(work())


@pytest.mark.parametrize(
    "engine_name", [pytest.param("postgres", marks=pytest.mark.service("postgres"))], indirect=True
)
def test_connection_that_ends_in_a_stream(database: Database) -> None:
    fill(database, 3000)
    rows = Team.order_by(Team.id).values(number=function("pg_backend_pid", returns=int))

    async def work() -> int:
        seen = 0
        with pytest.raises(ConnectionLost):  # noqa: PT012
            async for row in rows:
                seen += 1
                if seen == 1:
                    await end_connection(database, row["number"])
        return seen

    assert asyncio.run(work()) < 3000
    ended: list[int] = []
    with pytest.raises(ConnectionLost):  # noqa: PT012
        for row in rows:
            if not ended:
                ended.append(row["number"])
                asyncio.run(end_connection(database, row["number"]))
    assert connections_in_use(database) == 0
    assert count_plainly() == 3000


def test_reader_sees_what_was_written_after_it_was_left(sqlite: Database) -> None:
    fill(sqlite, 3000)
    engine = sqlite.engine
    assert isinstance(engine, SQLiteEngine)

    def some() -> Generator[Team, None, None]:
        yield from Team.order_by(Team.id)

    rows = some()
    next(rows)
    Team(name="later").save().run()
    rows.close()
    assert len(engine._readers) == 1
    assert Team.where(name="later").exists().run()


def test_database_in_memory_is_streamed() -> None:
    database = Database("sqlite://")

    async def work() -> int:
        await database.create_tables(Team)
        await Team.insert_many({"name": f"n{number}"} for number in range(700))
        async for team in Team.all():
            await Team(name=f"{team.name}b").save()
        return await Team.count()

    with database.active():
        assert asyncio.run(work()) == 1400
    database.close()
