"""A database for each test: a file, because that is what production has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.db.models import ALL

from triode.db import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'app.db'}")
    with made.active():
        made.create_tables(*ALL).run()
        yield made
    made.close()
