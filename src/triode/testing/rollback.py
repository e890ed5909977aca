"""Undo what a test did to the database, whoever did it: the test, a handler, another thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from triode.db import Database
from triode.db.nesting import Level
from triode.db.statement import drive


@contextmanager
def rolled_back(database: Database, *others: Database) -> Iterator[Database]:
    """Run every statement in one transaction, which is undone at the end.

    Requests made through a test client belong to it as well. `transaction()` in the code under
    test is a savepoint in it. The database stays open when an application that uses it stops.

    Each of `others` has a transaction of its own. A read-only one shows what is in `database`.
    """
    with ExitStack() as stack:
        level = stack.enter_context(_rolled_back(database))
        for other in others:
            other.register()
            if other.is_read_only:
                other.enclose(level)
                stack.callback(other.enclose, None)
            else:
                stack.enter_context(_rolled_back(other))
        # Models of another name have theirs, which is found by it.
        yield stack.enter_context(database.active())


@contextmanager
def _rolled_back(database: Database) -> Iterator[Level]:
    level = Level(drive(database.engine.blocking.begin()))
    database.enclose(level)
    try:
        yield level
    finally:
        level.end()
        level.restore()
        database.enclose(None)
        drive(level.pinned.blocking.rollback())
