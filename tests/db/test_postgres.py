"""PostgreSQL's connections: whatever is cancelled, they come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.db.conftest import postgres_schema
from tests.db.models import ALL, Team
from triode.db import Database, transaction

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
