"""The command: reads options, builds, starts, measures, reports, and always cleans up."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from bench import report, startup
from bench.environments import Environment, NotBuilt, build, newest_python
from bench.machine import this_machine
from bench.peers import Peer, all_peers
from bench.rounds import Settings, run_row
from bench.rows import Row, all_rows
from bench.servers import NotStarted, Server, start, stop_all
from bench.wrk import Load

STARTUP = "startup"
FIRST_SIX = ("hello", "params", "body", "plain", "row", "rows")


def main(arguments: list[str]) -> int:
    """Run the benchmark and return the exit code: 1 if any server failed a check or a round."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return measure(options)
    except KeyboardInterrupt:
        print("interrupted; every server was ended", file=sys.stderr)
        return 130


def parse(arguments: list[str]) -> argparse.Namespace:
    rows, peers = [row.name for row in all_rows()], [peer.name for peer in all_peers()]
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument(
        "--rows",
        type=names(*rows, STARTUP),
        default=list(FIRST_SIX),
        help=f"comma-separated, of {', '.join([*rows, STARTUP])} (default: the first six)",
    )
    parser.add_argument(
        "--peers", type=names(*peers), default=peers, help=f"of {', '.join(peers)} (default: all)"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="length of a round")
    parser.add_argument("--by", choices=("rate", "cpu"), default="rate", help="what ratios compare")
    parser.add_argument(
        "--attempts",
        type=int,
        default=1,
        help="repeat a round that others disturbed, up to N times",
    )
    parser.add_argument("--vary-headers", action="store_true", help="no two requests are alike")
    parser.add_argument("--python", type=Path, help="Python of all peers (default: the newest)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--output", type=Path, help="write every round to this JSON file")
    parser.add_argument("--markdown", action="store_true", help="print the README's table as well")
    options = parser.parse_args(arguments)
    refuse_impossible(parser, options)
    return options


def names(*allowed: str) -> Callable[[str], list[str]]:
    """Return a parser of comma-separated names that keeps the order they are listed in."""

    def parse_names(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := set(asked) - set(allowed):
            wrong = ", ".join(sorted(unknown))
            raise argparse.ArgumentTypeError(f"{wrong}: not one of {', '.join(allowed)}")
        return [name for name in allowed if name in asked]

    return parse_names


def refuse_impossible(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if missing := [program for program in ("wrk", "taskset") if not shutil.which(program)]:
        parser.error(f"{', '.join(missing)} not found (Debian: apt install wrk util-linux)")
    if (os.cpu_count() or 1) < 2:
        parser.error("two cores are needed: one for the server, one for wrk")
    if options.vary_headers and "insert" in options.rows:
        parser.error("--vary-headers does not go with the row insert, whose bodies vary already")


def measure(options: argparse.Namespace) -> int:
    python = options.python or newest_python()
    built, missing = build_all([peer for peer in all_peers() if peer.name in options.peers], python)
    found = report.Report(
        this_machine(python),
        {name: environment.versions for name, (_peer, environment) in built.items()},
        missing,
        [],
        by_cpu=options.by == "cpu",
    )
    rows = [row for row in all_rows() if row.name in options.rows]
    time_rows(rows, built, options, found)
    print(report.text(found))
    if STARTUP in options.rows:
        print("\n" + startup.table(built, options.server_core))
    if options.markdown:
        print("\n" + report.markdown(found))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(report.as_json(found), indent=1) + "\n")
    failed = any(result.failure for _row, results in found.rows for result in results)
    return 1 if failed else 0


def build_all(
    peers: list[Peer], python: Path
) -> tuple[dict[str, tuple[Peer, Environment]], dict[str, str]]:
    """Install what is missing; return what can run, and why the rest cannot."""
    built: dict[str, tuple[Peer, Environment]] = {}
    missing: dict[str, str] = {}
    for peer in peers:
        try:
            built[peer.name] = (peer, build(peer, python))
        except NotBuilt as exc:
            missing[peer.name] = str(exc)
    if not built:
        raise SystemExit(f"nothing to measure: {missing}")
    return built, missing


def time_rows(
    rows: list[Row],
    built: dict[str, tuple[Peer, Environment]],
    options: argparse.Namespace,
    found: report.Report,
) -> None:
    """Start every server once for each setting, time every row on them, and end them."""
    settings = Settings(
        Load(options.client_core),
        options.server_core,
        options.rounds,
        options.seconds,
        vary_headers=options.vary_headers,
        attempts=options.attempts,
    )
    for setting in dict.fromkeys(row.setting for row in rows):
        chosen = [row for row in rows if row.setting == setting]
        time_group(chosen, built, options, settings, found)


def time_group(
    rows: list[Row],
    built: dict[str, tuple[Peer, Environment]],
    options: argparse.Namespace,
    settings: Settings,
    found: report.Report,
) -> None:
    """Time the rows of one setting, whose servers are started for them."""
    setting = rows[0].setting
    names = {row.name for row in rows}
    servers: list[Server] = []
    try:
        for peer, environment in built.values():
            if names.isdisjoint(peer.rows):
                continue
            try:
                servers.append(start(peer, environment, options.server_core, setting))
            except NotStarted as exc:
                found.missing[peer.name] = f"did not start: {exc}"
                print(f"  !! {peer.title} did not start: {exc}", file=sys.stderr)
        for row in rows:
            found.rows.append((row, run_row(row, servers, settings)))
    finally:
        # A second Ctrl-C must not leave half of them running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_all(servers)
        signal.signal(signal.SIGINT, signal.default_int_handler)
