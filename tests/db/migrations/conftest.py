"""An empty database, a folder for scripts, and no models but those that a test defines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from triode.db import Database, model_registry
from triode.db.migrations import Migrations
from triode.db.tables.table import ModelTable


@pytest.fixture
def only_new_models() -> Iterator[None]:
    """Hide the models of other tests: a migration is about all that exist."""
    registry = model_registry
    hidden = registry.tables()
    for table in hidden:
        registry.remove(table)
    yield
    for table in registry.tables():
        registry.remove(table)
    for table in hidden:
        restore(table)


def restore(table: ModelTable) -> None:
    table._table = None
    model_registry.add(table)


@pytest.fixture
def migrations(empty: Database, only_new_models: None, tmp_path: Path) -> Migrations:
    return Migrations(empty, tmp_path / "migrations")


@pytest.fixture
def on_sqlite(only_new_models: None, tmp_path: Path) -> Iterator[Migrations]:
    """Give migrations for a SQLite file alone."""
    database = Database(f"sqlite:///{tmp_path / 'app.db'}")
    with database.active():
        yield Migrations(database, tmp_path / "migrations")
    database.close()
