"""The writer's thread: what goes wrong for one caller leaves the others alone."""

import asyncio

import pytest
import sqlalchemy as sa

from tests.db.models import Team
from triode.db import Database, QueryError, TransactionError, transaction
from triode.db.engine import Write
from triode.db.engine.sqlite_writer import Job, Writer
from triode.db.errors import ConstraintViolation, DatabaseUnavailable


def test_writer_that_cannot_connect_refuses_every_job():
    def connect():
        raise DatabaseUnavailable("The database is gone.")

    writer = Writer(connect)
    jobs = [Job(lambda connection: None, None) for _ in range(2)]
    for job in jobs:
        writer.put(job)
    for job in jobs:
        with pytest.raises(DatabaseUnavailable, match="gone"):
            job.future.result(timeout=5)
    writer.close()


def names() -> list[str]:
    return [team.name for team in Team.order_by(Team.id).run()]


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
def test_write_that_ends_the_shared_transaction_is_told_to_all(
    sqlite: Database, statement: str
) -> None:
    async def work() -> list[object]:
        raw = sqlite.engine.awaiting.write([Write(statement)])
        other = sqlite.engine.awaiting.write([Write("DELETE FROM team")])
        return await asyncio.wait_for(asyncio.gather(raw, other, return_exceptions=True), 5)

    assert TransactionError in [type(each) for each in asyncio.run(work())]
    Team(name="after").save().run()
    assert names() == ["after"]


@pytest.mark.parametrize(
    "text", ["COMMIT", " rollback", "-- why\nEND", "/* x */ BEGIN", "SAVEPOINT a", "Release a"]
)
def test_fetch_refuses_to_control_transactions(empty: Database, text: str) -> None:
    with pytest.raises(QueryError, match="async with transaction"):
        empty.fetch(sa.text(text)).run()


def test_job_that_stops_an_iteration_is_resolved() -> None:
    async def work() -> None:
        job = Job(lambda connection: next(iter(())), asyncio.get_running_loop())
        job.run(None)  # type: ignore[arg-type]
        job.resolve()
        await job.future

    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(work())


def test_commit_that_is_refused_frees_the_writer(sqlite: Database) -> None:
    sqlite.fetch(sa.text("CREATE TABLE parent (id INTEGER PRIMARY KEY)")).run()
    reference = "parent INT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED"
    sqlite.fetch(sa.text(f"CREATE TABLE child (id INTEGER PRIMARY KEY, {reference})")).run()

    async def work() -> None:
        with pytest.raises(ConstraintViolation):
            async with transaction():
                await sqlite.fetch(sa.text("INSERT INTO child VALUES (1, 99)"))
        await asyncio.wait_for(Team(name="after").save(), 5)

    asyncio.run(work())
    assert names() == ["after"]


def test_run_on_a_loop_does_not_wait_for_a_transaction_in_the_queue(sqlite: Database) -> None:
    async def block() -> None:
        async with transaction():
            await Team(name="a").save()

    async def work() -> None:
        task = asyncio.create_task(block())
        await asyncio.sleep(0)
        with pytest.raises(TransactionError, match="Use await"):
            Team(name="b").save().run()
        await task
        Team(name="c").save().run()

    asyncio.run(work())
    assert names() == ["a", "c"]
