"""The log of slow statements."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.db.models import User
from triode.db import Database
from triode.db.slowness import SlowLog


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


def test_no_value_reaches_log_hook_or_unexpected_error(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    stops = [
        database.observe(SlowLog(0.0)),
        database.observe(lambda sql, seconds, rows: seen.append(sql)),
    ]
    values = {"email": "s3cret@x.org", "age": 7654321, "bio": "s3cret", "password": "s3cret"}
    with caplog.at_level(logging.WARNING, "triode.db"):
        user = User(**values).save().run()
        user.update(password="s3cret!", age=7654322).run()
        User.insert_many([{**values, "email": "s3cret2@x.org"}]).run()
        assert User.where(User.bio.contains("s3cret"), User.age > 7654321).limit(7654321).run()
        assert User.where(User.age.in_([7654322])).values(User.email).run()
        unknown = database.fetch(sa.text("SELECT no_such_function(:one)").bindparams(one="s3cret"))
        with pytest.raises(Exception, match="no_such_function") as caught:
            unknown.run()
        User.where(User.email == "s3cret@x.org").delete().run()
    for stop in stops:
        stop()
    assert len(seen) == len(caplog.records) >= 7
    told = "\n".join([caplog.text, *seen, *traceback.format_exception(caught.value)[-1:]])
    assert "s3cret" not in told
    assert "765432" not in told
