"""The databases of a run as the runner sees them: made, looked into and put back behind a peer.

Each peer has a database of its own, so that no peer waits for another one's locks.
"""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncpg

from bench.orm.tables import TABLES, Row, Table


class Storage(Protocol):
    """The database of one peer."""

    address: str

    def create(self) -> None:
        """Make the database with its tables, empty; what was there before is gone."""

    def rows_after(self, table: Table, last_key: int) -> list[Row]:
        """Return the rows after a key, with values as Python has them."""

    def restore(self, table: Table) -> None:
        """Delete the rows after the last one of `table.rows`; the next key follows it again."""

    def drop(self) -> None:
        """Remove the database."""


class SqliteStorage:
    """A file in WAL mode. `has_cents` says that a decimal is stored as an integer of cents."""

    def __init__(self, path: Path, *, has_cents: bool) -> None:
        self.path = path
        self.address = str(path)
        self.has_cents = has_cents

    def create(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.drop()
        self.run("PRAGMA journal_mode = WAL")
        for table in TABLES:
            for statement in table.ddl("sqlite"):
                self.run(statement)

    def run(self, sql: str, *parameters: object) -> list[Any]:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def rows_after(self, table: Table, last_key: int) -> list[Row]:
        names = ("id", *table.names)
        kinds = ("integer", *(column.kind for column in table.columns))
        sql = f"SELECT {', '.join(names)} FROM {table.name} WHERE id > ? ORDER BY id"
        return [
            {
                name: read_stored(kind, value, has_cents=self.has_cents)
                for name, kind, value in zip(names, kinds, row, strict=True)
            }
            for row in self.run(sql, last_key)
        ]

    def restore(self, table: Table) -> None:
        self.run(f"DELETE FROM {table.name} WHERE id > ?", table.rows)

    def drop(self) -> None:
        for old in self.path.parent.glob(self.path.name + "*"):
            old.unlink()


def read_stored(kind: str, value: Any, *, has_cents: bool = False) -> Any:
    """Return the Python value of what an ORM has written into a column of SQLite."""
    if value is None:
        return None
    if kind == "flag" and value in (0, 1):
        return bool(value)
    if kind == "moment":
        return datetime.fromisoformat(value)
    if kind == "day":
        return date.fromisoformat(value)
    if kind == "decimal":
        return Decimal(value) / 100 if has_cents else Decimal(str(value))
    if kind == "token":
        return uuid.UUID(value)
    return value


class PostgresStorage:
    """A database beside the one that a URL names, and a connection to it that is kept."""

    def __init__(self, server: str, peer: str) -> None:
        self.server = server
        self.name = f"triode_bench_orm_{peer.replace('-', '_')}"
        self.address = urlsplit(server)._replace(path=f"/{self.name}").geturl()
        self.drop_sql = f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'
        self.loop = asyncio.Runner()
        self.connection: asyncpg.Connection | None = None

    def create(self) -> None:
        self.loop.run(run_postgres(self.server, self.drop_sql))
        self.loop.run(run_postgres(self.server, f'CREATE DATABASE "{self.name}"'))
        self.run(*(line for table in TABLES for line in table.ddl("postgres")))

    def run(self, *statements: str) -> list[Any]:
        """Run statements, each by itself, and return the rows of the last one."""
        if self.connection is None:
            self.connection = self.loop.run(asyncpg.connect(self.address))
        rows: list[Any] = []
        for statement in statements:
            rows = self.loop.run(self.connection.fetch(statement))
        return rows

    def rows_after(self, table: Table, last_key: int) -> list[Row]:
        columns = ", ".join(("id", *table.names))
        sql = f"SELECT {columns} FROM {table.name} WHERE id > {last_key} ORDER BY id"
        return [dict(row) for row in self.run(sql)]

    def restore(self, table: Table) -> None:
        self.run(
            f"DELETE FROM {table.name} WHERE id > {table.rows}",
            # Else every run would make the table, and what it costs to read it, larger.
            f"VACUUM {table.name}",
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {table.rows})",
        )

    def drop(self) -> None:
        if self.connection is not None:
            self.loop.run(self.connection.close())
            self.connection = None
        self.loop.run(run_postgres(self.server, self.drop_sql))
        self.loop.close()


async def run_postgres(url: str, *statements: str) -> list[Any]:
    """Run statements, each by itself, and return the rows of the last one."""
    connection = await asyncpg.connect(url)
    rows: list[Any] = []
    try:
        for statement in statements:
            rows = await connection.fetch(statement)
    finally:
        await connection.close()
    return rows


def postgres_complaint(url: str) -> str | None:
    """Return why a server cannot be used, or None."""
    try:
        asyncio.run(run_postgres(url, "SELECT 1"))
    except (OSError, asyncpg.PostgresError) as exc:
        return f"no PostgreSQL answers at {url}: {exc}"
    return None
