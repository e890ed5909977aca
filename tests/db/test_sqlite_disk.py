"""SQLite where the disk is full, read-only or broken: a clear error, and nothing lost."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.db.conftest import sqlite_file
from tests.db.models import ALL, Team
from triode import Create, Triode
from triode.db import Database, DatabaseUnavailable, transaction

IS_ROOT = os.geteuid() == 0


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as on a full disk."""
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def is_whole(path: Path) -> bool:
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return found == [("ok",)]


async def fill() -> int:
    for number in count():
        try:
            await Team(name=f"{number:05}{'x' * 70}").save()
        except DatabaseUnavailable:
            return number
    return 0


def test_full_disk_loses_nothing(
    sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "app.db"
    caplog.set_level(logging.ERROR, "triode.db")
    wal = Path(f"{path}-wal").stat().st_size
    with largest_file(max(path.stat().st_size, wal) + 200_000):
        saved = asyncio.run(fill())
    assert saved > 0
    assert "disk" in caplog.text
    assert Team.count().run() == saved
    Team(name="after").save().run()
    sqlite.close()
    assert is_whole(path)


def test_full_disk_is_a_503(serve: Any, sqlite: Database, tmp_path: Path) -> None:
    app = Triode(database=sqlite)

    @app.post("/teams")
    async def add(team: Create[Team]) -> Team:
        return await team.save()

    def post(number: int) -> Any:
        return client.post("/teams", json={"name": f"{number:05}{'x' * 70}"})

    client = serve(app)
    size = max(each.stat().st_size for each in tmp_path.iterdir())
    with largest_file(size + 20_000):
        answers = [post(number) for number in range(40)]
    refused = [each for each in answers if each.status_code != 200]
    assert {each.status_code for each in refused} == {503}
    assert refused[0].json() == {"detail": "The service cannot be used at the moment."}
    assert post(99).status_code == 200
    with sqlite.active():
        assert Team.count().run() == 40 - len(refused) + 1


def test_block_on_a_full_disk_is_undone(sqlite: Database, tmp_path: Path) -> None:
    async def work() -> None:
        async with transaction():
            for number in range(5000):
                await Team(name=f"{number:05}{'x' * 70}").save()

    Team(name="before").save().run()
    size = max(each.stat().st_size for each in tmp_path.iterdir())
    with largest_file(size + 50_000), pytest.raises(DatabaseUnavailable):
        asyncio.run(work())
    Team(name="after").save().run()
    assert [team.name for team in Team.order_by(Team.id).run()] == ["before", "after"]


READ_ONLY = """
    import asyncio, os, sys
    from triode.db import Database, DatabaseUnavailable, Model
    class Team(Model):
        name: str
    if os.geteuid() == 0:
        os.setuid(65534)
    made = Database(sys.argv[1])
    try:
        asyncio.run(made.start())
        Team(name="b").save().run()
    except DatabaseUnavailable as exc:
        print(exc)
    else:
        print("written")
"""


def start_as_nobody(url: str) -> str:
    program = [sys.executable, "-c", textwrap.dedent(READ_ONLY), url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not IS_ROOT, reason="needs root, to become somebody who may not write")
@pytest.mark.parametrize(
    ("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555), (0o600, 0o755)]
)
def test_read_only_file_or_folder_is_told_at_the_start(
    tmp_path: Path, file_mode: int, folder_mode: int
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with sqlite_file(folder) as made, made.active():
        made.create_tables(*ALL).run()
        Team(name="a").save().run()
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    (folder / "app.db").chmod(file_mode)
    folder.chmod(folder_mode)
    told = start_as_nobody(f"sqlite:///{folder / 'app.db'}")
    folder.chmod(0o755)
    assert "[database-unavailable]" in told
    assert str(folder / "app.db") in told
    assert is_whole(folder / "app.db")


def test_file_that_is_damaged_while_it_is_used(sqlite: Database, tmp_path: Path) -> None:
    for number in range(400):
        Team(name=f"{number:05}{'x' * 70}").save().run()
    sqlite.close()
    content = bytearray((tmp_path / "app.db").read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 200] = b"\xaa" * 200
    (tmp_path / "app.db").write_bytes(content)
    with pytest.raises(DatabaseUnavailable, match="damaged") as caught:
        Team.where().run()
    told = (caught.value.status_code, caught.value.detail)
    assert told == (503, "The service cannot be used at the moment.")
    with pytest.raises(DatabaseUnavailable):
        Team(name="b").save().run()
