"""A SQLAlchemy connection for Alembic, which knows nothing of our engines.

Whoever migrates holds a lock meanwhile, so that two deployers do it one after the other, and the
second finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, SAWarning, StatementError

from triode.db.database import Database, parse
from triode.db.engine.generic import GenericEngine
from triode.db.engine.options import EngineOptions, take_options
from triode.db.errors import DatabaseUnavailable, MigrationError
from triode.db.migrations.rebuild import keep_what_a_rebuild_loses, reflect_colons, reflect_rules
from triode.errors import MissingExtraError

T = TypeVar("T")
Work = Callable[[Connection], T]

LOCK_NUMBER: Final = 7_211_531
LOCK_NAME: Final = "triode_migration"
LOCK_SECONDS: Final = 60
"""How long one deployer waits for another."""


def on_connection(database: Database, work: Work[T], *, is_kept: bool = True) -> T:
    """Run `work` in one transaction, which is committed unless it raises or is not to be kept.

    MySQL, MariaDB and Oracle commit each change of a table by itself.

    MySQL, MariaDB and Oracle commit each change of a table by itself.

    Raises:
        MigrationError: the database refused a statement, or rows refer to others that are gone.
        DatabaseUnavailable: it cannot be reached.
    """

    def run(connection: Connection) -> T:
        with connection.begin() as transaction:
            result = work(connection)
            check_references(connection)
            if not is_kept:
                transaction.rollback()
            return result

    return _connected(database, run)


def while_locked(database: Database, work: Work[T]) -> T:
    """Run `work`, which begins its own transactions, while no other process migrates.

    Raises:
        MigrationError: as `on_connection`, or another process migrates for too long.
        DatabaseUnavailable: the database cannot be reached.
    """

    def run(connection: Connection) -> T:
        with _locked(connection):
            return work(connection)

    return _connected(database, run)


def check_references(connection: Connection) -> None:
    """Refuse what would leave rows that refer to nothing; SQLite checks only when asked.

    Raises:
        MigrationError: and names the tables.
    """
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({str(row[0]) for row in broken}))
        raise MigrationError(
            f"After the migration, rows of {tables} would refer to rows that do not "
            "exist. Nothing was changed. Delete or mend those rows first."
        )


def _connected(database: Database, run: Work[T]) -> T:
    url = parse(database.url)
    name = url.drivername.partition("+")[0]
    try:
        with warnings.catch_warnings():
            # What is not reflected is kept by `rebuild`, and left alone by `comparison`.
            warnings.filterwarnings("ignore", "Skipped unsupported reflection", SAWarning)
            # `making` sorts the tables that refer to each other in a circle.
            warnings.filterwarnings("ignore", "Cannot correctly sort tables", SAWarning)
            if name == "sqlite":
                return _on_sqlite(url, run)
            if isinstance(database.engine, GenericEngine):
                return database.engine.on_sqlalchemy(run)
            return asyncio.run(_on_postgres(url, run))
    except StatementError as exc:
        raise _refused(exc) from exc
    except OSError as exc:
        shown = url.render_as_string(hide_password=True)
        raise DatabaseUnavailable(f"The database {shown} cannot be reached: {exc}.") from exc


def _refused(exc: StatementError) -> MigrationError:
    said = str(exc.orig).splitlines()[0].removeprefix("<class ").rpartition("'>: ")[2]
    statement = " ".join((exc.statement or "").split())
    shown = f"{statement[:200]}…" if len(statement) > 200 else statement
    return MigrationError(f"The database refused: {said}. The statement was: {shown}")


def _on_sqlite(url: URL, run: Work[T]) -> T:
    engine = sa.create_engine(url.set(drivername="sqlite"), poolclass=sa.pool.NullPool)

    # The driver must not begin by itself, or DDL would stand outside the transaction. Foreign
    # keys are checked at the end instead: a table is altered by making it anew.
    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys=OFF")

    # The lock against other deployers, too.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    keep_what_a_rebuild_loses(engine)
    reflect_rules(engine)
    reflect_colons(engine)
    try:
        with engine.connect() as connection:
            return run(connection)
    finally:
        engine.dispose()


async def _on_postgres(url: URL, run: Work[T]) -> T:
    try:
        from sqlalchemy.ext.asyncio import create_async_engine

        server_settings = dict(take_options(url, EngineOptions())[0].query)
        engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg", query={}),
            poolclass=sa.pool.NullPool,
            connect_args={"server_settings": server_settings},
        )
    except ImportError as exc:
        raise MissingExtraError("greenlet", extra="postgres", feature="A migration") from exc
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(run)
    finally:
        await engine.dispose()


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    name = connection.dialect.name
    if name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        try:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK_NUMBER})")
        except DBAPIError as exc:
            raise _busy() from exc
        connection.exec_driver_sql("RESET lock_timeout")
    elif name in ("mysql", "mariadb"):
        got = connection.exec_driver_sql(f"SELECT GET_LOCK('{LOCK_NAME}', {LOCK_SECONDS})")
        if got.scalar() != 1:
            raise _busy()
    # What follows begins its own transactions; the lock is not that of one.
    connection.commit()
    try:
        yield
    finally:
        if name in ("mysql", "mariadb") and not connection.invalidated:
            # The connection goes back to a pool; PostgreSQL's is closed.
            connection.rollback()
            connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{LOCK_NAME}')")


def _busy() -> MigrationError:
    return MigrationError(
        f"Another process has been migrating this database for {LOCK_SECONDS} seconds. Wait for "
        "it, then try again."
    )
