"""A database for each test, on every engine: SQLite files, and PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.conftest import service_url
from tests.db.kinds import Kinds
from tests.db.models import ALL
from triode.db import Database

ENGINES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database without tables, active for the test."""
    made_by = {
        "sqlite": lambda: sqlite_file(tmp_path),
        "postgres": postgres_schema,
        "mariadb": mariadb_database,
    }
    with made_by[request.param]() as made, made.active():
        yield made


@pytest.fixture
def database(empty: Database) -> Database:
    """Give a database with the tables of `models`, active for the test."""
    empty.create_tables(*ALL, Kinds).run()
    return empty


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
    admin = Database(url.render_as_string(hide_password=False))
    admin.fetch(sa.text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")).run()
    made = Database(url.set(database=name).render_as_string(hide_password=False))
    yield made
    made.close()
    admin.fetch(sa.text(f"DROP DATABASE {name}")).run()
    admin.close()
