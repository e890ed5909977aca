"""The log of slow statements."""

from __future__ import annotations

import logging
import time
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.db.models import User
from triode.db import Database
from triode.db.slowness import SlowLog
from triode.errors import ConfigError


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


def test_time_between_the_rows_of_a_stream_is_not_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = made(tmp_path, 0.2)
    with database.active():
        database.create_tables(User).run()
        User.insert_many(
            {"email": f"{at}@x.org", "age": 1, "password": "p"} for at in range(3)
        ).run()
        for _user in User.all():
            time.sleep(0.1)
    assert caplog.records == []
    database.close()


@pytest.mark.parametrize(
    ("variable", "address", "given", "expected"),
    [
        ("0.5", "", None, 0.5),
        ("0.5", "?slow_query=0.25", None, 0.25),
        ("0.5", "?slow_query=0.25", 0.0, 0.0),
        ("", "", None, None),
    ],
)
def test_setting_counts_where_it_is_nearest(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    address: str,
    given: float | None,
    expected: float | None,
) -> None:
    monkeypatch.setenv("TRIODE_SLOW_QUERY", variable)
    database = Database(f"sqlite:///{tmp_path / 'app.db'}{address}", slow_query=given)
    assert database._observers == ([] if expected is None else [SlowLog(expected)])
    database.close()


def test_variable_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIODE_SLOW_QUERY", "often")
    with pytest.raises(ConfigError) as caught:
        Database("sqlite://")
    assert caught.value.message == (
        "TRIODE_SLOW_QUERY='often' makes no sense. Write a number of seconds, such as 0.1."
    )


def test_address_that_makes_no_sense() -> None:
    with pytest.raises(ConfigError) as caught:
        Database("sqlite://?slow_query=-1")
    assert caught.value.message == (
        "slow_query='-1' of the database makes no sense. Write a number of seconds, such as 0.1."
    )
