"""What a transaction of SQLite does on the caller's thread, and what it leaves to the writer's."""

import asyncio
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa

from tests.db.models import Power, Team
from triode.db import Database, TransactionError, transaction
from triode.db.engine import sqlite_writer
from triode.db.engine.sqlite_transaction import LONGEST_BRIEF, PinnedAwaitingChannel

LONG = sa.text(
    "SELECT count(*) FROM (WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT i FROM n)"
)


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """List what a transaction gives to the writer's thread."""
    seen: list[Any] = []
    run = PinnedAwaitingChannel._run

    async def told(channel: Any, task: Any) -> Any:
        seen.append(task)
        return await run(channel, task)

    monkeypatch.setattr(PinnedAwaitingChannel, "_run", told)
    return seen


def test_short_writes_and_reads_stay_on_the_loop(sqlite: Database, hops: list[Any]) -> None:
    async def work() -> str:
        async with transaction():
            team = await Team(name="A").save()
            await team.update(name="B")
            name = (await Team.get(team.id)).name
            assert hops == []
        return name

    assert asyncio.run(work()) == "B"
    assert [team.name for team in Team.all().run()] == ["B"]


def test_long_values_and_changes_of_many_rows_leave_the_loop(
    sqlite: Database, hops: list[Any]
) -> None:
    async def work() -> None:
        async with transaction():
            await Power(name="x" * (LONGEST_BRIEF + 1)).save()
            await Team.all().update(name="x")
            assert len(hops) == 2

    asyncio.run(work())


def test_deletion_that_may_reach_other_rows_leaves_the_loop(
    sqlite: Database, hops: list[Any]
) -> None:
    async def work() -> None:
        async with transaction():
            team = await Team(name="A").save()
            await team.delete()
            assert len(hops) == 1

    asyncio.run(work())


def test_slow_read_leaves_the_loop_and_the_transaction_whole(sqlite: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="A").save()
            await Team.where(name="none").delete()  # by the writer; from here on time counts
            assert [row[0] for row in await sqlite.fetch(LONG)] == [400000]
            await Team(name="B").save()

    asyncio.run(work())
    assert Team.count().run() == 2


def test_many_writes_let_the_loop_do_other_things(sqlite: Database) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def work() -> None:
        task = asyncio.create_task(other())
        async with transaction():
            for number in range(1000):
                await Team(name=f"T{number}").save()
        task.cancel()

    asyncio.run(work())
    assert turns > 5


def test_refused_write_leaves_the_transaction_usable(sqlite: Database, hops: list[Any]) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="A").save()
            for _ in range(2):
                with pytest.raises(Exception, match="already exists"):
                    await Team(name="A").save()
            await Team(name="B").save()
            assert hops == []

    asyncio.run(work())
    assert [team.name for team in Team.order_by("id").run()] == ["A", "B"]


def test_what_is_done_on_the_loop_counts_as_use(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "IDLE_LIMIT", 0.2)

    async def work() -> None:
        async with transaction():
            for number in range(6):
                await Team(name=f"T{number}").save()
                await asyncio.sleep(0.1)

    asyncio.run(work())
    assert Team.count().run() == 6


def test_idle_transaction_takes_nothing_more(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "IDLE_LIMIT", 0.1)

    async def work() -> None:
        async with transaction():
            await Team(name="A").save()
            await asyncio.sleep(0.3)
            await Team(name="B").save()

    with pytest.raises(TransactionError, match="idle"):
        asyncio.run(work())
    assert Team.count().run() == 0


def test_transaction_that_sqlite_ended_takes_nothing_more(sqlite: Database) -> None:
    async def work() -> None:
        async with transaction() as block:
            lane = block._level.pinned.awaiting._lane  # type: ignore[union-attr]
            lane.here(lambda connection: connection.execute("ROLLBACK"))
            await Team(name="A").save()

    with pytest.raises(TransactionError, match="ended"):
        asyncio.run(work())
    assert Team.count().run() == 0
    Team(name="after").save().run()


def test_plain_code_does_its_statements_itself(sqlite: Database) -> None:
    threads = set()

    def note(*_: object) -> bool:
        threads.add(threading.current_thread())
        return False

    with transaction() as block:
        connection = block._level.pinned.blocking._lane.connection  # type: ignore[union-attr]
        connection.set_progress_handler(note, 1)
        Team(name="A").save().run()
        Team.all().update(name="x").run()
        assert [team.name for team in Team.all().run()] == ["x"]
        connection.set_progress_handler(None, 1)
    assert threads == {threading.current_thread()}


def test_tasks_and_threads_share_a_transaction(sqlite: Database) -> None:
    async def work() -> None:
        async with transaction():

            async def some(letter: str) -> None:
                for number in range(50):
                    await Team(name=f"{letter}{number}").save()
                    await Team.where(name=f"{letter}{number}").update(name=f"{letter}-{number}")

            def plain() -> None:
                for number in range(50):
                    Team(name=f"P{number}").save().run()
                    time.sleep(0)

            await asyncio.gather(some("A"), some("B"), asyncio.to_thread(plain))

    asyncio.run(work())
    assert Team.count().run() == 150
    assert Team.where(Team.name.startswith("A-")).count().run() == 50
