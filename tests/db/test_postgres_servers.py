"""PostgreSQL that is restarted, that stands behind PgBouncer, and that speaks by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import service_url
from tests.db.conftest import postgres_schema
from tests.db.models import Team
from tests.db.servers import cluster, pgbouncer, program
from triode.db import Database, DatabaseBusy, DatabaseUnavailable, QueryError, transaction
from triode.db.engine.postgres_listening import Listener, Notification

pytestmark = pytest.mark.service("postgres")


async def next_of(listener: Listener, count: int) -> list[Notification]:
    found: list[Notification] = []
    async with asyncio.timeout(20):
        async for notification in listener:
            found.append(notification)
            if len(found) == count:
                break
    return found


def test_notifications_are_heard() -> None:
    async def work() -> list[Notification]:
        database = Database(service_url("postgres") or "")
        async with database.listen("triode_jobs", "Odd Name") as listener:
            await database.notify("triode_jobs", "first")
            await database.notify("other", "not for us")
            await database.notify("Odd Name")
            found = await next_of(listener, 2)
        await database.stop()
        return found

    assert asyncio.run(work()) == [("triode_jobs", "first"), ("Odd Name", "")]


def test_notification_waits_for_the_commit() -> None:
    async def work() -> list[Notification]:
        database = Database(service_url("postgres") or "")
        with database.active():
            async with database.listen("triode_tx") as listener:
                with pytest.raises(ZeroDivisionError):  # noqa: PT012
                    async with transaction():
                        await database.notify("triode_tx", "undone")
                        raise ZeroDivisionError
                async with transaction():
                    await database.notify("triode_tx", "done")
                found = await next_of(listener, 1)
        await database.stop()
        return found

    assert asyncio.run(work()) == [("triode_tx", "done")]


def test_listener_comes_back_and_tells_of_the_gap() -> None:
    async def work() -> list[Notification]:
        database = Database(service_url("postgres") or "")
        async with database.listen("triode_gap") as listener:
            number = listener._connection.get_server_pid()
            await database.fetch(sa.text(f"SELECT pg_terminate_backend({number})"))
            found = await next_of(listener, 1)
            await database.notify("triode_gap", "after")
            found += await next_of(listener, 1)
        left = await database.fetch(
            sa.text("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%triode_gap%'")
        )
        await database.stop()
        assert left == []
        return found

    assert asyncio.run(work()) == [("triode_gap", None), ("triode_gap", "after")]


def test_other_databases_have_no_notifications(sqlite: Database) -> None:
    with pytest.raises(QueryError, match="listen is PostgreSQL's; sqlite has nothing like it"):
        sqlite.listen("a")
    with pytest.raises(QueryError):
        sqlite.notify("a").run()


@pytest.mark.slow
@pytest.mark.skipif(program("initdb") is None, reason="PostgreSQL's initdb is not installed")
def test_server_is_restarted(tmp_path: Path) -> None:
    async def work(database: Database) -> list[str]:
        await database.create_tables(Team)
        await asyncio.gather(*(Team(name=f"before {number}").save() for number in range(8)))
        async with database.listen("triode_restart") as listener:
            await asyncio.to_thread(server.stop)
            with pytest.raises((DatabaseBusy, DatabaseUnavailable)) as caught:
                await Team.count()
            assert caught.value.status_code == 503
            await asyncio.to_thread(server.start)
            assert await Team.count() == 8
            found = await asyncio.gather(
                *(Team(name=f"after {number}").save() for number in range(8)),
                return_exceptions=True,
            )
            assert await next_of(listener, 1) == [("triode_restart", None)]
        await database.stop()
        return [str(each) for each in found if isinstance(each, Exception)]

    with cluster(tmp_path) as server:
        database = Database(server.url)
        with database.active():
            assert asyncio.run(work(database)) == []


async def load(database: Database, name: str) -> set[str]:
    """Read and write at the same time on more connections than PgBouncer has; return the errors."""

    async def one(number: int) -> None:
        await database.fetch(sa.text(f"SELECT * FROM {name} WHERE id = {number % 7}"))
        async with transaction(database):
            sql = sa.text(f"INSERT INTO {name} (id) VALUES (:id)")
            await database.fetch(sql.bindparams(id=number))
        await database.fetch(sa.text(f"SELECT count(*) FROM {name} WHERE id < {number % 5}"))

    found = await asyncio.gather(*(one(number) for number in range(60)), return_exceptions=True)
    return {type(each).__name__ for each in found if each is not None}


@pytest.mark.slow
@pytest.mark.skipif(program("pgbouncer") is None, reason="pgbouncer is not installed")
def test_pgbouncer_in_transaction_mode(tmp_path: Path) -> None:
    with postgres_schema() as made, pgbouncer(tmp_path, service_url("postgres") or "") as url:
        [row] = made.fetch(sa.text("SELECT current_schema()")).run()
        name = f"{row[0]}.numbers"
        made.fetch(sa.text(f"CREATE TABLE {name} (id BIGINT)")).run()

        async def work(**options: bool) -> set[str]:
            database = Database(url, pool_size=8, **options)
            errors = await load(database, name)
            await database.stop()
            return errors

        assert asyncio.run(work(prepared_statements=False)) == set()
        assert made.fetch(sa.text(f"SELECT count(*) FROM {name}")).run() == [(60,)]
        assert asyncio.run(work()) != set()
