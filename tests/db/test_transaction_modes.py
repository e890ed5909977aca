"""Isolation, read-only transactions, what waits for a commit, and doing it again."""

from __future__ import annotations

import asyncio
import logging

import pytest
import sqlalchemy as sa

from tests.db.models import Team
from tests.db.test_transaction import Stop, names
from triode.db import (
    Database,
    Deadlock,
    SerializationFailure,
    TransactionError,
    on_commit,
    repeat_transaction,
    transaction,
)


def test_isolation_is_asked_for(database: Database) -> None:
    shown = {
        "postgresql": ("SHOW transaction_isolation", "serializable"),
        "mariadb": (
            "SELECT trx_isolation_level FROM information_schema.innodb_trx "
            "WHERE trx_mysql_thread_id = connection_id()",
            "SERIALIZABLE",
        ),
        "sqlite": ("SELECT 'always'", "always"),
    }
    sql, expected = shown[database.engine.dialect.name.replace("mysql", "mariadb")]
    with transaction(isolation="serializable"):
        Team(name="a").save().run()
        assert database.fetch(sa.text(sql)).run() == [(expected,)]


def test_isolation_lasts_for_one_transaction(database: Database) -> None:
    async def work() -> None:
        for _ in range(3):
            async with transaction(isolation="serializable"):
                await Team.count()
        async with transaction():
            assert await Team.count() == 0

    asyncio.run(work())


def test_unknown_isolation_is_refused() -> None:
    with pytest.raises(TransactionError, match="'chaos' is not known"):
        transaction(isolation="chaos")  # type: ignore[arg-type]


def test_mode_belongs_to_the_outermost(database: Database) -> None:
    with transaction(), pytest.raises(TransactionError, match="outermost"):
        transaction(read_only=True).__enter__()


def test_read_only_block_refuses_to_write(database: Database) -> None:
    async def work() -> None:
        async with transaction(read_only=True):
            await Team(name="a").save()

    with pytest.raises(TransactionError, match="read_only=True"):
        asyncio.run(work())
    with pytest.raises(TransactionError), transaction(read_only=True):
        Team(name="a").save().run()
    Team(name="b").save().run()
    assert names() == ["b"]


def test_read_only_block_sees_one_moment(database: Database) -> None:
    async def other() -> None:
        database.pinned.set(None)
        await Team(name="later").save()

    async def work() -> list[int]:
        async with transaction(read_only=True, isolation="repeatable read"):
            before = await Team.count()
            await asyncio.create_task(other())
            seen = [before, await Team.count()]
            async with transaction():
                seen += [len([team async for team in Team.where()])]
        return [*seen, await Team.count()]

    assert asyncio.run(work()) == [0, 0, 0, 1]


def test_hooks_run_after_the_commit(database: Database) -> None:
    seen: list[object] = []

    async def look() -> None:
        seen.append((await Team.count(), database.level()))

    async def work() -> None:
        async with transaction():
            on_commit(look)
            async with transaction():
                await Team(name="a").save()
                on_commit(lambda: seen.append("inner"))
            seen.append("end of the block")

    asyncio.run(work())
    assert seen == ["end of the block", (1, None), "inner"]


def test_hooks_of_what_was_undone_are_dropped(database: Database) -> None:
    seen: list[str] = []
    with transaction():
        on_commit(lambda: seen.append("outer"))
        with pytest.raises(Stop), transaction():  # noqa: PT012
            on_commit(lambda: seen.append("inner"))
            raise Stop
    with pytest.raises(Stop), transaction():  # noqa: PT012
        on_commit(lambda: seen.append("never"))
        raise Stop
    assert seen == ["outer"]


def test_hook_outside_of_a_transaction_runs_at_once(database: Database) -> None:
    seen: list[str] = []

    async def later() -> None:
        seen.append("later")

    on_commit(lambda: seen.append("now"))
    on_commit(later)
    assert seen == ["now", "later"]


def test_hook_that_fails_is_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    async def fail() -> None:
        raise Stop

    with caplog.at_level(logging.ERROR, "triode.db"), transaction():
        Team(name="a").save().run()
        on_commit(fail)
        on_commit(lambda: 1 / 0)
        on_commit(lambda: seen.append("next"))
    assert (names(), seen) == (["a"], ["next"])
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        Stop,
        ZeroDivisionError,
    ]


@pytest.mark.service("postgres")
@pytest.mark.parametrize("engine_name", ["postgres"], indirect=True)
def test_lost_update_is_a_serialization_failure(database: Database) -> None:
    Team(name="a").save().run()

    async def change(gate: asyncio.Barrier) -> None:
        async with transaction(isolation="repeatable read"):
            team = await Team.get(1)
            await gate.wait()
            team.name += "!"
            await team.save()

    async def work() -> list[object]:
        gate = asyncio.Barrier(2)
        found = await asyncio.gather(change(gate), change(gate), return_exceptions=True)
        return [type(each) for each in found if each]

    assert asyncio.run(work()) == [SerializationFailure]
    assert names() == ["a!"]


PARALLEL = [
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


async def cross(first: int, second: int, gate: asyncio.Barrier) -> None:
    async with transaction():
        await Team.where(id=first).update(name=f"{first} by {second}")
        await gate.wait()
        await Team.where(id=second).update(name=f"{second} by {first}")


@pytest.mark.parametrize("engine_name", PARALLEL, indirect=True)
def test_deadlock_undoes_one_of_the_two(database: Database) -> None:
    for name in ("a", "b"):
        Team(name=name).save().run()

    async def work() -> list[object]:
        gate = asyncio.Barrier(2)
        both = (cross(1, 2, gate), cross(2, 1, gate))
        return list(await asyncio.gather(*both, return_exceptions=True))

    found = asyncio.run(work())
    assert sorted(type(each).__name__ for each in found) == ["Deadlock", "NoneType"]
    assert names() == ["1 by 2", "2 by 1"]


@pytest.mark.parametrize("engine_name", PARALLEL, indirect=True)
def test_block_that_went_on_after_a_deadlock_is_not_committed(database: Database) -> None:
    for name in ("a", "b"):
        Team(name=name).save().run()

    async def careless(first: int, second: int, gate: asyncio.Barrier) -> None:
        async with transaction():
            await Team(name=f"row of {first}").save()
            try:
                await cross(first, second, gate)
            except Deadlock:
                await Team(name="half").save()

    async def work() -> None:
        gate = asyncio.Barrier(2)
        both = (careless(1, 2, gate), careless(2, 1, gate))
        await asyncio.gather(*both, return_exceptions=True)

    asyncio.run(work())
    assert len(names()) in (3, 5)
    assert ("half" in names()) == (len(names()) == 5)


@pytest.mark.parametrize("engine_name", PARALLEL, indirect=True)
def test_transaction_is_repeated_after_a_deadlock(database: Database) -> None:
    for name in ("a", "b"):
        Team(name=name).save().run()
    tries: list[int] = []

    async def work(first: int, second: int, gate: asyncio.Barrier) -> str:
        tries.append(first)
        await Team.where(id=first).update(name=f"x{first}")
        if len(tries) <= 2:
            await gate.wait()
        await Team.where(id=second).update(name=f"x{second}")
        return f"done {first}"

    async def both() -> list[str]:
        gate = asyncio.Barrier(2)
        return list(
            await asyncio.gather(
                repeat_transaction(lambda: work(1, 2, gate)),
                repeat_transaction(lambda: work(2, 1, gate)),
            )
        )

    assert asyncio.run(both()) == ["done 1", "done 2"]
    assert len(tries) == 3
    assert names() == ["x1", "x2"]


def test_repetition_ends(database: Database) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise Deadlock("again")

    with pytest.raises(Deadlock):
        repeat_transaction(work, attempts=3).run()
    assert len(tries) == 3
    with pytest.raises(TransactionError, match="outermost"), transaction():
        repeat_transaction(work).run()


def test_plain_work_is_repeated(database: Database) -> None:
    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        Team(name="a").save().run()
        if len(tries) < 3:
            raise SerializationFailure("again")
        return len(tries)

    assert repeat_transaction(work).run() == 3
    assert names() == ["a"]
