"""The process of one peer: `python -m bench.orm.worker NAME DATABASE ADDRESS`.

It reads a JSON object a line and answers with one. It measures and tells; what is right, and what
is timed when, is decided by the runner (`bench/orm/rounds.py`).
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, TextIO

from bench.orm.encoding import encoded
from bench.orm.operations import (
    BY_NAME,
    SPARE,
    Operation,
    changes,
    new_rows,
    questions,
    spare_rows,
)
from bench.orm.peer import Peer
from bench.orm.tables import HERO, MODELS, TABLES, TEAM, Row, Table

# A run is cut into about so many parts, between which the clock is read.
PARTS = 5
MOST_CALLS = 20_000


class Worker:
    """Carries out the runner's commands on a peer."""

    def __init__(self, peer: Peer, drive: Callable[[Any], Any]) -> None:
        self.peer = peer
        self.drive = drive
        self.spare: dict[str, list[Any]] = {}

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Return what a command gives; `do` names it."""
        if command["do"] == "fill":
            return self.fill(next(each for each in TABLES if each.name == command["table"]))
        table = MODELS[command["model"]]
        operation = BY_NAME[command["operation"]]
        if command["do"] == "check":
            return self.check(operation, table)
        return self.measure(operation, table, command["seconds"])

    def fill(self, table: Table) -> dict[str, Any]:
        rows = [self.peer.given(table.row(key)) for key in range(1, table.rows + 1)]
        self.drive(self.peer.insert_bulk(self.peer.models[table.name], rows))
        return {}

    def arguments(self, operation: Operation, table: Table) -> Iterator[tuple[Any, ...]]:
        """Give the arguments of call after call; makes the objects that a change needs."""
        if operation.kind == "read":
            return ((question,) for question in questions(operation))
        spare = self.spare.get(table.name)
        if spare is None:
            spare = self.spare[table.name] = [self.peer.given(row) for row in spare_rows(table)]
        if operation.kind == "insert":
            return new_rows(operation, spare)
        model = self.peer.models[table.name]
        self.drive(self.peer.insert_bulk(model, spare[:SPARE]))
        objects = self.drive(self.peer.load(model, table.rows))
        if len(objects) != SPARE:
            raise RuntimeError(f"{len(objects)} objects were loaded, {SPARE} were stored")
        return changes(operation, table, spare, objects)

    def check(self, operation: Operation, table: Table) -> dict[str, Any]:
        """Do it once; a read's answer says which question was asked and what it gave.

        A peer that has no such operation says so.
        """
        arguments = next(self.arguments(operation, table))
        call = getattr(self.peer, operation.name)
        if getattr(Peer, operation.name) is getattr(type(self.peer), operation.name):
            return {"lacks": True}
        found = self.drive(call(self.peer.models[table.name], *arguments))
        if operation.kind == "change":
            return {}
        if operation.kind == "insert":
            is_one = operation.name == "insert_one"
            return {"key": self.peer.plain(table, found)["id"]} if is_one else {}
        return {"question": arguments[0], "answer": encoded(self.plain(operation, table, found))}

    def plain(self, operation: Operation, table: Table, found: Any) -> Any:
        """Return what a read gave as dicts and lists."""
        peer = self.peer
        if operation.name == "get":
            return peer.plain(table, found)
        if operation.name == "as_dict":
            return [peer.plain_dict(table, row) for row in found]
        if operation.name == "as_tuple":
            return [peer.plain_tuple(table, row) for row in found]
        if operation.name == "parent":
            return [
                {**peer.plain(table, hero), "team": peer.plain(TEAM, peer.parent_of(hero))}
                for hero in found
            ]
        if operation.name == "children":
            return [{**peer.plain(TEAM, team), "heroes": self.heroes_of(team)} for team in found]
        return [peer.plain(table, each) for each in found]

    def heroes_of(self, team: Any) -> list[Row]:
        heroes = [self.peer.plain(HERO, hero) for hero in self.peer.children_of(team)]
        return sorted(heroes, key=lambda hero: int(hero["id"]))

    def measure(self, operation: Operation, table: Table, seconds: float) -> dict[str, Any]:
        """Repeat an operation for some seconds, or until its objects are used up."""
        arguments = self.arguments(operation, table)
        call, model = getattr(self.peer, operation.name), self.peer.models[table.name]
        run = timed_async if self.peer.is_async else timed
        calls, wall, cpu, burst = 0, 0.0, 0.0, 1
        gc.collect()
        while wall < seconds and (part := list(islice(arguments, burst))):
            took, used = self.drive(run(call, model, part))
            calls, wall, cpu = calls + len(part), wall + took, cpu + used
            burst = max(1, min(MOST_CALLS, round(calls / wall * seconds / PARTS)))
        return {"calls": calls, "wall": wall, "cpu": cpu}


def timed(call: Any, model: Any, part: list[tuple[Any, ...]]) -> tuple[float, float]:
    used, start = time.process_time(), time.perf_counter()
    for arguments in part:
        call(model, *arguments)
    return time.perf_counter() - start, time.process_time() - used


async def timed_async(call: Any, model: Any, part: list[tuple[Any, ...]]) -> tuple[float, float]:
    used, start = time.process_time(), time.perf_counter()
    for arguments in part:
        await call(model, *arguments)
    return time.perf_counter() - start, time.process_time() - used


@contextmanager
def driving(peer: Peer) -> Iterator[Callable[[Any], Any]]:
    """Give what runs the coroutines of a peer: uvloop, one loop for all; or nothing at all."""
    if not peer.is_async:
        yield lambda value: value
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner.run


def serve(worker: Worker, lines: TextIO, answers: TextIO) -> None:
    for line in lines:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as exc:
            traceback.print_exc()
            answer = {"error": f"{type(exc).__name__}: {exc}"}
        print(json.dumps(answer), file=answers, flush=True)


def main(name: str, database: str, address: str) -> None:
    # What an ORM prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer: Peer = importlib.import_module(f"bench.orm.peers.{name}").make(database, address)
    with driving(peer) as drive:
        if peer.is_async:
            drive(peer.open())
        else:
            peer.open()
        print(json.dumps({}), file=answers, flush=True)
        try:
            serve(Worker(peer, drive), sys.stdin, answers)
        finally:
            drive(peer.close())


if __name__ == "__main__":
    main(*sys.argv[1:])
