"""Undo what a test did to the database, whoever did it: the test, a handler, another thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from triode.db import Database
from triode.db.nesting import Level
from triode.db.statement import drive


@contextmanager
def rolled_back(database: Database) -> Iterator[Database]:
    """Run every statement in one transaction, which is undone at the end.

    Requests made through a test client belong to it as well. `transaction()` in the code under
    test is a savepoint in it. The database stays open when an application that uses it stops.
    """
    level = Level(drive(database.engine.blocking.begin()))
    database.enclose(level)
    try:
        with database.active():
            yield database
    finally:
        level.end()
        level.restore()
        database.enclose(None)
        drive(level.pinned.blocking.rollback())
