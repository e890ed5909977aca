"""Count the statements that a block of code sends to the database, and find those in a loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from triode.db import Database, current_database
from triode.db.loops import IN_REQUEST, LoopWatch
from triode.debug.statements import place_of_handler
from triode.http import current_call
from triode.places import own_caller


class QueryCount(int):
    """How many statements ran; it knows them, so that a failed assertion can list them."""

    statements: tuple[str, ...]

    def __new__(cls, statements: list[str]) -> QueryCount:
        """Count them."""
        made = super().__new__(cls, len(statements))
        made.statements = tuple(statements)
        return made


class Queries:
    """The statements that ran since counting began, in their order."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @property
    def count(self) -> QueryCount:
        """How many there are."""
        return QueryCount(self.statements)

    def __len__(self) -> int:
        return len(self.statements)

    def __str__(self) -> str:
        return listed(self.statements)


def listed(statements: list[str] | tuple[str, ...]) -> str:
    """Return statements as numbered lines."""
    lines = [" ".join(text.split()) for text in statements]
    return "\n".join(f"  {number}. {text}" for number, text in enumerate(lines, 1)) or "  none"


@contextmanager
def count_queries(
    expected: int | None = None, *, database: Database | None = None
) -> Iterator[Queries]:
    """Collect the statements sent to the database, by whatever task or thread.

    Where `expected` is given, another number of them fails the test and lists them. Beginning and
    ending transactions and savepoints does not count.

    Raises:
        AssertionError: another number of statements ran than expected.
    """
    queries = Queries()

    def observe(sql: str, seconds: float, rows: int | None) -> None:
        queries.statements.append(sql)

    stop = (database or current_database()).observe(observe)
    try:
        yield queries
    finally:
        stop()
    if expected is not None and len(queries) != expected:
        noun = "statement" if expected == 1 else "statements"
        raise AssertionError(f"{expected} {noun} expected, {len(queries)} ran:\n{queries}")


@contextmanager
def no_loops(most: int = IN_REQUEST - 1, *, database: Database | None = None) -> Iterator[None]:
    """Fail the test where one line of the program runs a statement more than `most` times.

    Statements that differ in their values alone are the same one; give the test as many rows.

    Raises:
        AssertionError: lists each such line, how often it ran, and what to write instead.
    """
    watch = LoopWatch(most)

    def observe(sql: str, seconds: float, rows: int | None) -> None:
        place = own_caller() or place_of_handler(current_call.get(None))
        watch.note(sql, seconds, place)

    stop = (database or current_database()).observe(observe)
    try:
        yield
    finally:
        stop()
    if watch.loops:
        found = "\n".join(f"  {loop}" for loop in watch.loops)
        raise AssertionError(f"Statements ran in a loop:\n{found}")
