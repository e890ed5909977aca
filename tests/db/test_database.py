"""Databases by address, and which of them a statement goes to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.db.models import Team
from triode.db import Database, DatabaseUnavailable, current_database
from triode.db.sources import Source
from triode.errors import ConfigError


@pytest.fixture(autouse=True)
def no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Source, "default", None)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "'nonsense' is not the address of a database"),
        ("nothing://host/name", "There is no engine for 'nothing'"),
        ("mssql+pymssql://host/name", "needs the package 'pymssql', which is not installed"),
    ],
)
def test_wrong_address_is_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Database(url)
    assert caught.value.code == "database-url"


def test_server_that_does_not_answer_is_named_without_its_password() -> None:
    database = Database("postgresql://ada:secret@127.0.0.1:1/shop")
    with pytest.raises(DatabaseUnavailable) as caught:
        asyncio.run(database.start())
    assert "postgresql://ada:***@127.0.0.1:1/shop" in str(caught.value)
    assert "secret" not in str(caught.value) + repr(database)


def test_statement_without_a_database_says_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r'Database\("sqlite:///app.db"\)'):
        Team.count().run()
    with pytest.raises(ConfigError):
        current_database()


def test_first_database_is_the_default() -> None:
    first, second = Database("sqlite://"), Database("sqlite://")
    assert current_database() is first
    second.make_default()
    assert current_database() is second
    with first.active():
        assert current_database() is first
    first.close()
    second.close()
    with pytest.raises(ConfigError):
        current_database()


class App:
    """What `setup` needs of an application."""

    def __init__(self) -> None:
        self.startup: list[object] = []
        self.shutdown: list[object] = []
        self.add_startup = self.startup.append
        self.add_shutdown = self.shutdown.append


def test_application_opens_and_closes_its_database(tmp_path: Path) -> None:
    database, app = Database(f"sqlite:///{tmp_path / 'app.db'}"), App()
    database.setup(app)

    async def live() -> int:
        for function in app.startup:
            assert callable(function)
            await function()
        await database.create_tables(Team)
        count = await Team.count()
        for function in app.shutdown:
            assert callable(function)
            await function()
        return count

    assert asyncio.run(live()) == 0
    assert not Path(f"{tmp_path / 'app.db'}-wal").exists()


def test_field_alone_loads_no_sqlalchemy() -> None:
    program = "import sys; from triode.db import Field; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2] / "src",
    )  # fmt: skip
    assert done.stdout == "False\n"
