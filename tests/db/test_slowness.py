"""The log of slow statements."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.db.models import User
from triode.db import Database


def made(folder: Path, seconds: float) -> Database:
    return Database(f"sqlite:///{folder / 'app.db'}", slow_query=seconds)


def test_slow_statement_is_logged_without_its_values(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = made(tmp_path, 0.0)
    with database.active(), caplog.at_level(logging.WARNING, "triode.db"):
        database.create_tables(User).run()
        caplog.clear()
        assert User.where(User.email == "secret@x.org").run() == []
    [record] = caplog.records
    assert "test_slowness.py:" in record.getMessage()
    assert "SELECT" in record.getMessage()
    assert "secret" not in record.getMessage()
    database.close()


def test_fast_statement_is_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = made(tmp_path, 60.0)
    with database.active():
        database.create_tables(User).run()
        assert User.count().run() == 0
    assert caplog.records == []
    database.close()
