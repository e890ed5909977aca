"""The rows every server finds in its own SQLite file, and the values its answers must have."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TypedDict

USERS = 1000
PAGE = 20

CREATE = """
CREATE TABLE user (
    id INTEGER PRIMARY KEY NOT NULL,
    email VARCHAR NOT NULL UNIQUE,
    age INTEGER NOT NULL,
    bio VARCHAR
)
"""


class User(TypedDict):
    id: int
    email: str
    age: int
    bio: str | None


def user(key: int) -> User:
    """Return the user every database holds under `key`, from 1 to `USERS`."""
    bio = (
        None if key % 3 == 0 else f"Plays the valve amplifier number {key} since {1950 + key % 70}."
    )
    return {"id": key, "email": f"user{key:04d}@example.org", "age": 18 + key * 7 % 60, "bio": bio}


def users() -> list[User]:
    return [user(key) for key in range(1, USERS + 1)]


def create_database(path: Path) -> None:
    """Write a fresh database in WAL mode; what was at `path` is gone."""
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(CREATE)
    connection.executemany("INSERT INTO user VALUES (:id, :email, :age, :bio)", users())
    connection.commit()
    connection.close()


def count_users(path: Path) -> int:
    connection = sqlite3.connect(path, timeout=30)
    try:
        (count,) = connection.execute("SELECT count(*) FROM user").fetchone()
    finally:
        connection.close()
    return int(count)
