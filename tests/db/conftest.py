"""A database for each test, on every engine: SQLite files, and PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from tests.conftest import service_url
from tests.db.kinds import Kinds
from tests.db.models import ALL
from triode.db import Database
from triode.db.engine import Write
from triode.db.statement import drive

ENGINES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """Give the name of the engine that the test runs on."""
    return str(request.param)


@pytest.fixture
def empty(engine_name: str, tmp_path: Path) -> Iterator[Database]:
    """Give a database without tables, active for the test."""
    with database_on(engine_name, tmp_path) as made, made.active():
        yield made


def database_on(engine_name: str, folder: Path) -> AbstractContextManager[Database]:
    """Give a database without tables, gone afterwards."""
    if engine_name == "sqlite":
        return sqlite_file(folder)
    return postgres_schema() if engine_name == "postgres" else mariadb_database()


@pytest.fixture
def database(request: pytest.FixtureRequest, engine_name: str) -> Iterator[Database]:
    """Give a database with the tables of `models`, active for the test."""
    if engine_name == "mariadb":
        shared: Database = request.getfixturevalue("shared_mariadb")
        with shared.active():
            yield shared
        clear_mariadb(shared)
        return
    empty: Database = request.getfixturevalue("empty")
    empty.create_tables(*ALL, Kinds).run()
    yield empty


@pytest.fixture(scope="session")
def shared_mariadb() -> Iterator[Database]:
    """Give one database with the tables of `models`: MariaDB takes a second to make them."""
    with mariadb_database() as made:
        made.create_tables(*ALL, Kinds).run()
        yield made


def clear_mariadb(database: Database) -> None:
    """Empty the tables that a test has filled, and count their keys from 1 again."""
    run = database.engine.blocking
    found = database.fetch(
        sa.text(
            "SELECT table_name, coalesce(auto_increment, 1) > 1 FROM information_schema.tables "
            "WHERE table_schema = database()"
        )
    ).run()
    used = [name for name, is_counted in found if is_counted or has_rows(database, name)]
    known = {"kinds", *(model.table.name for model in ALL), "hero_powers"}
    texts = [
        f"TRUNCATE `{name}`" if name in known else f"DROP TABLE `{name}`"
        for name, _ in found
        if name in used or name not in known
    ]
    if texts:
        off, on = ("SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1")
        drive(run.write([Write(text) for text in (off, *texts, on)]))


def has_rows(database: Database, table: str) -> bool:
    return bool(database.fetch(sa.text(f"SELECT 1 FROM `{table}` LIMIT 1")).run())


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """Give an empty SQLite file with the tables of `models`, active for the test."""
    with sqlite_file(tmp_path) as made, made.active():
        made.create_tables(*ALL).run()
        yield made


@contextmanager
def sqlite_file(folder: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{folder / 'app.db'}")
    yield made
    made.close()


@contextmanager
def postgres_schema() -> Iterator[Database]:
    url = service_url("postgres") or ""
    schema = f"triode_{uuid4().hex}"
    admin = Database(url)
    admin.fetch(sa.text(f"CREATE SCHEMA {schema}")).run()
    made = Database(f"{url}?search_path={schema}")
    yield made
    made.close()
    admin.fetch(sa.text(f"DROP SCHEMA {schema} CASCADE")).run()
    admin.close()


@contextmanager
def mariadb_database() -> Iterator[Database]:
    url = make_url(service_url("mariadb") or "")
    name = f"triode_{uuid4().hex}"
    administer(url, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    made = Database(url.set(database=name).render_as_string(hide_password=False))
    yield made
    made.close()
    administer(url, f"DROP DATABASE {name}")


def administer(url: URL, sql: str) -> None:
    """Run a statement on a connection that is gone afterwards."""
    admin = Database(url.render_as_string(hide_password=False))
    admin.fetch(sa.text(sql)).run()
    admin.close()
