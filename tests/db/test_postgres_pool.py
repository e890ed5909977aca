"""Connections to PostgreSQL: which are kept at hand, and that nobody goes without."""

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.db.conftest import postgres_schema
from tests.db.models import ALL, Hero, Team
from triode.db import ConnectionLost, Database, DatabaseBusy, Duplicate, transaction
from triode.db.engine import postgres_pool
from triode.db.engine.postgres_sessions import leaves_traces

pytestmark = pytest.mark.service("postgres")

PID = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def postgres() -> Iterator[Database]:
    with postgres_schema() as made, made.active():
        made.create_tables(*ALL).run()
        yield made


async def pid(database: Database) -> int:
    [row] = await database.fetch(PID)
    return int(row[0])


def test_connection_at_hand_is_used_again(postgres: Database) -> None:
    async def work() -> set[int]:
        found = {await pid(postgres) for _ in range(5)}
        async with transaction():
            found.add(await pid(postgres))
        return found | {await pid(postgres)}

    assert len(asyncio.run(work())) == 1


def test_nobody_waits_for_a_connection_at_hand(postgres: Database) -> None:
    async def one(number: int) -> None:
        for _ in range(5):
            await Team.count()
            async with transaction():
                await Team(name=f"{number} {_}").save()

    async def work() -> int:
        await asyncio.wait_for(asyncio.gather(*map(one, range(40))), 30)
        return await Team.count()

    assert asyncio.run(work()) == 200


def test_connection_that_was_ended_at_hand_is_replaced(postgres: Database) -> None:
    async def work() -> bool:
        first = await pid(postgres)
        end = postgres.fetch(sa.text(f"SELECT pg_terminate_backend({first})"))
        await asyncio.to_thread(end.run)
        await asyncio.sleep(0.1)
        return await pid(postgres) != first

    assert asyncio.run(work())


def test_unused_connections_go_back(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_pool, "AT_HAND", 0.02)

    async def work() -> tuple[int, int]:
        await asyncio.gather(*(postgres.fetch(sa.text("SELECT pg_sleep(0.1)")) for _ in range(4)))
        pool = await postgres.engine.pool()  # type: ignore[attr-defined]
        before = len(pool._at_hand)
        await asyncio.sleep(0.2)
        assert await Team.count() == 0
        return before, len(pool._at_hand)

    assert asyncio.run(work()) == (4, 1)


def test_failed_statement_gives_its_connection_back(postgres: Database) -> None:
    async def sleep() -> None:
        await postgres.fetch(sa.text("SELECT pg_sleep(60)"))

    async def work() -> int:
        for _ in range(30):
            with pytest.raises(Exception, match="nothing"):
                await postgres.fetch(sa.text("SELECT * FROM nothing"))
        task = asyncio.create_task(sleep())
        await asyncio.sleep(0.1)
        task.cancel()
        return await Team.count()

    assert asyncio.run(work()) == 0


def test_refused_writes_leave_blocks_usable(postgres: Database) -> None:
    async def refuse() -> None:
        with pytest.raises(Duplicate):
            await Team(name="A").save()

    async def fail() -> None:
        async with transaction():
            await Team(name="C").save()
            await Hero(name="C").save()
            raise ZeroDivisionError

    async def work() -> None:
        async with transaction():
            await Team(name="A").save()
            await refuse()
            async with transaction():
                await refuse()
                await Team(name="B").save()
                await refuse()
            await refuse()
            with pytest.raises(ZeroDivisionError):
                await fail()
            await Team(name="D").save()
            async with transaction():
                await Team(name="E").save()
            await refuse()

    asyncio.run(work())
    assert [team.name for team in Team.order_by("id").run()] == ["A", "B", "D", "E"]


def test_nobody_waits_for_ever(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_pool, "PATIENCE", 0.1)
    mark = "&" if "?" in postgres.url else "?"
    small = Database(f"{postgres.url}{mark}pool_size=1")

    async def held() -> None:
        async with transaction(small):
            await asyncio.sleep(0.4)

    async def work() -> int:
        holder = asyncio.create_task(held())
        await asyncio.sleep(0.1)
        with small.active():
            for statement in (Team.count(), Team(name="a").save()):
                with pytest.raises(DatabaseBusy) as caught:
                    await statement
                assert caught.value.message == (
                    "No connection was free for 0 seconds. Hold them for less long, or give the "
                    "database a larger pool_size."
                )
            await holder
            return await Team.count()

    assert asyncio.run(work()) == 0
    small.close()


def test_stream_that_is_held_does_not_keep_the_pool_from_closing(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pool, "CLOSING", 0.1)
    postgres.fetch(
        sa.text("INSERT INTO team (name) SELECT 'n' || i FROM generate_series(1, 2000) i")
    ).run()
    other = Database(postgres.url)
    with other.active():
        rows = iter(Team.order_by(Team.id))
        assert next(rows).id == 1
        other.close()
        with pytest.raises(ConnectionLost):
            list(rows)
        assert Team.count().run() == 2000
    other.close()


def test_who_is_cancelled_while_he_waits_keeps_nothing(postgres: Database) -> None:
    async def one() -> None:
        for _ in range(20):
            await postgres.fetch(PID)

    async def work() -> tuple[int, int]:
        for tries in range(20):
            tasks = [asyncio.create_task(one()) for _ in range(40)]
            for _ in range(tries):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
        pool = await postgres.engine.pool()  # type: ignore[attr-defined]
        return pool.used, len(pool._waiters)

    assert asyncio.run(work()) == (0, 0)


TENANT = sa.text("SELECT coalesce(current_setting('app.tenant', true), '')")


@pytest.mark.parametrize(
    ("leave", "look", "clean"),
    [
        ("SET app.tenant = 'a'", TENANT, ""),
        ("/* who */ SET SESSION app.tenant = 'a'", TENANT, ""),
        ("SELECT set_config('app.tenant', 'a', false)", TENANT, ""),
        ("SET ROLE pg_monitor", sa.text("SELECT current_user = session_user"), True),
        ("CREATE TEMP TABLE team (id int)", sa.text("SELECT count(name) FROM team"), 0),
        (
            "SELECT pg_advisory_lock(4711)",
            sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"),
            0,
        ),
    ],
)
def test_nobody_meets_the_traces_of_others(
    postgres: Database, leave: str, look: sa.TextClause, clean: object
) -> None:
    async def found() -> object:
        [row] = await postgres.fetch(look)
        return row[0]

    async def work() -> list[object]:
        before = await pid(postgres)
        await postgres.fetch(sa.text(leave))
        seen = [await found()]
        async with transaction():
            await postgres.fetch(sa.text(leave))
        seen.append(await found())
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            async with transaction():
                await postgres.fetch(sa.text(leave))
                raise ZeroDivisionError
        return [*seen, await found(), await pid(postgres) == before]

    assert asyncio.run(work()) == [clean, clean, clean, True]


def test_traces_end_with_a_failed_statement(postgres: Database) -> None:
    async def work() -> object:
        with pytest.raises(Exception, match="nothing"):
            await postgres.fetch(sa.text("SELECT set_config('app.tenant', a, false) FROM nothing"))
        task = asyncio.create_task(
            postgres.fetch(
                sa.text("SELECT set_config('app.tenant', 'a', false), pg_sleep(9)")
            ).execute(postgres.engine.awaiting)
        )
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        [row] = await postgres.fetch(TENANT)
        return row[0]

    assert asyncio.run(work()) == ""


def test_settings_of_the_address_stay(postgres: Database) -> None:
    async def work() -> object:
        before = await postgres.fetch(sa.text("SHOW search_path"))
        await postgres.fetch(sa.text("SET search_path = pg_catalog"))
        return before == await postgres.fetch(sa.text("SHOW search_path"))

    assert asyncio.run(work())


@pytest.mark.parametrize(
    "sql",
    ["SELECT temp.set FROM temp", "SET LOCAL app.tenant = 'a'", "SELECT pg_advisory_xact_lock(1)"],
)
def test_what_ends_with_its_transaction_leaves_no_traces(sql: str) -> None:
    assert not leaves_traces(sql)
