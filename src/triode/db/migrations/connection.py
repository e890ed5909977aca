"""A SQLAlchemy connection for Alembic, which knows nothing of our engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection

from triode.db.database import Database, parse
from triode.db.engine.generic import GenericEngine
from triode.db.errors import MigrationError
from triode.errors import MissingExtraError

T = TypeVar("T")


def on_connection(database: Database, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction, which is committed unless it raises.

    MySQL, MariaDB and Oracle commit each change of a table by itself.

    Raises:
        MigrationError: rows refer to others that the migration took away.
    """
    url = parse(database.url)
    if url.drivername.partition("+")[0] == "sqlite":
        return _on_sqlite(url, work)
    if isinstance(database.engine, GenericEngine):
        return database.engine.on_sqlalchemy(work)
    return asyncio.run(_on_postgres(url, work))


def _on_sqlite(url: URL, work: Callable[[Connection], T]) -> T:
    engine = sa.create_engine(url.set(drivername="sqlite"), poolclass=sa.pool.NullPool)

    # The driver must not begin by itself, or DDL would stand outside the transaction. Foreign
    # keys are checked at the end instead: a table is altered by making it anew.
    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA foreign_keys=OFF")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            result = work(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                tables = ", ".join(sorted({str(row[0]) for row in broken}))
                raise MigrationError(
                    f"After the migration, rows of {tables} would refer to rows that do not "
                    "exist. Nothing was changed. Delete or mend those rows first."
                )
            return result
    finally:
        engine.dispose()


async def _on_postgres(url: URL, work: Callable[[Connection], T]) -> T:
    try:
        from sqlalchemy.ext.asyncio import create_async_engine

        server_settings = dict(url.query)
        engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg", query={}),
            poolclass=sa.pool.NullPool,
            connect_args={"server_settings": server_settings},
        )
    except ImportError as exc:
        raise MissingExtraError("greenlet", extra="postgres", feature="A migration") from exc
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
