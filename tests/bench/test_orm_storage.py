"""What the runner of the ORM benchmark sees of a peer's database, and how it puts it back."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bench.orm.storage import PostgresStorage, SqliteStorage, read_stored
from bench.orm.tables import SMALL


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("flag", 1, True),
        ("flag", 7, 7),
        ("moment", "2024-02-29 12:30:00+00:00", datetime(2024, 2, 29, 12, 30, tzinfo=UTC)),
        ("day", "2024-02-29", date(2024, 2, 29)),
        ("decimal", 1.5, Decimal("1.5")),
        ("token", "00000000000000000000000000000005", uuid.UUID(int=5)),
        ("text", "as it is", "as it is"),
        ("integer", None, None),
    ],
)
def test_stored_value_is_read(kind: str, stored: object, value: object) -> None:
    assert read_stored(kind, stored) == value


def test_decimal_may_be_stored_in_cents() -> None:
    assert read_stored("decimal", 150, has_cents=True) == Decimal("1.5")


def test_rows_after_the_last_are_taken_away(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "bench.db", has_cents=False)
    storage.create()
    storage.run("INSERT INTO small VALUES (2500, 1, 'kept', NULL), (2501, 2, 'new', 'x')")
    assert storage.rows_after(SMALL, 2500) == [{"id": 2501, "level": 2, "name": "new", "note": "x"}]
    storage.restore(SMALL)
    assert [row["name"] for row in storage.rows_after(SMALL, 0)] == ["kept"]


def test_database_is_durable_and_goes_away(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "bench.db", has_cents=False)
    storage.create()
    assert storage.run("PRAGMA journal_mode") == [("wal",)]
    storage.drop()
    assert list(tmp_path.iterdir()) == []


def test_each_peer_has_a_database_of_its_own() -> None:
    storage = PostgresStorage("postgresql://root@127.0.0.1:5432/test", "sqlalchemy-async")
    wanted = "postgresql://root@127.0.0.1:5432/triode_bench_orm_sqlalchemy_async"
    assert storage.address == wanted
