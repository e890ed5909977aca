"""The command: reads options, builds, starts, measures, reports, and leaves nothing behind."""

from __future__ import annotations

import argparse
import fcntl
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.data import postgres_url
from bench.environments import Environment, NotBuilt, build, newest_python
from bench.machine import this_machine
from bench.orm import report
from bench.orm.contestants import Contestant, all_contestants
from bench.orm.operations import OPERATIONS
from bench.orm.processes import PeerFailed, Process, start
from bench.orm.rounds import Cell, Settings, time_database
from bench.orm.storage import PostgresStorage, SqliteStorage, Storage, postgres_complaint
from bench.orm.tables import MODELS
from bench.places import DATA
from bench.run import names

DATABASES = ("sqlite", "postgres")
QUICK = {"rounds": 3, "seconds": 0.015}
FULL = {"rounds": 5, "seconds": 0.06}


def main(arguments: list[str]) -> int:
    """Run the benchmark and return the exit code: 1 if a peer failed a check or a round."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with alone():
            return measure(options)
    except KeyboardInterrupt:
        print("interrupted; nothing was measured yet", file=sys.stderr)
        return 130


@contextmanager
def alone() -> Iterator[None]:
    """Refuse a second run on this machine: both would use the same databases and cores."""
    with (Path(tempfile.gettempdir()) / "triode-bench-orm.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise SystemExit("another run of this benchmark goes on; wait until it ends") from exc
        yield


def parse(arguments: list[str]) -> argparse.Namespace:
    operations = [operation.name for operation in OPERATIONS]
    peers = [contestant.key for contestant in all_contestants()]
    parser = argparse.ArgumentParser("python -m bench.orm", description=__doc__)
    for option, allowed in (
        (["--database"], list(DATABASES)),
        (["--models"], list(MODELS)),
        (["--operations", "--rows"], operations),
        (["--peers"], peers),
    ):
        what = f"comma-separated, of {', '.join(allowed)} (default: all)"
        parser.add_argument(*option, type=names(*allowed), default=allowed, help=what)
    parser.add_argument("--rounds", type=int, help="default: 5")
    parser.add_argument("--seconds", type=float, help="length of a round (default: 0.06)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.015 seconds")
    parser.add_argument("--python", type=Path, help="Python of all peers (default: the newest)")
    parser.add_argument("--core", type=int, default=0, help="where the peers run")
    parser.add_argument("--output", type=Path, help="write every round to this JSON file")
    parser.add_argument("--markdown", action="store_true", help="print the README's table as well")
    options = parser.parse_args(arguments)
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    if not shutil.which("taskset"):
        parser.error("taskset not found (Debian: apt install util-linux)")
    return options


def measure(options: argparse.Namespace) -> int:
    """Build and time what was asked for; an interrupted run reports what it has."""
    python = options.python or newest_python()
    wanted = [each for each in all_contestants() if each.key in options.peers]
    built, missing = build_all(wanted, python)
    machine = this_machine(python)
    settings = Settings(
        tuple(options.models), tuple(options.operations), options.rounds, options.seconds
    )
    cells: list[Cell] = []
    is_interrupted = False
    try:
        for database in options.database:
            complaint = postgres_complaint(postgres_url()) if database == "postgres" else None
            if complaint:
                missing[database] = complaint
                continue
            for cell in time_peers(built, database, options.core, settings, missing):
                cells.append(cell)
    except KeyboardInterrupt:
        is_interrupted = True
        print("interrupted; every process was ended, and this is what was found", file=sys.stderr)
    found = report.Report(
        machine,
        [contestant for contestant, _environment in built],
        {contestant.key: environment.versions for contestant, environment in built},
        missing,
        cells,
    )
    publish(found, options)
    if is_interrupted:
        return 130
    return 1 if missing or report.failures(found) else 0


def publish(found: report.Report, options: argparse.Namespace) -> None:
    print(report.text(found))
    if options.markdown:
        print("\n" + report.markdown(found))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(report.as_json(found), indent=1) + "\n")


def build_all(
    wanted: list[Contestant], python: Path
) -> tuple[list[tuple[Contestant, Environment]], dict[str, str]]:
    """Install what is missing; return what can run, and why the rest cannot."""
    built: list[tuple[Contestant, Environment]] = []
    missing: dict[str, str] = {}
    for contestant in wanted:
        try:
            built.append((contestant, build(contestant, python)))
        except NotBuilt as exc:
            missing[contestant.key] = str(exc)
    if not built:
        raise SystemExit(f"nothing to measure: {missing}")
    return built, missing


def time_peers(
    built: list[tuple[Contestant, Environment]],
    database: str,
    core: int,
    settings: Settings,
    missing: dict[str, str],
) -> Iterator[Cell]:
    """Start every peer on a fresh database, time all operations, and leave nothing behind."""
    with ExitStack() as stack:
        processes: list[Process] = []
        for contestant, environment in built:
            storage = storage_of(contestant, database)
            stack.callback(storage.drop)
            storage.create()
            try:
                process = start(contestant, environment, storage, database=database, core=core)
            except PeerFailed as exc:
                missing[f"{contestant.key} on {database}"] = str(exc)
                continue
            stack.callback(process.stop)
            processes.append(process)
        yield from time_database(database, processes, settings)


def storage_of(contestant: Contestant, database: str) -> Storage:
    if database == "postgres":
        return PostgresStorage(postgres_url(), contestant.key)
    return SqliteStorage(DATA / f"orm-{contestant.key}.db", has_cents=contestant.has_cents)
