"""Backups of a SQLite database that is written, and their way back."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.db.conftest import sqlite_file
from tests.db.models import ALL, Team
from triode.db import Database
from triode.db.errors import BackupError
from triode.db.transfer.backups import back_up, contents_of, restore


def names_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM team ORDER BY id")]


def test_backup_is_of_one_moment_while_writing_goes_on(sqlite: Database, tmp_path: Path) -> None:
    async def work() -> list[int]:
        sizes = []
        done = asyncio.Event()

        async def write(number: int) -> None:
            count = 0
            while not done.is_set():
                await Team(name=f"{number}.{count}").save()
                count += 1

        writers = [asyncio.create_task(write(number)) for number in range(4)]
        for number in range(5):
            await asyncio.sleep(0.05)
            copy = await asyncio.to_thread(back_up, sqlite, tmp_path / f"copy{number}.db")
            sizes.append(len(names_in(copy)))
        done.set()
        await asyncio.gather(*writers)
        return sizes

    sizes = asyncio.run(work())
    assert sizes == sorted(sizes)
    assert 0 < sizes[0] < sizes[-1] <= Team.count().run()
    for number in range(5):
        copy = names_in(tmp_path / f"copy{number}.db")
        # Whoever wrote the n-th row had written those before it.
        for writer in range(4):
            mine = [name for name in copy if name.startswith(f"{writer}.")]
            assert mine == [f"{writer}.{count}" for count in range(len(mine))]


def test_backup_is_one_file_with_the_rights_of_the_database(
    sqlite: Database, tmp_path: Path
) -> None:
    Team(name="a").save().run()
    (tmp_path / "app.db").chmod(0o640)
    (tmp_path / "out").mkdir()
    copy = back_up(sqlite, tmp_path / "out" / "copy.db")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["copy.db"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert "team" in contents_of(copy).tables


def test_backup_overwrites_nothing(sqlite: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        back_up(sqlite, tmp_path / "copy.db")
    with pytest.raises(BackupError, match="could not be copied"):
        back_up(sqlite, tmp_path / "missing" / "copy.db")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "A database in memory has no file"),
        ("postgresql://host/name", "For postgresql use pg_dump"),
    ],
)
def test_what_has_no_file_is_not_backed_up(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=message):
        back_up(Database(url), tmp_path / "copy.db")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a backup with one team; the database has gone on to another one and is closed."""
    with sqlite_file(tmp_path) as database, database.active():
        database.create_tables(*ALL).run()
        Team(name="old").save().run()
        made = back_up(database, tmp_path / "copy.db")
        Team(name="new").save().run()
    return made


@pytest.fixture
def closed(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'app.db'}")


def test_backup_takes_the_place_and_the_old_file_is_kept(copy: Path, closed: Database) -> None:
    with pytest.raises(BackupError, match="--yes"):
        restore(closed, copy)
    kept = restore(closed, copy, overwrite=True)
    assert kept is not None
    assert (names_in(copy.with_name("app.db")), names_in(kept)) == (["old"], ["old", "new"])
    with closed.active():
        assert Team.count().run() == 1
    closed.close()


def test_backup_goes_where_nothing_is(copy: Path, closed: Database) -> None:
    copy.with_name("app.db").unlink()
    assert restore(closed, copy) is None
    assert names_in(copy.with_name("app.db")) == ["old"]


def test_database_in_use_is_not_replaced(copy: Path, closed: Database) -> None:
    with closed.active():
        Team.count().run()
        with pytest.raises(BackupError, match="is in use"):
            restore(closed, copy, overwrite=True)
        assert [team.name for team in Team.where().run()] == ["old", "new"]
    closed.close()
    assert sorted(path.name for path in copy.parent.iterdir()) == ["app.db", "copy.db"]


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 200] = b"\xaa" * 200
    path.write_bytes(content)


def lose_a_parent(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO hero (name, team_id, created) VALUES ('x', 99, '2026')")
        connection.commit()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damage, "damaged|malformed|could not be copied"),
        (lose_a_parent, "1 rows of hero refer to rows that do not exist"),
        (lambda path: path.write_text("no database" * 1000), "not a database"),
        (lambda path: path.unlink(), "There is no backup"),
    ],
)
def test_broken_backup_changes_nothing(
    copy: Path, closed: Database, spoil: object, message: str
) -> None:
    assert callable(spoil)
    spoil(copy)
    with pytest.raises(BackupError, match=message):
        restore(closed, copy, overwrite=True)
    assert names_in(copy.with_name("app.db")) == ["old", "new"]
    assert {path.name for path in copy.parent.iterdir()} <= {"app.db", "copy.db"}


def test_damaged_database_is_replaced_and_kept(copy: Path, closed: Database) -> None:
    target = copy.with_name("app.db")
    target.write_text("no database" * 1000)
    target.with_name("app.db-wal").write_text("left behind")
    kept = restore(closed, copy, overwrite=True)
    assert kept is not None
    assert kept.read_text().startswith("no database")
    assert not target.with_name("app.db-wal").exists()
    assert names_in(target) == ["old"]
