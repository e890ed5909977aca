"""How long a read may hold an event loop: SQLite's progress handler stops it then."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from triode.db.engine.protocol import Row
from triode.db.engine.sqlite_connection import connect, watch

READ_BUDGET = 0.002
"""Seconds that a read may hold an event loop."""

PROGRESS_STEPS = 2000
"""Virtual machine steps between two looks at the clock; about 20 microseconds."""

FEWEST_LOOKS = 5
"""Looks before a query may be called slow: less is the machine's delay, not the query's."""

WITHOUT_BUDGET: Final = -math.inf


class Budget:
    """How long what a connection does may take; `is_late` is its progress handler.

    A short query never looks at the clock. `looks` is how often the query was looked at; far
    below zero means that it has no budget, but a `deadline`.
    """

    __slots__ = ("deadline", "looks", "started")

    def __init__(self) -> None:
        self.looks = WITHOUT_BUDGET
        self.started = 0.0
        self.deadline = math.inf

    def is_late(self) -> bool:
        if self.looks == WITHOUT_BUDGET:
            return monotonic() > self.deadline
        self.looks += 1
        if self.looks <= 1:
            self.started = monotonic()
            return False
        return self.looks > FEWEST_LOOKS and monotonic() - self.started > READ_BUDGET


class Reader(Budget):
    """A reading connection that stops a query when it exceeds its budget."""

    __slots__ = ("connection",)

    def __init__(self, address: str, *, is_uri: bool) -> None:
        super().__init__()
        self.connection = connect(address, is_uri=is_uri, is_reader=True)
        self.connection.set_progress_handler(self.is_late, PROGRESS_STEPS)

    def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        return self.connection.execute(sql, parameters).fetchall()


def fetch_within_budget(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> list[Row] | None:
    """Return the rows of a SELECT on a writing connection; None: it would take too long.

    SQLite undoes nothing of a transaction for the sake of a SELECT that is stopped.
    """
    budget = Budget()
    budget.looks = 0
    connection.set_progress_handler(budget.is_late, PROGRESS_STEPS)
    try:
        return connection.execute(sql, parameters).fetchall()
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        watch(connection)
