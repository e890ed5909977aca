"""Runs wrk on its own core and reads the line that `replay.lua` prints."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.places import REPLAY

SUMMARY = re.compile(r"^BENCH (.+)$", re.MULTILINE)


class WrkFailed(Exception):
    """wrk ended with an error or without its summary."""


@dataclass(frozen=True)
class Load:
    """What wrk is told, the same for every server."""

    core: int
    connections: int = 32
    threads: int = 1


@dataclass(frozen=True)
class Sample:
    """One run of wrk. Latencies are in microseconds; `faults` counts what should be zero."""

    requests: int
    seconds: float
    p50: int
    p99: int
    faults: dict[str, int]

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run_wrk(load: Load, port: int, requests: Path, *, seconds: float, counter: int = 0) -> Sample:
    """Replay the requests of a file for some seconds.

    Raises:
        WrkFailed: wrk could not run; its output is the message.
    """
    command = ["taskset", "-c", str(load.core), "wrk"]
    command += [f"-t{load.threads}", f"-c{load.connections}", f"-d{max(1, round(seconds))}s"]
    command += ["--timeout", "10s", "-s", str(REPLAY), f"http://127.0.0.1:{port}"]
    environment = {
        **os.environ,
        "BENCH_REQUESTS": str(requests),
        "BENCH_COUNTER": str(counter),
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    found = SUMMARY.search(done.stdout)
    if done.returncode or not found:
        raise WrkFailed(f"wrk on port {port} failed:\n{done.stdout}{done.stderr}")
    return parse_summary(found[1])


def parse_summary(line: str) -> Sample:
    values = {key: int(value) for key, value in (part.split("=") for part in line.split())}
    faults = {name: values[name] for name in ("connect", "read", "write", "timeout", "status")}
    return Sample(
        requests=values["requests"],
        seconds=values["microseconds"] / 1e6,
        p50=values["p50"],
        p99=values["p99"],
        faults={name: count for name, count in faults.items() if count},
    )
