"""What a model costs: `python -m bench.orm` prints microseconds of processor time per operation.

Without HTTP; sqlite3 alone stands beside it, doing the same work. The best of seven rounds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.machine import this_machine
from triode.db import Database, Field, Model

ROUNDS = 7
ROWS = 2000
ONE = "SELECT id, email, age, bio FROM person WHERE id = ?"
TWENTY = "SELECT id, email, age, bio FROM person WHERE age >= ? ORDER BY id LIMIT ?"


class Person(Model):
    email: str = Field(unique=True)
    age: int
    bio: str | None = None


async def best(count: int, work: Callable[[int], Awaitable[object]]) -> float:
    """Return the microseconds that one call takes in the best round."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for number in range(count):
            await work(number)
        rounds.append((time.process_time() - start) / count)
    return min(rounds) * 1e6


def report(name: str, microseconds: float) -> None:
    print(f"{name:<40}{microseconds:>10.2f} us")


async def reads(database: Database, path: Path) -> None:
    connection = sqlite3.connect(path)

    async def one(number: int) -> object:
        return connection.execute(ONE, (number % ROWS + 1,)).fetchall()

    async def twenty(number: int) -> object:
        return connection.execute(TWENTY, (18, 20)).fetchall()

    adults = Person.where(Person.age >= 18).order_by(Person.id).limit(20)
    report("sqlite3: row by key", await best(5000, one))
    report("Model.get", await best(5000, lambda number: Person.get(number % ROWS + 1)))
    report("sqlite3: 20 rows", await best(2000, twenty))
    report("query of 20 rows", await best(2000, lambda _: adults))
    connection.close()


async def writes() -> None:
    """Print inserts a second, with 32 tasks at once and one by one; these wait for the disk."""
    number = 0

    async def insert(count: int) -> None:
        nonlocal number
        for _ in range(count):
            number += 1
            await Person(email=f"new{number}@example.org", age=30).save()

    for tasks, count in ((1, 300), (32, 100)):
        start = time.perf_counter()
        await asyncio.gather(*(insert(count) for _ in range(tasks)))
        rate = tasks * count / (time.perf_counter() - start)
        print(f"{f'durable inserts, {tasks} tasks':<40}{rate:>10.0f} /s")


async def main() -> None:
    print(this_machine(Path(sys.executable)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orm.db"
        database = Database(f"sqlite:///{path}")
        await database.create_tables(Person)
        people = ({"email": f"p{n}@example.org", "age": n % 90} for n in range(ROWS))
        await Person.insert_many(people)
        await reads(database, path)
        await writes()
        await database.stop()


if __name__ == "__main__":
    asyncio.run(main())
