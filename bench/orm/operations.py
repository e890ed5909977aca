"""What is timed: one entry per operation, with the arguments it gets and what must come of it.

An operation is a method of every peer (`bench/orm/peers/`). Reads are judged by what the method
gives, writes by what another program finds in the table afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

from bench.orm.tables import LARGE_FROM, LEVELS, PAGE, ROWS, TEAM, TEAMS, Row, Table, with_key

BATCH = 100
BULK = 1000
# Rows that are made anew, not timed, for each run of an operation that changes or deletes rows.
SPARE = 300
# How far the new values of a row are from its old ones; odd, so that each flag changes too.
STEP = 7
TEAM_PAGE = 20


@dataclass(frozen=True)
class Operation:
    """One column of the work.

    `kind` says how it is fed: "insert" gets new rows, "change" gets objects that were loaded
    before (`update_whole` with their new rows, `update_partial` with a new level), "read" gets a
    key, a level or nothing. `size` is how many rows one call makes or gives.
    """

    name: str
    title: str
    kind: str
    size: int = 1
    is_related_only: bool = False

    @property
    def writes(self) -> bool:
        return self.kind != "read"


OPERATIONS = (
    Operation("insert_one", "insert, one commit each", "insert"),
    Operation("insert_batch", f"insert {BATCH} in one transaction", "insert", BATCH),
    Operation("insert_bulk", f"insert {BULK} in bulk", "insert", BULK),
    Operation("get", "get by key", "read"),
    Operation("filter_small", f"filter, {PAGE} rows", "read", PAGE),
    Operation("filter_large", "filter, 2,000 rows", "read", ROWS - LARGE_FROM * PAGE),
    Operation("as_dict", "2,000 rows as dicts", "read", ROWS - LARGE_FROM * PAGE),
    Operation("as_tuple", "2,000 rows as tuples", "read", ROWS - LARGE_FROM * PAGE),
    Operation("update_whole", "update of all columns", "change"),
    Operation("update_partial", "update of one column", "change"),
    Operation("delete", "delete", "change"),
    Operation("parent", f"{PAGE} rows with their parent", "read", PAGE, is_related_only=True),
    Operation(
        "children",
        f"{TEAM_PAGE} rows with {TEAM_PAGE * ROWS // TEAMS} children",
        "read",
        TEAM_PAGE,
        is_related_only=True,
    ),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}


def operations_of(model: str) -> tuple[Operation, ...]:
    return tuple(each for each in OPERATIONS if model == "related" or not each.is_related_only)


# --- what an operation is given


def spare_rows(table: Table, count: int = BULK) -> list[Row]:
    """Return the rows that writes are made of: those after the last one of the table."""
    return [table.row(table.rows + number) for number in range(1, count + 1)]


def new_rows(operation: Operation, spare: list[Row]) -> Iterator[tuple[Any]]:
    """Give the arguments of an insert, call after call: a row, or a list of `size` rows."""
    parts = [spare[at : at + operation.size] for at in range(0, len(spare), operation.size)]
    for part in cycle(parts):
        yield (part if operation.size > 1 else part[0],)


def questions(operation: Operation) -> Iterator[int]:
    """Give the key, level or first team that a read asks for, call after call, shuffled."""
    asked = {
        "get": range(1, ROWS + 1),
        "filter_small": range(LEVELS),
        "parent": range(LEVELS),
        "children": range(1, TEAMS - TEAM_PAGE + 2),
    }.get(operation.name, (LARGE_FROM,))
    shuffled = list(asked)
    random.Random(12).shuffle(shuffled)
    return cycle(shuffled)


def changes(
    operation: Operation, table: Table, spare: list[Any], objects: list[Any]
) -> Iterator[tuple[Any, ...]]:
    """Give the arguments of a change, call after call; a deleted object does not come again."""
    if operation.name == "delete":
        yield from ((each,) for each in objects)
        return
    for turn in count(1):
        for at, each in enumerate(objects):
            other = (at + turn * STEP) % len(spare)
            level = (table.rows + 1 + other) % LEVELS
            yield (each, spare[other]) if operation.name == "update_whole" else (each, level)


# --- what must come of it

Answer = Callable[[Table, int], Any]


def as_rows(table: Table, keys: list[int]) -> list[Row]:
    return [with_key(table, key) for key in keys]


def keys_of(level: int) -> list[int]:
    return [key for key in range(1, ROWS + 1) if key % LEVELS == level]


def large_keys(level: int) -> list[int]:
    return [key for key in range(1, ROWS + 1) if key % LEVELS >= level]


def with_parents(table: Table, level: int) -> list[Row]:
    return [
        {**row, "team": with_key(TEAM, row["team_id"])} for row in as_rows(table, keys_of(level))
    ]


def with_children(table: Table, first: int) -> list[Row]:
    heroes = as_rows(table, list(range(1, ROWS + 1)))
    return [
        {**with_key(TEAM, key), "heroes": [hero for hero in heroes if hero["team_id"] == key]}
        for key in range(first, first + TEAM_PAGE)
    ]


ANSWERS: dict[str, Answer] = {
    "get": with_key,
    "filter_small": lambda table, level: as_rows(table, keys_of(level)),
    "filter_large": lambda table, level: as_rows(table, large_keys(level)),
    "as_dict": lambda table, level: as_rows(table, large_keys(level)),
    "as_tuple": lambda table, level: [
        list(row.values()) for row in as_rows(table, large_keys(level))
    ],
    "parent": with_parents,
    "children": with_children,
}


def answer_of(operation: Operation, table: Table, question: int) -> Any:
    """Return what a read must give, as plain dicts and lists."""
    return ANSWERS[operation.name](table, question)


def rows_after(operation: Operation, table: Table) -> list[Row]:
    """Return the rows after the last of `table.rows` that one call of a write must leave."""
    first = table.rows + 1
    if operation.kind == "insert":
        return as_rows(table, list(range(first, first + operation.size)))
    rows = as_rows(table, list(range(first, first + SPARE)))
    if operation.name == "delete":
        return rows[1:]
    changed = table.row(first + STEP)
    wanted = changed if operation.name == "update_whole" else {"level": changed["level"]}
    return [{**rows[0], **wanted}, *rows[1:]]
