"""Iterators that give rows to bulk writes: bounded memory, all or nothing, queries in them."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.db.models import Hero, Power, Team
from tests.db.test_interruptions import connections_in_use
from tests.db.test_streaming import fill, with_pool
from triode.db import Database, QueryError, TransactionError, on_commit, transaction

MEGABYTE = 1024 * 1024
NEITHER = (
    "An iterator writes while it gives rows to insert_many, update_many or upsert, which is a "
    "transaction by itself. Write async with transaction() around all of it, so that both are one."
)


async def named(count: int) -> AsyncIterator[dict[str, Any]]:
    for number in range(1, count + 1):
        yield {"name": f"p{number}"}


def copied_plainly() -> Iterator[Power]:
    for team in Team.order_by(Team.id):
        yield Power(name=team.name)


async def copied() -> AsyncIterator[Power]:
    async for team in Team.order_by(Team.id):
        yield Power(name=team.name)


async def insert(items: AsyncIterator[Any]) -> int:
    return await Power.insert_many(items)


@pytest.mark.slow
@pytest.mark.parametrize("items", [named, None])
def test_memory_is_bounded(database: Database, items: Any) -> None:
    rows = 20_000 if items is None else 100_000
    if items is None:
        fill(database, rows)
    asyncio.run(insert(named(1100)))  # what is made once is made before
    Power.all().delete().run()
    gc.collect()
    tracemalloc.start()
    try:
        assert asyncio.run(insert(copied() if items is None else items(rows))) == rows
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * MEGABYTE
    assert Power.count().run() == rows


@pytest.mark.parametrize("count", [10, 2500])
def test_rows_of_a_query_are_copied(database: Database, count: int) -> None:
    fill(database, count)
    assert asyncio.run(insert(copied())) == count
    assert Power.all().delete().run() == count
    assert Power.insert_many(copied_plainly()).run() == count
    Power.all().delete().run()
    with transaction():
        assert Power.insert_many(copied_plainly()).run() == count
    assert Power.count().run() == count
    assert connections_in_use(database) == 0


def test_query_itself_gives_the_rows(database: Database) -> None:
    fill(database, 1200)
    rows = Team.order_by(Team.id).values(Team.name)

    async def copy() -> int:
        return await Power.insert_many(rows)

    assert asyncio.run(copy()) == 1200
    Power.all().delete().run()
    assert Power.insert_many(rows).run() == 1200


@pytest.mark.parametrize("at", [500, 1500, 2500])
def test_error_of_the_iterator_leaves_nothing(database: Database, at: int) -> None:
    async def broken() -> AsyncIterator[dict[str, Any]]:
        async for row in named(3000):
            if row["name"] == f"p{at}":
                raise KeyError(at)
            yield row

    with pytest.raises(KeyError):
        asyncio.run(insert(broken()))
    assert Power.count().run() == 0
    assert connections_in_use(database) == 0


@pytest.mark.parametrize("at", [500, 2500])
def test_cancellation_leaves_nothing(database: Database, at: int) -> None:
    async def slow() -> AsyncIterator[dict[str, Any]]:
        async for row in named(3000):
            if row["name"] == f"p{at}":
                await asyncio.sleep(30)
            yield row

    async def work() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(insert(slow()), 0.7)
        assert await Power.count() == 0

    asyncio.run(work())
    assert connections_in_use(database) == 0


@pytest.mark.parametrize("count", [10, 1500])
def test_iterator_may_read(database: Database, count: int) -> None:
    async def looked_up() -> AsyncIterator[dict[str, Any]]:
        for number in range(count):
            name = f"n{number % 3 + 1}"
            yield {"name": f"h{number}", "team": await Team.get(name=name)}

    fill(database, 3)
    small = with_pool(database, 1)

    async def work() -> int:
        async with asyncio.timeout(20):
            return await Hero.insert_many(looked_up())

    with small.active():
        assert asyncio.run(work()) == count
    small.close()
    assert Hero.where(Hero.team.name == "n3").count().run() == count // 3


@pytest.mark.parametrize("count", [10, 1500])
def test_iterator_may_write_in_a_transaction_alone(database: Database, count: int) -> None:
    async def with_parents() -> AsyncIterator[dict[str, Any]]:
        for number in range(count):
            if number % (count // 5) == 0:
                team = await Team(name=f"t{number}").save()
            yield {"name": f"h{number}", "team": team}

    async def alone() -> None:
        with pytest.raises(TransactionError) as caught:
            await Hero.insert_many(with_parents())
        assert caught.value.message == NEITHER

    async def inside() -> int:
        async with transaction():
            return await Hero.insert_many(with_parents())

    asyncio.run(alone())
    assert (Team.count().run(), Hero.count().run()) == (0, 0)
    assert asyncio.run(inside()) == count
    assert Team.count().run() == 5


def test_plain_iterator_may_not_write_or_open_a_transaction(database: Database) -> None:
    def writing(late: int) -> Iterator[dict[str, Any]]:
        yield from ({"name": f"p{number}"} for number in range(late))
        with transaction():
            Team(name="t").save().run()

    def hooking() -> Iterator[dict[str, Any]]:
        on_commit(print)
        yield {"name": "a"}

    for items in (writing(0), writing(2100), hooking()):
        with pytest.raises(TransactionError, match="An iterator writes while it gives rows"):
            Power.insert_many(items).run()
    assert (Team.count().run(), Power.count().run()) == (0, 0)
    Team(name="t").save().run()


def test_plain_code_cannot_take_an_asynchronous_iterator(database: Database) -> None:
    with pytest.raises(QueryError) as caught:
        Power.insert_many(named(3)).run()
    assert caught.value.message == (
        "The rows come from an asynchronous iterator (async_generator), which plain code cannot "
        "wait for. Await the statement, or give it a plain iterator."
    )
