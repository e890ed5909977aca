"""What objects hold after the transaction that changed them is undone."""

from __future__ import annotations

import asyncio

import pytest

from tests.db.models import Team
from triode.db import Database, TransactionError, transaction


class Stop(Exception):
    """Ends a block."""


def names() -> list[str]:
    return [team.name for team in Team.order_by(Team.name).run()]


def test_insert_that_is_undone_leaves_a_new_object(database: Database) -> None:
    mine = Team(name="mine")
    with pytest.raises(Stop), transaction():  # noqa: PT012
        mine.save().run()
        raise Stop
    Team(name="theirs").save().run()
    assert mine.id is None
    mine.save().run()
    assert names() == ["mine", "theirs"]


def test_update_that_is_undone_gives_the_values_back(database: Database) -> None:
    team = Team(name="before").save().run()
    with pytest.raises(Stop), transaction():  # noqa: PT012
        team.update(name="inside").run()
        team.update(name="further").run()
        raise Stop
    assert team.name == "before"


def test_delete_that_is_undone_leaves_a_saved_object(database: Database) -> None:
    team = Team(name="a").save().run()
    with pytest.raises(Stop), transaction():  # noqa: PT012
        team.delete().run()
        raise Stop
    team.name = "b"
    team.save().run()
    assert names() == ["b"]


def test_inner_block_that_is_undone_restores_its_objects_only(database: Database) -> None:
    outer, inner = Team(name="outer"), Team(name="inner")
    with transaction():
        outer.save().run()
        with pytest.raises(Stop), transaction():  # noqa: PT012
            inner.save().run()
            raise Stop
        assert (outer.id is None, inner.id) == (False, None)
    assert names() == ["outer"]


def test_outer_block_restores_the_objects_of_an_inner_one(database: Database) -> None:
    inner = Team(name="inner")
    with pytest.raises(Stop), transaction():  # noqa: PT012
        with transaction():
            inner.save().run()
        raise Stop
    assert inner.id is None


def test_inner_blocks_of_two_tasks_do_not_mix(database: Database) -> None:
    async def inner(name: str, seconds: float, *, fails: bool) -> str:
        async with transaction():
            await Team(name=name).save()
            await asyncio.sleep(seconds)
            if fails:
                raise Stop
        return "kept"

    async def work() -> list[object]:
        async with transaction():
            return await asyncio.gather(
                inner("a", 0.05, fails=True), inner("b", 0.01, fails=False), return_exceptions=True
            )

    results = asyncio.run(work())
    assert [type(each) for each in results] == [Stop, TransactionError]
    assert names() == []


def test_write_beside_an_inner_block_is_refused(database: Database) -> None:
    async def inner() -> None:
        async with transaction():
            await Team(name="a").save()
            await asyncio.sleep(0.05)

    async def work() -> None:
        async with transaction():
            task = asyncio.create_task(inner())
            await asyncio.sleep(0.02)
            with pytest.raises(TransactionError, match="Another task"):
                await Team(name="b").save()
            await task

    asyncio.run(work())
    assert names() == ["a"]


def test_task_that_outlives_the_block_writes_outside_of_it(database: Database) -> None:
    async def later(ended: asyncio.Event) -> None:
        await ended.wait()
        await Team(name="later").save()

    async def work() -> None:
        ended = asyncio.Event()
        with pytest.raises(Stop):  # noqa: PT012
            async with transaction():
                task = asyncio.create_task(later(ended))
                await Team(name="inside").save()
                raise Stop
        ended.set()
        await task

    asyncio.run(work())
    assert names() == ["later"]
