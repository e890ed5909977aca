"""The SQLite engine: durable groups, budgets, processes, memory, damage."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from tests.db.models import ALL, Team
from triode.db import Database, DatabaseUnavailable, Duplicate, SchemaMismatch, ValueRefused
from triode.db.engine import Write
from triode.db.engine.sqlite import SQLiteEngine


def engine_of(database: Database) -> SQLiteEngine:
    assert isinstance(database.engine, SQLiteEngine)
    return database.engine


async def save_all(count: int) -> list[Team]:
    return list(await asyncio.gather(*(Team(name=f"t{n}").save() for n in range(count))))


def test_concurrent_writes_share_commits(sqlite: Database) -> None:
    teams = asyncio.run(save_all(200))
    assert sorted(team.id for team in teams) == list(range(1, 201))
    assert Team.count().run() == 200


def test_refused_write_leaves_its_neighbours_alone(sqlite: Database) -> None:
    async def work() -> list[object]:
        writes = [Team(name=name).save() for name in ("a", "b", "a", "c")]
        return list(await asyncio.gather(*writes, return_exceptions=True))

    results = asyncio.run(work())
    assert [type(result) for result in results] == [Team, Team, Duplicate, Team]
    assert Team.count().run() == 3


def test_group_of_writes_is_all_or_nothing(sqlite: Database) -> None:
    async def work() -> None:
        channel = sqlite.engine.awaiting
        insert = "INSERT INTO team (name) VALUES (?)"
        await channel.write([Write(insert, ("a",)), Write(insert, ("a",))])

    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        asyncio.run(work())
    assert Team.count().run() == 0


WRITER = """
    import asyncio, sys
    from triode.db import Database, Model
    class Team(Model):
        name: str
    async def work(prefix, count):
        for number in range(count):
            team = await Team(name=f"{prefix}-{number}").save()
            print(team.name, flush=True)
    async def main(url, prefix, tasks, count):
        database = Database(url)
        await database.start()
        await asyncio.gather(*(work(f"{prefix}.{task}", count) for task in range(tasks)))
        await database.stop()
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def start_writer(database: Database, *arguments: object) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", textwrap.dedent(WRITER), database.url]
    return subprocess.Popen(
        [*program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


KILLS = 100
FORKING_WRITER = """
    import asyncio, os, signal, sys
    from triode.db import Database, Model
    class Team(Model):
        name: str
    async def work(prefix):
        for number in range(100_000):
            team = await Team(name=f"{prefix}-{number}").save()
            os.write(1, f"{team.name}\\n".encode())
    async def main(turn):
        database = Database(sys.argv[1])
        await database.start()
        await asyncio.gather(*(work(f"{turn}.{task}") for task in range(8)))
    for turn in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(main(turn.strip()))
        print(child, file=sys.stderr, flush=True)
        os.waitpid(child, 0)
        os.write(1, b"killed\\n")
"""


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_hundred_kills(sqlite: Database) -> None:
    # A parent that has loaded everything forks each victim: a kill costs 0.1 s and not 1 s.
    chance = random.Random(4)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FORKING_WRITER), sqlite.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:  # fmt: skip
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stderr is not None
        told: list[str] = []
        for turn in range(KILLS):
            print(turn, file=parent.stdin, flush=True)
            child = int(parent.stderr.readline())
            told += [parent.stdout.readline().strip() for _ in range(chance.randrange(1, 60))]
            os.kill(child, signal.SIGKILL)
            told += [line.strip() for line in iter(parent.stdout.readline, "killed\n")]
        parent.stdin.close()
    stored = {row["name"] for row in Team.values(Team.name).run()}
    assert len(told) > KILLS
    assert set(told) <= stored
    assert len(stored) <= len(told) + 9 * KILLS
    assert sqlite.fetch(sa.text("PRAGMA integrity_check")).run() == [("ok",)]


@pytest.mark.slow
def test_processes_take_turns(sqlite: Database) -> None:
    processes = [start_writer(sqlite, str(number), 8, 100) for number in range(4)]
    said = [process.communicate()[1] for process in processes]
    assert (said, [process.returncode for process in processes]) == ([None] * 4, [0] * 4)
    assert Team.count().run() == 3200


SLOW = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) "
    "SELECT count(*) FROM n"
)


def test_slow_read_leaves_the_loop(sqlite: Database) -> None:
    async def work() -> tuple[object, float]:
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0)
                longest = max(longest, time.perf_counter() - before)

        watcher = asyncio.create_task(watch())
        rows = await sqlite.engine.awaiting.read(SLOW, ())
        watcher.cancel()
        return rows, longest

    rows, _ = asyncio.run(work())
    assert rows == [(300_000,)]
    assert engine_of(sqlite).read_within_budget(SLOW, ()) is None


def test_quick_read_stays_on_the_loop(sqlite: Database) -> None:
    assert engine_of(sqlite).read_within_budget("SELECT 1", ()) == [(1,)]


def test_reads_cannot_write(sqlite: Database) -> None:
    with pytest.raises(Exception, match="attempt to write a readonly"):
        asyncio.run(sqlite.engine.awaiting.read("DELETE FROM team", ()))


def test_one_database_serves_many_loops(sqlite: Database) -> None:
    for number in range(3):
        asyncio.run(save_all_named(f"loop {number}"))
    assert Team.count().run() == 3


async def save_all_named(name: str) -> None:
    await Team(name=name).save()


def test_threads_and_loops_share_the_writer(sqlite: Database) -> None:
    def work(number: int) -> None:
        with sqlite.active():
            for each in range(20):
                Team(name=f"{number}.{each}").save().run()

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    asyncio.run(save_all(20))
    for thread in threads:
        thread.join()
    assert Team.count().run() == 100


def test_memory_database_is_shared_by_its_connections() -> None:
    made = Database("sqlite://")
    with made.active():
        made.create_tables(*ALL).run()
        asyncio.run(save_all(5))
        assert Team.count().run() == 5
    made.close()


def test_memory_databases_are_apart() -> None:
    first, second = Database("sqlite://"), Database("sqlite://")
    with first.active():
        first.create_tables(Team).run()
        Team(name="a").save().run()
    with second.active():
        second.create_tables(Team).run()
        assert Team.count().run() == 0
    first.close()
    second.close()


def test_settings_of_a_file(sqlite: Database) -> None:
    reader = engine_of(sqlite).borrow()
    names = ("journal_mode", "synchronous", "foreign_keys")
    settings = [reader.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    engine_of(sqlite).give_back(reader)
    assert settings == ["wal", 2, 1]


def test_tables_are_strict(sqlite: Database) -> None:
    write = Write("INSERT INTO user (email, age, password) VALUES ('a', 'x', 'p')")
    with pytest.raises(ValueRefused, match="A value is of another type than its column"):
        asyncio.run(sqlite.engine.awaiting.write([write]))


def refused(url: str) -> str:
    made = Database(url)
    with pytest.raises(DatabaseUnavailable) as caught:
        asyncio.run(made.start())
    asyncio.run(made.stop())
    return caught.value.message


def test_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"Create '{tmp_path / 'no'}'" in refused(f"sqlite:///{tmp_path}/no/app.db")


def test_folder_is_no_database(tmp_path: Path) -> None:
    assert "is a folder" in refused(f"sqlite:///{tmp_path}")


def test_other_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_text("hello, this is not a database " * 100)
    message = refused(f"sqlite:///{tmp_path}/app.db")
    assert "is not a SQLite database, or it is damaged" in message
    assert str(tmp_path / "app.db") in message


def test_table_that_lacks_a_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE team (id INTEGER PRIMARY KEY)")
    connection.close()
    made = Database(f"sqlite:///{path}")
    with pytest.raises(SchemaMismatch, match="'team' in the database has no column name") as caught:
        made.create_tables(Team).run()
    assert "ALTER TABLE team ADD COLUMN name TEXT NOT NULL" in str(caught.value)
    made.close()


def test_existing_tables_are_left_alone(sqlite: Database) -> None:
    Team(name="a").save().run()
    assert sqlite.create_tables(*ALL).run() == []
    assert Team.count().run() == 1


def test_closed_database_opens_again(sqlite: Database) -> None:
    Team(name="a").save().run()
    sqlite.close()
    assert Team.count().run() == 1
