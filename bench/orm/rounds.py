"""Times operations: checks each peer first, then lets the peers take turns, and keeps each round.

Turns are interleaved (A B C, B C A, ...), so that a slow minute of the machine hits all alike.
"""

from __future__ import annotations

import functools
import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.orm.encoding import difference, encoded
from bench.orm.operations import Operation, answer_of, operations_of, rows_after
from bench.orm.processes import PeerFailed, Process
from bench.orm.tables import MODELS, TABLES, Table, with_key

LACKS = "it has no such operation"


@dataclass(frozen=True)
class Settings:
    """How long and how often, the same for every peer of a run."""

    models: tuple[str, ...]
    operations: tuple[str, ...]
    rounds: int = 5
    seconds: float = 0.06


@dataclass(frozen=True)
class Round:
    """One timed run: microseconds of one call, by the clock and of the peer's processor time."""

    wall: float
    cpu: float


@dataclass
class Result:
    """All rounds of one peer in one operation, or why there are none."""

    peer: str
    rounds: list[Round] = field(default_factory=list)
    failure: str = ""

    @property
    def is_lacking(self) -> bool:
        return self.failure == LACKS

    @property
    def wall(self) -> float | None:
        return statistics.median(one.wall for one in self.rounds) if self.rounds else None

    @property
    def cpu(self) -> float | None:
        return statistics.median(one.cpu for one in self.rounds) if self.rounds else None


@dataclass(frozen=True)
class Cell:
    """One operation on one model in one database, with the results of all peers."""

    database: str
    model: str
    operation: Operation
    results: dict[str, Result]


class WrongAnswer(PeerFailed):
    """A peer gave, or stored, something else than the work asks for."""


def time_database(database: str, processes: list[Process], settings: Settings) -> Iterator[Cell]:
    """Fill the tables of every peer and time every operation on them; failures are results too."""
    failures: dict[str, str] = {}
    for process in processes:
        try:
            fill(process)
        except PeerFailed as exc:
            failures[process.contestant.key] = str(exc)
            print(f"  !! {process.contestant.title}, {database}: {exc}", file=sys.stderr)
    for model in settings.models:
        for operation in operations_of(model):
            if operation.name not in settings.operations:
                continue
            cell = Cell(database, model, operation, {})
            for process in processes:
                key = process.contestant.key
                cell.results[key] = Result(key, failure=failures.get(key, ""))
            time_cell(cell, processes, settings)
            yield cell


def fill(process: Process) -> None:
    """Have a peer store the rows, and look whether they are there as they must be."""
    for table in TABLES:
        process.ask(do="fill", table=table.name)
        compare(stored_rows(table), encoded(process.storage.rows_after(table, 0)))


def time_cell(cell: Cell, processes: list[Process], settings: Settings) -> None:
    """Check one operation on every peer, then time it in turns."""
    for process in processes:
        with FailuresKept(cell, process) as result:
            if not result.failure:
                check(process, cell)
    for number in range(settings.rounds):
        turn = number % len(processes)
        for process in processes[turn:] + processes[:turn]:
            with FailuresKept(cell, process) as result:
                if not result.failure:
                    result.rounds.append(measure(process, cell, settings.seconds))
    figures = [f"{key} {result.wall:,.1f}" for key, result in cell.results.items() if result.wall]
    print(
        f"  {cell.database} {cell.model} {cell.operation.name}: {', '.join(figures)}",
        file=sys.stderr,
        flush=True,
    )


class FailuresKept:
    """Turn the failure of one peer into its result; the others still run."""

    def __init__(self, cell: Cell, process: Process) -> None:
        self.result = cell.results[process.contestant.key]
        self.place = f"{process.contestant.title}, {cell.database} {cell.model}"
        self.place += f" {cell.operation.name}"

    def __enter__(self) -> Result:
        return self.result

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> bool:
        if not isinstance(exc, PeerFailed):
            return False
        self.result.failure = str(exc)
        self.result.rounds.clear()
        if not self.result.is_lacking:
            print(f"  !! {self.place}: {exc}", file=sys.stderr, flush=True)
        return True


def check(process: Process, cell: Cell) -> None:
    """Have a peer do an operation once, and look at what it gave or stored.

    Raises:
        WrongAnswer: it is not what the operation must give.
        PeerFailed: it could not do it, or has no such operation.
    """
    operation, table = cell.operation, MODELS[cell.model]
    try:
        answer = process.ask(do="check", model=cell.model, operation=operation.name)
        if answer.get("lacks"):
            raise PeerFailed(LACKS)
        if not operation.writes:
            compare(wanted_answer(operation, table, answer["question"]), answer["answer"])
            return
        found = process.storage.rows_after(table, table.rows)
        compare(wanted_rows(operation, table), encoded(found))
        if answer.get("key", table.rows + 1) != table.rows + 1:
            raise WrongAnswer(f"the new object has the key {answer['key']}")
    finally:
        if operation.writes:
            process.storage.restore(table)


def measure(process: Process, cell: Cell, seconds: float) -> Round:
    """Time an operation once on a peer, and put the table back."""
    operation = cell.operation
    told = process.ask(do="time", model=cell.model, operation=operation.name, seconds=seconds)
    if operation.writes:
        process.storage.restore(MODELS[cell.model])
    calls = told["calls"]
    return Round(told["wall"] / calls * 1e6, told["cpu"] / calls * 1e6)


# What is wanted is the same for every peer, and takes longer to make than to compare.
@functools.cache
def stored_rows(table: Table) -> Any:
    return encoded([with_key(table, key) for key in range(1, table.rows + 1)])


@functools.cache
def wanted_answer(operation: Operation, table: Table, question: int) -> Any:
    return encoded(answer_of(operation, table, question))


@functools.cache
def wanted_rows(operation: Operation, table: Table) -> Any:
    return encoded(rows_after(operation, table))


def compare(wanted: Any, found: Any) -> None:
    """Compare encoded values.

    Raises:
        WrongAnswer: says where they differ.
    """
    # PERF: the texts are made in C; the walk that finds the place takes 20 times as long.
    if json.dumps(wanted, sort_keys=True) != json.dumps(found, sort_keys=True):
        raise WrongAnswer(difference(wanted, found) or "it differs")
