"""The programs of docs/databases.md, run on SQLite and PostgreSQL."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import eventually
from tests.db.conftest import postgres_schema
from triode.testing import LaneClient

PROGRAM = Path(__file__).parents[2] / "docs" / "snippets" / "databases" / "app.py"
Start = Callable[[str], tuple[LaneClient, dict[str, Any]]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start the guide's application over the database with this address."""
    with ExitStack() as stack:

        def run(url: str) -> tuple[LaneClient, dict[str, Any]]:
            monkeypatch.setenv("DATABASE_URL", url)
            program = runpy.run_path(str(PROGRAM))
            return stack.enter_context(LaneClient(program["app"])), program

        yield run


@pytest.mark.slow
def test_a_statement_has_its_time(start: Start, tmp_path: Path) -> None:
    client, _ = start(f"sqlite:///{tmp_path / 'app.db'}")
    assert client.get("/slow").json() == "that took too long"


def test_a_backup_is_a_database(start: Start, tmp_path: Path) -> None:
    client, program = start(f"sqlite:///{tmp_path / 'app.db'}")
    program["Job"](text="a").save().run()
    copy = tmp_path / "copy.db"
    assert client.post("/backup", params={"name": str(copy)}).json() == str(copy)
    assert program["count_in_archive"](copy) == 1


@pytest.mark.service("postgres")
def test_jobs_are_heard_of(start: Start) -> None:
    with postgres_schema() as made:
        client, program = start(made.url)
        listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%jobs%'"
        read = made.engine.blocking.read

        def listeners() -> int:
            from triode.db.statement import drive

            return int(drive(read(listening, ()))[0][0])

        assert eventually(listeners, 1) == 1
        assert client.post("/jobs", params={"text": "a"}).json() == {"id": 1, "text": "a"}
        assert eventually(lambda: list(program["heard"]), ["1"]) == ["1"]


def test_several_databases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable, name in (("DATABASE", "app"), ("ARCHIVE", "archive"), ("REPLICA", "app")):
        monkeypatch.setenv(f"{variable}_URL", f"sqlite:///{tmp_path / name}.db")
    program = runpy.run_path(str(PROGRAM.with_name("several.py")))
    with LaneClient(program["app"]) as client:
        for number in ("1", "2"):
            program["Order"](number=number).save().run()
        assert client.post("/orders/1/archive").json() == {"id": 1, "number": "1"}
        assert [order["number"] for order in client.get("/orders").json()] == ["2"]
        assert client.post("/archive", params={"number": ""}).status_code == 400
        assert client.post("/archive", params={"number": "2"}).json() == {"id": 2, "number": "2"}
        assert client.get("/archived", params={"numbers": "1,2"}).json() == ["2"]
