"""Rows that two want at the same time: locks, waiting, leaving out, giving up."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.db.models import Team
from triode.db import (
    Database,
    DatabaseBusy,
    Field,
    Model,
    StatementTimeout,
    repeat_transaction,
    transaction,
)

NETWORKED = [
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


class Errand(Model):
    text: str
    is_done: bool = Field(False, index=True)
    times: int = 0


async def take_one() -> str | None:
    """Do the next errand that nobody else is at."""
    async with transaction():
        waiting = Errand.where(is_done=False).order_by(Errand.id)
        errand = await waiting.for_update(skip_locked=True).first()
        if errand is None:
            return None
        await asyncio.sleep(0.002)
        await errand.update(is_done=True, times=Errand.times + 1)
        return errand.text


async def work_off() -> list[str]:
    done = []
    while (text := await take_one()) is not None:
        done.append(text)
    return done


def test_workers_share_a_queue(empty: Database) -> None:
    empty.create_tables(Errand).run()
    Errand.insert_many([{"text": f"e{number}"} for number in range(40)]).run()

    async def work() -> list[list[str]]:
        return list(await asyncio.gather(*[work_off() for _ in range(4)]))

    shares = asyncio.run(work())
    assert sorted(chain(*shares)) == sorted(f"e{number}" for number in range(40))
    assert Errand.all().column(Errand.times).run() == [1] * 40


async def hold(first: asyncio.Event, last: asyncio.Event) -> None:
    """Keep the first team locked between two events."""
    async with transaction():
        team = await Team.where(id=1).for_update().get()
        first.set()
        await last.wait()
        await team.update(name=f"{team.name}!")


async def beside_a_lock(work: object) -> None:
    first, last = asyncio.Event(), asyncio.Event()
    holder = asyncio.create_task(hold(first, last))
    await first.wait()
    try:
        await work  # type: ignore[misc]
    finally:
        last.set()
        await holder


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_nobody_waits_with_nowait(database: Database) -> None:
    Team.insert_many([{"name": "a"}, {"name": "b"}]).run()

    async def look() -> None:
        async with transaction():
            with pytest.raises(DatabaseBusy):
                await Team.all().for_update(nowait=True)
        async with transaction():
            free = await Team.order_by(Team.id).for_update(skip_locked=True)
            assert [team.name for team in free] == ["b"]

    asyncio.run(beside_a_lock(look()))
    assert Team.get(1).run().name == "a!"


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_lock_is_waited_for(database: Database) -> None:
    Team(name="a").save().run()

    async def add() -> None:
        async with transaction():
            team = await Team.where(id=1).for_update().get()
            await asyncio.sleep(0.005)
            await team.update(name=f"{team.name}!")

    async def work() -> None:
        await asyncio.gather(*[add() for _ in range(5)])

    asyncio.run(work())
    assert Team.get(1).run().name == "a!!!!!"


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_lock_is_not_waited_for_for_ever(database: Database) -> None:
    Team(name="a").save().run()
    is_mysql = database.engine.dialect.name != "postgresql"
    patience = "SET innodb_lock_wait_timeout = 1" if is_mysql else "SET LOCAL lock_timeout = '50ms'"

    async def give_up() -> None:
        async with transaction():
            await database.fetch(sa.text(patience))
            with pytest.raises(DatabaseBusy):
                await Team.where(id=1).update(name="b")
            if is_mysql:
                await database.fetch(sa.text("SET innodb_lock_wait_timeout = DEFAULT"))

    asyncio.run(beside_a_lock(give_up()))
    assert Team.get(1).run().name == "a!"


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_statement_timeout_ends_the_waiting(database: Database) -> None:
    Team(name="a").save().run()
    mark = "&" if "?" in database.url else "?"
    hasty = Database(f"{database.url}{mark}statement_timeout=0.2")

    async def give_up() -> None:
        with hasty.active(), pytest.raises(StatementTimeout):
            await Team.where(id=1).update(name="b")
        await hasty.stop()

    asyncio.run(beside_a_lock(give_up()))
    assert Team.get(1).run().name == "a!"


@pytest.mark.parametrize("engine_name", NETWORKED, indirect=True)
def test_serialized_changes_are_repeated_until_all_are_done(database: Database) -> None:
    Team(name="a").save().run()

    async def add() -> None:
        async def once() -> None:
            team = await Team.get(1)
            await asyncio.sleep(0.002)
            await team.update(name=f"{team.name}!")

        await repeat_transaction(once, isolation="serializable", attempts=20)

    async def work() -> None:
        await asyncio.gather(*[add() for _ in range(4)])

    asyncio.run(work())
    assert Team.get(1).run().name == "a!!!!"


WORKER = """
import asyncio, sys
from tests.db.test_locks import work_off
from triode.db import Database
Database(sys.argv[1])
print(*asyncio.run(work_off()))
"""


@pytest.mark.slow
def test_processes_share_a_queue_on_sqlite(sqlite: Database) -> None:
    sqlite.create_tables(Errand).run()
    Errand.insert_many([{"text": f"e{number}"} for number in range(60)]).run()
    command = [sys.executable, "-c", WORKER, sqlite.url]
    folder = Path(__file__).parents[2]
    workers = [
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    done = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(chain(*done)) == sorted(f"e{number}" for number in range(60))
    assert Errand.all().column(Errand.times).run() == [1] * 60
