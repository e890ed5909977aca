"""The peers of the ORM benchmark that need nothing but this environment do the work they must."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from bench.environments import Environment
from bench.orm.contestants import all_contestants
from bench.orm.operations import BY_NAME, operations_of
from bench.orm.processes import PeerFailed, Process, start
from bench.orm.rounds import Cell, WrongAnswer, check, fill, measure
from bench.orm.run import alone, main, parse
from bench.orm.storage import SqliteStorage
from bench.orm.tables import MODELS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("taskset"), reason="taskset is not installed"),
]


def started(key: str, folder: Path) -> Process:
    contestant = next(each for each in all_contestants() if each.key == key)
    storage = SqliteStorage(folder / "bench.db", has_cents=contestant.has_cents)
    storage.create()
    environment = Environment(Path(sys.executable), {})
    return start(contestant, environment, storage, database="sqlite", core=0)


@pytest.mark.parametrize("key", ["triode", "driver"])
def test_every_operation_is_done_right(key: str, tmp_path: Path) -> None:
    process = started(key, tmp_path)
    try:
        fill(process)
        for model in MODELS:
            for operation in operations_of(model):
                check(process, Cell("sqlite", model, operation, {}))
    finally:
        process.stop()


def test_operation_is_timed_and_leaves_nothing(tmp_path: Path) -> None:
    process = started("driver", tmp_path)
    try:
        fill(process)
        timed = measure(process, Cell("sqlite", "small", BY_NAME["insert_one"], {}), 0.01)
        assert 0 < timed.cpu < timed.wall * 1.5
        assert process.storage.rows_after(MODELS["small"], 2500) == []
    finally:
        process.stop()


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    process = started("driver", tmp_path)
    try:
        fill(process)
        assert isinstance(process.storage, SqliteStorage)
        process.storage.run("UPDATE small SET name = 'other' WHERE id = 124")
        with pytest.raises(WrongAnswer, match="is 'other', wanted 'text 1 of row 124"):
            check(process, Cell("sqlite", "small", BY_NAME["filter_large"], {}))
    finally:
        process.stop()


def test_error_of_a_peer_is_told(tmp_path: Path) -> None:
    process = started("driver", tmp_path)
    try:
        with pytest.raises(PeerFailed, match="KeyError: 'planet'"):
            process.ask(do="check", model="planet", operation="get")
    finally:
        process.stop()


def test_second_run_at_the_same_time_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with alone(), pytest.raises(SystemExit, match="another run of this benchmark goes on"):
        main(["--quick"])


def test_quick_is_short_and_may_be_changed() -> None:
    options = parse(["--quick", "--rounds", "2", "--peers", "django,triode"])
    assert (options.rounds, options.seconds) == (2, 0.015)
    assert options.peers == ["triode", "django"]
