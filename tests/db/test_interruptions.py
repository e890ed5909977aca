"""Cancelled tasks and killed connections leave no half-work and no connection behind."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import eventually
from tests.db.models import Power, Team
from triode.db import ConnectionLost, Database, DatabaseBusy, transaction
from triode.db.engine.generic import GenericEngine
from triode.db.engine.postgres import PostgresEngine
from triode.db.engine.sqlite import SQLiteEngine

TASKS = 8
ROUNDS = 25


async def pair(name: str) -> None:
    """Write a team and a power of the same name, or neither; a savepoint stands between them."""
    async with transaction():
        await Team(name=name).save()
        async with transaction():
            await Team.where(name=name).update(name=f"{name}!")
        await Power(name=f"{name}!").save()


async def disturb(seed: int) -> int:
    """Cancel tasks at any moment; return how many got through."""
    chance = random.Random(seed)
    through = 0
    for turn in range(ROUNDS):
        tasks = [asyncio.create_task(pair(f"{turn}.{number}")) for number in range(TASKS)]
        for task in tasks:
            await asyncio.sleep(chance.choice((0, 0, 0.0005, 0.002, 0.004)))
            if chance.random() < 0.7:
                task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in found if isinstance(each, Exception)] == []
        through += sum(each is None for each in found)
    return through


def connections_in_use(database: Database) -> int:
    engine: Any = database.engine
    if isinstance(engine, GenericEngine):
        return int(engine._engine.pool.checkedout())  # type: ignore[attr-defined]
    if isinstance(engine, SQLiteEngine):
        return sum(engine.writer()._transactions.values())
    assert isinstance(engine, PostgresEngine)
    pools = list(engine._pools.values())
    return sum(pool.used for pool in pools)


def test_cancellation_leaves_nothing_behind(database: Database) -> None:
    async def work() -> tuple[int, int]:
        through = await disturb(7)
        await asyncio.sleep(0.3)
        return through, connections_in_use(database)

    through, in_use = asyncio.run(work())
    teams = {team.name for team in Team.where().run()}
    powers = {power.name for power in Power.where().run()}
    assert teams == powers
    # What was cancelled while its commit was under way may have been committed.
    assert 0 < through <= len(teams)
    assert in_use == 0
    assert eventually(lambda: connections_in_use(database), 0) == 0


def test_cancelled_reads_give_their_connections_back(database: Database) -> None:
    async def work() -> int:
        for _ in range(60):
            tasks = [asyncio.create_task(count())]
            await asyncio.sleep(random.choice((0, 0.001)))
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await asyncio.sleep(0.2)
        assert await Team.count() == 0
        return connections_in_use(database)

    async def count() -> int:
        return await Team.count()

    asyncio.run(work())
    assert eventually(lambda: connections_in_use(database), 0) == 0


NETWORKED = [
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


async def my_number(database: Database) -> int:
    is_mysql = database.engine.dialect.name != "postgresql"
    sql = "SELECT connection_id()" if is_mysql else "SELECT pg_backend_pid()"
    [row] = await database.fetch(sa.text(sql))
    return int(row[0])


async def end_connection(database: Database, number: int) -> None:
    """End a connection as an administrator does."""
    admin = Database(database.url)
    is_mysql = database.engine.dialect.name != "postgresql"
    sql = f"KILL {number}" if is_mysql else f"SELECT pg_terminate_backend({number})"
    await admin.fetch(sa.text(sql))
    await admin.stop()


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_connection_that_ends_in_a_transaction(database: Database) -> None:
    async def work() -> int:
        with pytest.raises(ConnectionLost):  # noqa: PT012
            async with transaction():
                await Team(name="a").save()
                await end_connection(database, await my_number(database))
                await Team(name="b").save()
        await Team(name="c").save()
        return connections_in_use(database)

    assert asyncio.run(work()) == 0
    assert [team.name for team in Team.where().run()] == ["c"]


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_connection_that_ends_in_a_statement(database: Database) -> None:
    is_mysql = database.engine.dialect.name != "postgresql"
    sleep = sa.text("SELECT sleep(20)" if is_mysql else "SELECT pg_sleep(20)")

    async def block(numbers: asyncio.Queue[int]) -> None:
        async with transaction():
            await Team(name="a").save()
            await numbers.put(await my_number(database))
            await database.fetch(sleep)

    async def work() -> int:
        numbers: asyncio.Queue[int] = asyncio.Queue()
        task = asyncio.create_task(block(numbers))
        number = await numbers.get()
        await asyncio.sleep(0.1)
        await end_connection(database, number)
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(task, 10)
        assert await Team.count() == 0
        return connections_in_use(database)

    assert asyncio.run(work()) == 0


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_connections_that_end_unnoticed_are_replaced(database: Database) -> None:
    async def number() -> int:
        async with transaction():
            return await my_number(database)

    async def work() -> None:
        for turn in range(5):
            await end_connection(database, await number())
            with suppress(DatabaseBusy):  # only a write may have to be told
                await Team(name=f"t{turn}").save()
            assert await Team.count() <= turn + 1

    asyncio.run(work())
    assert connections_in_use(database) == 0
