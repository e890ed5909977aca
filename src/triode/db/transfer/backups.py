"""Back a SQLite database up while it is used, and put a backup in its place after checking it.

Other databases have tools of their own: `pg_dump`, `mariadb-dump`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from triode.db.database import Database
from triode.db.engine.sqlite import SQLiteEngine
from triode.db.errors import BackupError
from triode.db.tables.creation import VERSION_TABLE

_TOOLS: Final = {"postgresql": "pg_dump", "mysql": "mariadb-dump", "mariadb": "mariadb-dump"}
_COMPANIONS: Final = ("-wal", "-shm", "-journal")
LOCK_WAIT: Final = 1.0


class Contents(NamedTuple):
    """What a checked file holds; `revisions` are the migrations it was made with."""

    tables: frozenset[str]
    revisions: frozenset[str]


def back_up(database: Database, target: Path) -> Path:
    """Write the database into the file `target`, as it is at one moment; writing goes on.

    The file is complete, checked and on the disk before it gets its name.

    Raises:
        BackupError: the database is not a SQLite file, or `target` exists.
    """
    source = file_of(database)
    if target.exists():
        raise BackupError(f"{str(target)!r} exists already. Give the backup another name.")
    if not source.exists():
        raise BackupError(f"There is no database {str(source)!r} to back up.")
    made = _copied(source, target)
    _put(made, target)
    return target


def restore(
    database: Database,
    source: Path,
    *,
    overwrite: bool = False,
    accept: Callable[[Contents], None] = lambda contents: None,
) -> Path | None:
    """Put a backup in the place of the database; give the path where the old one is kept.

    Nothing is changed before the backup was found to be whole. `accept` may raise for what it
    holds. No program may have the database open.

    Raises:
        BackupError: the backup is damaged, the database is in use, or it exists and `overwrite`
            is false.
    """
    target = file_of(database)
    if not source.is_file():
        raise BackupError(f"There is no backup {str(source)!r}.")
    if target.exists() and not overwrite:
        raise BackupError(
            f"The database {str(target)!r} exists. Say that the backup may take its place (--yes); "
            "the old file is kept."
        )
    copy = _copied(source, target)
    try:
        accept(contents_of(copy))
        kept = _keep(target) if target.exists() else None
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    _put(copy, target)
    return kept


def file_of(database: Database) -> Path:
    """Return the file of a SQLite database.

    Raises:
        BackupError: it is in memory, or no SQLite.
    """
    engine = database.engine
    if isinstance(engine, SQLiteEngine) and engine.path is not None:
        return engine.path
    if isinstance(engine, SQLiteEngine):
        raise BackupError("A database in memory has no file to back up or to restore.")
    tool = _TOOLS.get(engine.dialect.name, "what its maker gives")
    raise BackupError(f"This is for SQLite files. For {engine.dialect.name} use {tool}.")


def contents_of(path: Path) -> Contents:
    """Check a file and say what it holds.

    Raises:
        BackupError: it is no SQLite database, or damaged.
    """
    try:
        with closing(_open(path)) as connection:
            _check(connection, path)
            names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            tables = frozenset(str(row[0]) for row in names)
            found = []
            if VERSION_TABLE in tables:
                found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            return Contents(tables, frozenset(str(row[0]) for row in found))
    except sqlite3.Error as exc:
        raise BackupError(f"{str(path)!r} cannot be used: {exc}.") from exc


def _check(connection: sqlite3.Connection, path: Path) -> None:
    problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    if problems != ["ok"]:
        raise BackupError(f"{str(path)!r} is damaged: {'; '.join(problems)}.")
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({str(row[0]) for row in broken}))
        raise BackupError(
            f"In {str(path)!r}, {len(broken)} rows of {tables} refer to rows that do not exist."
        )


def _copied(source: Path, target: Path) -> Path:
    """Copy a database to a temporary file beside `target`, checked and synced; return its path."""
    copy = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        # SECURITY: a database may hold what only its owner may read.
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        shutil.copymode(source, copy)
        with closing(_open(source)) as reading, closing(sqlite3.connect(copy)) as writing:
            # All at once: the copy is of one moment, and in WAL mode nobody waits for it. In
            # steps it would begin anew with every write of somebody else.
            reading.backup(writing, pages=-1)
            writing.execute("PRAGMA journal_mode=DELETE")
        contents_of(copy)
        _sync(copy)
    except (OSError, sqlite3.Error) as exc:
        _remove(copy)
        raise BackupError(
            f"{str(source)!r} could not be copied to {str(target)!r}: {exc}."
        ) from exc
    except BaseException:
        _remove(copy)
        raise
    return copy


def _remove(copy: Path) -> None:
    for name in ("", *_COMPANIONS):
        Path(f"{copy}{name}").unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)


def _keep(target: Path) -> Path:
    """Give the old database a second name, after making sure that nobody uses it."""
    _close_log(target)
    moment = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    kept = target.with_name(f"{target.name}.before-{moment}-{secrets.token_hex(2)}")
    for name in _COMPANIONS:
        # Left behind by a damaged database; beside the new one they would be taken for its own.
        with suppress(FileNotFoundError):
            Path(f"{target}{name}").rename(f"{kept}{name}")
    try:
        os.link(target, kept)
    except OSError:  # a file system without links
        shutil.copy2(target, kept)
        _sync(kept)
    return kept


def _close_log(target: Path) -> None:
    """Write the log of a database into its file, which needs it for oneself alone.

    Raises:
        BackupError: another program has it open.
    """
    try:
        with closing(sqlite3.connect(target, timeout=LOCK_WAIT)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise BackupError(
                f"The database {str(target)!r} is in use. Stop the programs that have it open."
            ) from exc
    except sqlite3.DatabaseError:
        return  # damaged: what is to be replaced, and kept as it is


def _put(copy: Path, target: Path) -> None:
    copy.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
