"""PostgreSQL's connections: whatever is cancelled, they come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.db.conftest import postgres_schema
from tests.db.kinds import Kinds
from tests.db.models import ALL, Team
from triode.db import Database, Duplicate, transaction

pytestmark = pytest.mark.service("postgres")


@pytest.fixture
def postgres() -> Iterator[Database]:
    """Give a schema of its own with the tables of `models`, active for the test."""
    with postgres_schema() as made, made.active():
        made.create_tables(*ALL).run()
        yield made


def test_transaction_that_is_cancelled_while_it_begins_leaks_nothing(postgres: Database) -> None:
    async def enter() -> None:
        async with transaction():
            await asyncio.sleep(60)

    async def work() -> int:
        await Team.count()
        for tries in range(60):
            task = asyncio.create_task(enter())
            for _ in range(tries % 6):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return await asyncio.wait_for(Team.count(), 5)

    assert asyncio.run(work()) == 0


def test_end_that_is_cancelled_behind_a_running_statement(postgres: Database) -> None:
    async def block() -> None:
        async with transaction():
            await Team(name="a").save()
            task = asyncio.create_task(sleep_in_database())
            await asyncio.sleep(0.05)
        await task

    async def sleep_in_database() -> None:
        await postgres.fetch(sa.text("SELECT pg_sleep(0.5)"))

    async def work() -> int:
        task = asyncio.create_task(block())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await Team.count()

    assert asyncio.run(work()) == 0


def test_many_rows_are_copied(postgres: Database) -> None:
    postgres.create_tables(Kinds).run()
    rows = [Kinds(whole=number, text=f"text {number}", real=number / 2) for number in range(120)]
    seen: list[str] = []
    postgres.observe(lambda sql, seconds, count: seen.append(f"{sql[:20]} {count}"))
    assert Kinds.insert_many(rows).run() == 120
    assert seen == ["INSERT INTO kinds (k 120"]
    assert [row.text for row in Kinds.order_by(Kinds.whole).run()] == [row.text for row in rows]


def test_copied_rows_are_all_or_none(postgres: Database) -> None:
    rows = [Team(name=f"t{number}") for number in range(60)]
    with pytest.raises(Duplicate):
        Team.insert_many([*rows, Team(name="t7")]).run()
    assert Team.count().run() == 0
    with transaction():
        Team(name="a").save().run()
        with pytest.raises(Duplicate):
            Team.insert_many([*rows, Team(name="t7")]).run()
        Team.insert_many(rows).run()
    assert Team.count().run() == 61
