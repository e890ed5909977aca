"""A database that cannot be used: one line at the start, without the password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Triode
from tests.db.servers import Cluster, cluster, program
from triode.db import Database, DatabaseUnavailable

PROGRAM = """
from triode import Model, Triode

app = Triode()


class Team(Model):
    name: str
"""
POSTGRES = pytest.mark.service("postgres")
MARIADB = pytest.mark.service("mariadb")
MEND = (
    "Check that the server runs and that DATABASE_URL names the right host, user, password and "
    "database. [database-unavailable]"
)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "sqlite:///nowhere/app.db",
            "The database 'nowhere/app.db' lies in a folder that does not exist. Create 'nowhere' "
            "or mend DATABASE_URL. [database-unavailable]",
        ),
        (
            "sqlite:///noise.db",
            "The database 'noise.db' cannot be used: file is not a database. It is not a SQLite "
            "database, or it is damaged. Restore it from a backup, or give another path. "
            "[database-unavailable]",
        ),
        (
            "sqlite:///folder",
            "The database 'folder' is a folder. Name a file in it. [database-unavailable]",
        ),
        (
            "postgresql://ada:s3cret@127.0.0.1:1/shop",
            "The database postgresql://ada:***@127.0.0.1:1/shop cannot be used: [Errno 111] "
            f"Connection refused. {MEND}",
        ),
        pytest.param(
            "postgresql://postgres:s3cret@127.0.0.1/no_such_database",
            "The database postgresql://postgres:***@127.0.0.1/no_such_database cannot be used: "
            f'database "no_such_database" does not exist. {MEND}',
            marks=POSTGRES,
        ),
        (
            "mariadb://ada:s3cret@127.0.0.1:1/shop",
            "The database mariadb+pymysql://ada:***@127.0.0.1:1/shop cannot be used: Can't connect "
            f"to MySQL server on '127.0.0.1' ([Errno 111] Connection refused). {MEND}",
        ),
        pytest.param(
            "mariadb://root@127.0.0.1/no_such_database",
            "The database mariadb+pymysql://root@127.0.0.1/no_such_database cannot be used: "
            f"Unknown database 'no_such_database'. {MEND}",
            marks=MARIADB,
        ),
        pytest.param(
            "mariadb://root:s3cret@127.0.0.1/test",
            "The database mariadb+pymysql://root:***@127.0.0.1/test cannot be used: Access denied "
            f"for user 'root'@'127.0.0.1' (using password: YES). {MEND}",
            marks=MARIADB,
        ),
    ],
)
def test_database_that_cannot_be_used_is_one_line(
    triode: Triode, write: Callable[[str, str], Path], url: str, told: str
) -> None:
    folder = write("app.py", PROGRAM).parent
    (folder / "noise.db").write_bytes(b"no database at all " * 400)
    (folder / "folder").mkdir()
    done = triode("run", "app.py", "--port", "0", DATABASE_URL=url)
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
    assert said == [f"triode: error: {told}"]


def demand_password(server: Cluster) -> None:
    """Let the server ask for a password from now on."""
    (server.folder / "data" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    server.control("reload")


@POSTGRES
@pytest.mark.slow
@pytest.mark.skipif(program("initdb") is None, reason="PostgreSQL's initdb is not installed")
def test_wrong_password_of_postgres(tmp_path: Path) -> None:
    with cluster(tmp_path) as server:
        demand_password(server)
        address = f"127.0.0.1:{server.port}/postgres"
        database = Database(f"postgresql://postgres:s3cret@{address}")
        with pytest.raises(DatabaseUnavailable) as caught:
            asyncio.run(database.start())
    assert str(caught.value) == (
        f"The database postgresql://postgres:***@{address} cannot be used: password "
        f'authentication failed for user "postgres". {MEND}'
    )
