"""Time-outs at any moment of everything that holds a connection leave nothing behind."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.conftest import eventually
from tests.db.models import Power, Team
from tests.db.test_interruptions import connections_in_use
from tests.db.test_streaming import fill
from triode.db import Database, Deadlock, SerializationFailure, StatementTimeout, transaction

TURNS = int(os.environ.get("TRIODE_FUZZ_TURNS", "60"))
TOGETHER = 6

Work = Callable[[str], Awaitable[Any]]


async def write_both(name: str) -> None:
    async with transaction():
        await Team(name=name).save()
        async with transaction():
            await Team.where(name=name).update(name=f"{name}!")
        await Power(name=f"{name}!").save()


async def write_while_streaming(name: str) -> None:
    async with transaction():
        async for team in Team.where(Team.id <= 1200).order_by(Team.id):
            if team.id == 700:
                await Team(name=f"{name}!").save()
        await Power(name=f"{name}!").save()


async def stream(name: str) -> None:
    async for team in Team.where(Team.id <= 1200).order_by(Team.id):
        if team.id == 900:
            break


async def insert_many(name: str) -> None:
    async def rows() -> AsyncIterator[dict[str, Any]]:
        for number in range(1100):
            if number % 500 == 0:
                await Team.count()
            yield {"name": f"{name}.{number}"}

    async with transaction():
        await Team(name=f"{name}!").save()
        await Power.insert_many(rows())
        await Power.where(Power.name.startswith(f"{name}.")).delete()
        await Power(name=f"{name}!").save()


async def insert_alone(name: str) -> None:
    await Power.insert_many({"name": f"alone {name} {number}"} for number in range(1100))


async def lock(name: str) -> None:
    async with transaction():
        await Team.where(id=1).for_update().get()
        await Team(name=f"{name}!").save()
        await Power(name=f"{name}!").save()


async def read(name: str) -> None:
    async with transaction(read_only=True):
        await Team.count()
        await Team.where(Team.id <= 600).order_by(Team.id)


EVERYTHING: list[Work] = [
    write_both,
    write_while_streaming,
    stream,
    insert_many,
    insert_alone,
    lock,
    read,
]


async def limited(work: Work, name: str, seconds: float, times: int) -> None:
    """Let it run for some seconds; then cancel it, perhaps again while it clears up."""
    task = asyncio.ensure_future(work(name))
    await asyncio.wait({task}, timeout=seconds)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.0005)
    with suppress(asyncio.CancelledError, Deadlock, SerializationFailure, StatementTimeout):
        await task  # what has to be whole or absent is looked at in the end


@pytest.mark.slow
def test_timeouts_at_any_moment(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    fill(database, 1200)
    chance = random.Random(int(os.environ.get("TRIODE_FUZZ_SEED", "11")))

    async def disturb() -> None:
        for turn in range(TURNS // TOGETHER):
            chosen = [chance.choice(EVERYTHING) for _ in range(TOGETHER)]
            limits = [chance.choice((0, 0.001, 0.01, 0.05, 0.2)) * chance.random() for _ in chosen]
            await asyncio.gather(
                *[
                    limited(work, f"{turn}.{number}", seconds, chance.choice((1, 1, 2, 3)))
                    for number, (work, seconds) in enumerate(zip(chosen, limits, strict=True))
                ]
            )
        async with asyncio.timeout(20):
            for number, work in enumerate(EVERYTHING):  # everything still works
                await work(f"last.{number}")
        assert await asyncio.to_thread(eventually, lambda: connections_in_use(database), 0) == 0

    with caplog.at_level(logging.WARNING, "asyncio"):
        asyncio.run(disturb())
    teams = set(Team.where(Team.id > 1200).column(Team.name).run())
    powers = Power.order_by(Power.id).column(Power.name).run()
    alone = [name.split()[1] for name in powers if name.startswith("alone")]
    assert teams == {name for name in powers if not name.startswith("alone")}
    assert {alone.count(name) for name in alone} == {1100}
    messages = [record.getMessage() for record in caplog.records]
    # asyncpg says so of a connection that nobody waits for any more when it is made.
    assert [each for each in messages if "unexpected connection_lost() call" not in each] == []
