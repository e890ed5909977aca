"""Transactions and savepoints, awaited and plain."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.db.models import Team
from triode.db import Database, Duplicate, TransactionError, ValueRefused, cast, transaction
from triode.db.engine import sqlite_writer


class Stop(Exception):
    """Ends a block."""


def names() -> list[str]:
    return [team.name for team in Team.order_by(Team.id).run()]


def test_block_is_committed(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            await Team(name="b").save()

    asyncio.run(work())
    assert names() == ["a", "b"]


def test_failed_block_is_undone(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            raise Stop

    with pytest.raises(Stop):
        asyncio.run(work())
    assert names() == []


def test_block_reads_its_own_writes_and_others_do_not(database: Database) -> None:
    async def work() -> tuple[int, int]:
        async with transaction():
            await Team(name="a").save()
            inside = await Team.count()
            outside = len(await database.engine.awaiting.read("SELECT * FROM team", ()))
        return inside, outside

    assert asyncio.run(work()) == (1, 0)


def test_inner_block_is_a_savepoint(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            with pytest.raises(Stop):  # noqa: PT012
                async with transaction():
                    await Team(name="b").save()
                    raise Stop
            async with transaction():
                await Team(name="c").save()

    asyncio.run(work())
    assert names() == ["a", "c"]


def test_refused_write_leaves_the_block_usable(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            with pytest.raises(Duplicate):
                await Team(name="a").save()
            await Team(name="b").save()

    asyncio.run(work())
    assert names() == ["a", "b"]


def test_plain_block(database: Database) -> None:
    with transaction():
        Team(name="a").save().run()
        with pytest.raises(Stop), transaction():  # noqa: PT012
            Team(name="b").save().run()
            raise Stop
    assert names() == ["a"]


def test_thread_of_a_block_belongs_to_it(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            await asyncio.to_thread(lambda: Team(name="b").save().run())
            raise Stop

    with pytest.raises(Stop):
        asyncio.run(work())
    assert names() == []


def test_other_writes_wait_for_the_block(sqlite: Database) -> None:
    async def block(begun: asyncio.Event) -> None:
        async with transaction():
            begun.set()
            await asyncio.sleep(0.05)
            await Team(name="first").save()

    async def work() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(block(begun))
        await begun.wait()
        await Team(name="second").save()
        await task

    asyncio.run(work())
    assert names() == ["first", "second"]


def test_cancelled_block_is_undone(database: Database) -> None:
    async def block() -> None:
        async with transaction():
            await Team(name="a").save()
            await asyncio.sleep(60)

    async def work() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(block(), 0.1)
        await Team(name="b").save()

    asyncio.run(work())
    assert names() == ["b"]


def test_task_that_is_cancelled_while_waiting_takes_nothing(sqlite: Database) -> None:
    async def work() -> None:
        async with transaction():
            waiting = asyncio.create_task(enter_alone(sqlite))
            await asyncio.sleep(0.02)
            waiting.cancel()
        await Team(name="after").save()

    asyncio.run(work())
    assert names() == ["after"]


async def enter_alone(database: Database) -> None:
    database.pinned.set(None)
    async with transaction():
        await Team(name="never").save()


def test_idle_block_is_rolled_back(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_writer, "IDLE_LIMIT", 0.05)

    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            await asyncio.sleep(0.2)

    with pytest.raises(TransactionError, match="idle"):
        asyncio.run(work())
    assert names() == []


def test_block_is_entered_once(database: Database) -> None:
    block = transaction()
    with block:
        pass
    with pytest.raises(TransactionError, match="entered once"), block:
        pass


def test_run_on_a_loop_does_not_wait_for_the_loop(sqlite: Database) -> None:
    async def other() -> None:
        sqlite.pinned.set(None)
        Team(name="b").save().run()

    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            with pytest.raises(TransactionError, match="Use await"):
                await asyncio.create_task(other())

    asyncio.run(work())
    assert names() == ["a"]


def test_block_that_went_on_after_a_refused_read_is_whole_or_told(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            with suppress(ValueRefused):
                await Team.all().column(cast(Team.name, int))

    told = (
        "The transaction was undone: the database refused a statement in it, and PostgreSQL "
        "keeps nothing of a transaction then. Put what may be refused into a block of its own "
        "inside this one."
    )
    if database.engine.dialect.name != "postgresql":
        asyncio.run(work())
        assert names() == ["a"]
        return
    with pytest.raises(TransactionError) as caught:
        asyncio.run(work())
    assert caught.value.message == told
    assert names() == []


def test_statement_after_a_refused_read_says_why_it_cannot_be_done(database: Database) -> None:
    if database.engine.dialect.name != "postgresql":
        return

    async def work() -> None:
        async with transaction():
            with suppress(ValueRefused):
                await Team.all().column(cast(Team.name, int))
            await Team(name="b").save()

    Team(name="a").save().run()
    with pytest.raises(TransactionError, match="the database refused a statement in it"):
        asyncio.run(work())


def test_refused_read_in_an_inner_block_leaves_the_outer_one_usable(database: Database) -> None:
    async def work() -> None:
        async with transaction():
            await Team(name="a").save()
            with suppress(ValueRefused):
                async with transaction():
                    await Team.all().column(cast(Team.name, int))
            await Team(name="b").save()

    asyncio.run(work())
    assert names() == ["a", "b"]
