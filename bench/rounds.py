"""Times one row: checks every server, then lets them take turns, and keeps every round.

Turns are interleaved (A B C, B C A, ...), so that a slow minute of the machine hits all alike.
"""

from __future__ import annotations

import itertools
import resource
import statistics
import sys
import time
from dataclasses import dataclass, field

from bench import data
from bench.checks import CheckFailed, check_row
from bench.machine import busy_seconds
from bench.peers import Variant
from bench.places import DATA
from bench.rows import Row
from bench.servers import Server
from bench.wire import replay_file, request_bytes
from bench.wrk import Load, Sample, WrkFailed, run_wrk

# More than any server can insert in one run, so that no two runs send the same number.
COUNTER_STEP = 10_000_000
# A share of a core. What is below it moves a figure less than the rounds differ by themselves.
CALM = 0.1
SETTLE_SECONDS = 15
_counters = itertools.count(COUNTER_STEP, COUNTER_STEP)


@dataclass(frozen=True)
class Settings:
    """How long, how often, where; the same for every server of a run."""

    load: Load
    server_core: int
    rounds: int = 5
    seconds: float = 3
    warm_up: float = 1
    vary_headers: bool = False
    attempts: int = 1


@dataclass(frozen=True)
class Round:
    """One timed run. `foreign` is what other programs used of the busier of the two cores."""

    rate: float
    cpu_microseconds: float
    p50: int
    p99: int
    foreign: float


@dataclass
class Result:
    """All rounds of one server in one row, or why there are none."""

    peer: str
    title: str
    variant: str = ""
    rounds: list[Round] = field(default_factory=list)
    tried: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    @property
    def rate(self) -> float:
        """Answers in a second: the median of the rounds."""
        return statistics.median(one.rate for one in self.rounds)

    @property
    def cpu_microseconds(self) -> float:
        """CPU time of the server for one answer: what is left of the rate on a busy machine."""
        return statistics.median(one.cpu_microseconds for one in self.rounds)

    @property
    def p99(self) -> float:
        return statistics.median(one.p99 for one in self.rounds)

    @property
    def foreign(self) -> float:
        return statistics.median(one.foreign for one in self.rounds)


class RoundRefused(Exception):
    """A timed run had errors, or lost what it had acknowledged."""


def run_row(row: Row, servers: list[Server], settings: Settings) -> list[Result]:
    """Time one row on every server that can answer it; failures are results too."""
    contestants: list[tuple[Server, Variant, Result]] = []
    results: list[Result] = []
    for server in servers:
        if row.name not in server.peer.rows:
            continue
        result = Result(server.peer.name, server.peer.title)
        results.append(result)
        with FailuresKept(result):
            variant = choose_variant(row, server, settings, result)
            result.variant = variant.name
            contestants.append((server, variant, result))
    for number in range(settings.rounds):
        turn = number % max(1, len(contestants))
        for server, variant, result in contestants[turn:] + contestants[:turn]:
            if result.failure:
                continue
            with FailuresKept(result):
                result.rounds.append(calm_round(row, server, variant, settings))
                tell(row, result, number + 1)
    return results


class FailuresKept:
    """Turn the failure of one server into its result; the others still run."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> bool:
        if not isinstance(exc, (CheckFailed, RoundRefused, WrkFailed, OSError)):
            return False
        self.result.failure = str(exc) or type(exc).__name__
        self.result.rounds.clear()
        print(f"  !! {self.result.title}: {self.result.failure}", file=sys.stderr, flush=True)
        return True


def choose_variant(row: Row, server: Server, settings: Settings, result: Result) -> Variant:
    """Check every way the peer has for this row, and return the one that is faster in a second."""
    ways = server.peer.ways(row.name)
    for variant in ways:
        check_row(
            row,
            server.port,
            variant.prefix,
            vary_headers=settings.vary_headers,
            cookie=server.cookie,
        )
    if len(ways) == 1:
        return ways[0]
    for variant in ways:
        load_row(row, server, variant, settings, seconds=1)
        tried = load_row(row, server, variant, settings, seconds=1)
        # CPU time, not the clock: one second is too short to trust on a shared machine.
        result.tried[variant.name] = round(1e6 / tried.cpu_microseconds)
    return max(ways, key=lambda variant: result.tried[variant.name])


def calm_round(row: Row, server: Server, variant: Variant, settings: Settings) -> Round:
    """Warm up and time a round, again if others were busy; return the calmest attempt."""
    attempts: list[Round] = []
    while not attempts or (attempts[-1].foreign > CALM and len(attempts) < settings.attempts):
        load_row(row, server, variant, settings, seconds=settings.warm_up)
        let_settle(server)
        attempts.append(load_row(row, server, variant, settings, seconds=settings.seconds))
    return min(attempts, key=lambda one: one.foreign)


def let_settle(server: Server) -> None:
    """Wait until a server has done what wrk no longer waits for: of a slow page, seconds."""
    deadline = time.monotonic() + SETTLE_SECONDS
    used, before = server.cpu_seconds(), -1.0
    while used != before and time.monotonic() < deadline:
        time.sleep(0.1)
        used, before = server.cpu_seconds(), used


def load_row(
    row: Row, server: Server, variant: Variant, settings: Settings, *, seconds: float
) -> Round:
    """Run wrk once against one server.

    Raises:
        RoundRefused: an answer was not 2xx, a socket failed, or an acknowledged row is missing.
    """
    path = DATA / f"{server.peer.name}.requests"
    requests = [
        request_bytes(
            request,
            server.port,
            prefix=variant.prefix,
            vary_headers=settings.vary_headers,
            cookie=server.cookie,
        )
        for request in row.requests
    ]
    path.write_bytes(replay_file(requests))
    stored = data.count_users(server.database) if row.is_insert else 0
    before = meter(server, settings)
    sample = run_wrk(settings.load, server.port, path, seconds=seconds, counter=next(_counters))
    used = meter(server, settings) - before
    refuse_faults(sample)
    if row.is_insert:
        refuse_loss(sample, data.count_users(server.database) - stored)
    return Round(
        rate=sample.rate,
        cpu_microseconds=used.server / sample.requests * 1e6,
        p50=sample.p50,
        p99=sample.p99,
        foreign=used.foreign / sample.seconds,
    )


@dataclass(frozen=True)
class Meter:
    """CPU seconds: of the server and of wrk, and of everything on the core of each."""

    server: float
    client: float
    server_core: float
    client_core: float

    def __sub__(self, other: Meter) -> Meter:
        return Meter(
            self.server - other.server,
            self.client - other.client,
            self.server_core - other.server_core,
            self.client_core - other.client_core,
        )

    @property
    def foreign(self) -> float:
        return max(0.0, self.server_core - self.server, self.client_core - self.client)


def meter(server: Server, settings: Settings) -> Meter:
    wrk = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Meter(
        server.cpu_seconds(),
        wrk.ru_utime + wrk.ru_stime,
        busy_seconds(settings.server_core),
        busy_seconds(settings.load.core),
    )


def refuse_faults(sample: Sample) -> None:
    if sample.faults:
        faults = ", ".join(f"{count} {name}" for name, count in sample.faults.items())
        raise RoundRefused(f"{faults} errors among {sample.requests} requests")
    if not sample.requests:
        raise RoundRefused("not one request was answered")


def refuse_loss(sample: Sample, stored: int) -> None:
    if stored < sample.requests:
        raise RoundRefused(f"{sample.requests} inserts acknowledged, {stored} in the database")


def tell(row: Row, result: Result, number: int) -> None:
    last = result.rounds[-1]
    print(
        f"  {row.name} {number}: {result.title} {result.variant} {last.rate:,.0f}/s, "
        f"{last.cpu_microseconds:.1f} us CPU, others {last.foreign:.0%}",
        file=sys.stderr,
        flush=True,
    )
