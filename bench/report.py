"""Writes results as a table for the terminal, as Markdown for the README, and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bench.machine import Machine
from bench.rounds import Result
from bench.rows import Row

OURS = "triode"


@dataclass(frozen=True)
class Report:
    """All that a run has found. `by_cpu` compares CPU time for an answer, not answers a second."""

    machine: Machine
    versions: dict[str, dict[str, str]]
    missing: dict[str, str]
    rows: list[tuple[Row, list[Result]]]
    by_cpu: bool = False

    def ratio(self, results: list[Result], other: Result) -> float | None:
        """Return how many times faster Triode is than another server, None if one has no figure."""
        ours = next((one for one in results if one.peer == OURS and one.rounds), None)
        if ours is None or not other.rounds:
            return None
        if self.by_cpu:
            return other.cpu_microseconds / ours.cpu_microseconds
        return ours.rate / other.rate


def text(report: Report) -> str:
    """Return the tables for the terminal."""
    lines = [str(report.machine), *version_lines(report)]
    lines += [f"not built: {peer}: {why}" for peer, why in report.missing.items()]
    basis = "CPU time for an answer" if report.by_cpu else "answers in a second"
    lines.append(f"ratios compare {basis}; medians of the rounds")
    for row, results in report.rows:
        lines += ["", f"{row.title}", header()]
        lines += [line(report, row, results, result) for result in ordered(results)]
    return "\n".join(lines)


def version_lines(report: Report) -> list[str]:
    return [
        f"  {peer}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for peer, found in report.versions.items()
    ]


def header() -> str:
    columns = f"{'req/s':>10}{'CPU us':>9}{'p99 ms':>9}{'others':>8}{'Triode x':>10}"
    return f"  {'':<32}{'':<10}{columns}  target"


def ordered(results: list[Result]) -> list[Result]:
    return sorted(results, key=lambda one: -one.rate if one.rounds else 0)


def line(report: Report, row: Row, results: list[Result], result: Result) -> str:
    start = f"  {result.title:<32}{result.variant:<10}"
    if not result.rounds:
        return f"{start} failed: {result.failure}"
    figures = (
        f"{result.rate:>10,.0f}{result.cpu_microseconds:>9.1f}"
        f"{result.p99 / 1000:>9.2f}{result.foreign:>8.0%}"
    )
    ratio = None if result.peer == OURS else report.ratio(results, result)
    shown = "" if ratio is None else f"{ratio:.2f}"
    return f"{start}{figures}{shown:>10}  {verdict(row, result, ratio)}".rstrip()


def verdict(row: Row, result: Result, ratio: float | None) -> str:
    target = row.targets.get(result.peer)
    if target is None:
        return ""
    if ratio is None:
        return f">= {target:g}"
    return f">= {target:g} {'met' if ratio >= target else 'MISSED'}"


def markdown(report: Report) -> str:
    """Return the README's table: one line per row, how many times faster per peer."""
    peers: dict[str, str] = {}
    for _row, results in report.rows:
        peers |= {one.peer: one.title for one in results if one.peer not in (OURS, "raw")}
    lines = [
        f"| work | Triode, requests/s | {' | '.join(peers.values())} |",
        f"|---|---:|{'---:|' * len(peers)}",
    ]
    for row, results in report.rows:
        found = {one.peer: one for one in results}
        ours = found.get(OURS)
        rate = f"{ours.rate:,.0f}" if ours and ours.rounds else "-"
        cells = [cell(report, row, results, found.get(peer)) for peer in peers]
        lines.append(f"| {row.title} | {rate} | {' | '.join(cells)} |")
    note = f"How many times faster Triode is than each. {report.machine}."
    return "\n".join([*lines, "", note])


def cell(report: Report, row: Row, results: list[Result], other: Result | None) -> str:
    ratio = report.ratio(results, other) if other else None
    if ratio is None:
        return "-"
    target = row.targets.get(other.peer) if other else None
    return f"{ratio:.2g}" if target is None else f"{ratio:.2g} (≥ {target:g})"


def as_json(report: Report) -> dict[str, Any]:
    return {
        "machine": report.machine.as_json(),
        "versions": report.versions,
        "not_built": report.missing,
        "rows": {
            row.name: [result_json(report, results, one) for one in results]
            for row, results in report.rows
        },
    }


def result_json(report: Report, results: list[Result], result: Result) -> dict[str, Any]:
    found = asdict(result)
    if result.rounds:
        found |= {
            "rate": result.rate,
            "cpu_microseconds": result.cpu_microseconds,
            "triode_ratio": report.ratio(results, result),
        }
    return found
