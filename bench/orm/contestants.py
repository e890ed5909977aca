"""The ORMs that are compared: where each is installed, and by how much Triode should be faster."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "triode"
FLOOR = "driver"


@dataclass(frozen=True)
class Contestant:
    """An ORM. `name` is its environment (`bench/peers/`), `module` its file in `orm/peers/`."""

    name: str
    title: str
    module: str
    distributions: tuple[str, ...]
    key: str
    target: float | None = None
    has_cents: bool = False
    oldest_python: tuple[int, ...] = (3, 11)


def all_contestants() -> tuple[Contestant, ...]:
    """Return every ORM, Triode first; `key` is what `--peers` calls it."""
    return (
        Contestant(
            "triode",
            "Triode",
            "triode",
            ("triode", "SQLAlchemy", "msgspec", "asyncpg"),
            OURS,
            has_cents=True,
        ),
        Contestant("orm-driver", "driver, no ORM", "driver", ("asyncpg",), FLOOR),
        Contestant(
            "orm-tortoise",
            "Tortoise",
            "tortoise",
            ("tortoise-orm", "aiosqlite", "asyncpg"),
            "tortoise",
            target=2,
        ),
        Contestant(
            "orm-piccolo",
            "Piccolo",
            "piccolo",
            ("piccolo", "aiosqlite", "asyncpg"),
            "piccolo",
            target=2,
        ),
        Contestant("orm-django", "Django", "django", ("Django", "psycopg"), "django", target=5),
        Contestant(
            "orm-sqlalchemy",
            "SQLAlchemy",
            "sqlalchemy",
            ("SQLAlchemy", "psycopg"),
            "sqlalchemy",
            target=8,
        ),
        Contestant(
            "orm-sqlalchemy",
            "SQLAlchemy async",
            "sqlalchemy_async",
            ("SQLAlchemy", "aiosqlite", "asyncpg"),
            "sqlalchemy-async",
            target=8,
        ),
        Contestant("orm-sqlmodel", "SQLModel", "sqlmodel", ("sqlmodel", "SQLAlchemy"), "sqlmodel"),
        Contestant("orm-peewee", "peewee", "peewee", ("peewee", "psycopg"), "peewee"),
    )
