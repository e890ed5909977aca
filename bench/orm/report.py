"""Writes the results of the ORM benchmark as tables for the terminal, as Markdown and as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from bench.machine import Machine
from bench.orm.contestants import FLOOR, OURS, Contestant
from bench.orm.operations import Operation
from bench.orm.rounds import Cell, Result

TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
Measure = Callable[[Result], float | None]


@dataclass(frozen=True)
class Report:
    """All that a run has found."""

    machine: Machine
    contestants: list[Contestant]
    versions: dict[str, dict[str, str]]
    missing: dict[str, str]
    cells: list[Cell]

    def databases(self) -> list[str]:
        return list(dict.fromkeys(cell.database for cell in self.cells))

    def models(self, database: str) -> list[str]:
        return list(dict.fromkeys(cell.model for cell in self.of(database)))

    def of(self, database: str, model: str = "") -> list[Cell]:
        """Return the cells of a database, or of one model in it."""
        return [
            cell for cell in self.cells if cell.database == database and model in ("", cell.model)
        ]


def wall(result: Result) -> float | None:
    return result.wall


def cpu(result: Result) -> float | None:
    return result.cpu


def ratio(cell: Cell, peer: str, base: str, measure: Measure = wall) -> float | None:
    """Return how many times longer a peer takes than `base`; None if one has no figure."""
    its, other = cell.results.get(peer), cell.results.get(base)
    its_figure = measure(its) if its else None
    other_figure = measure(other) if other else None
    return its_figure / other_figure if its_figure and other_figure else None


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """Return the geometric mean of the values there are, None if there is none."""
    logarithms = [math.log(value) for value in values if value]
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else None


def mean_ratio(cells: list[Cell], peer: str, base: str, measure: Measure = wall) -> float | None:
    return geometric_mean(ratio(cell, peer, base, measure) for cell in cells)


# --- for the terminal


def text(report: Report) -> str:
    """Return the tables for the terminal."""
    lines = [str(report.machine)]
    lines += [
        f"  {peer}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for peer, found in report.versions.items()
    ]
    lines += [f"not measured: {peer}: {why}" for peer, why in report.missing.items()]
    lines.append("medians of the rounds; a dash: the ORM has no such operation")
    for database in report.databases():
        for model in report.models(database):
            cells = report.of(database, model)
            title = f"{TITLES[database]}, {model}"
            lines += ["", f"{title}: microseconds for a call", *figures(report, cells)]
            lines += ["", f"{title}: times Triode's", *ratios(report, cells)]
        lines += ["", f"{TITLES[database]}: geometric means", *means(report, database)]
    lines += ["", *failures(report)]
    return "\n".join(lines)


def row(title: str, cells: Iterable[str]) -> str:
    return f"  {title:<30}{''.join(f'{cell:>12}' for cell in cells)}"


def header(report: Report) -> str:
    return row("", (short(each.title) for each in report.contestants))


def short(title: str) -> str:
    return title.replace("SQLAlchemy async", "SQLA async").replace("driver, no ORM", "driver")


def figures(report: Report, cells: list[Cell]) -> list[str]:
    lines = [header(report)]
    for cell in cells:
        shown = [figure(cell.results.get(each.key)) for each in report.contestants]
        lines.append(row(cell.operation.title, shown))
    return lines


def figure(result: Result | None) -> str:
    if result is None or result.wall is None:
        return missing(result)
    return f"{result.wall:,.0f}" if result.wall >= 100 else f"{result.wall:.1f}"


def missing(result: Result | None) -> str:
    return "failed" if result and result.failure and not result.is_lacking else "-"


def ratios(report: Report, cells: list[Cell]) -> list[str]:
    lines = [header(report)]
    for cell in cells:
        shown = [
            shown_ratio(ratio(cell, each.key, OURS)) or missing(cell.results.get(each.key))
            for each in report.contestants
        ]
        lines.append(row(cell.operation.title, shown))
    return lines


def shown_ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def means(report: Report, database: str) -> list[str]:
    cells = report.of(database)
    reads = [cell for cell in cells if not cell.operation.writes]
    lines = [header(report)]
    for title, chosen, base, measure in (
        ("times Triode's", cells, OURS, wall),
        ("the same, CPU time", cells, OURS, cpu),
        ("reads only", reads, OURS, wall),
        ("times the driver's", cells, FLOOR, wall),
        ("the same, CPU time", cells, FLOOR, cpu),
        ("reads only", reads, FLOOR, wall),
    ):
        shown = [
            shown_ratio(mean_ratio(chosen, each.key, base, measure)) or "-"
            for each in report.contestants
        ]
        lines.append(row(title, shown))
    targets = ["" if each.target is None else f">= {each.target:g}" for each in report.contestants]
    verdicts = [verdict(mean_ratio(cells, each.key, OURS), each) for each in report.contestants]
    return [*lines, row("target", targets), row("", verdicts)]


def verdict(value: float | None, contestant: Contestant) -> str:
    if contestant.target is None or value is None:
        return ""
    return "met" if value >= contestant.target else "MISSED"


def failures(report: Report) -> list[str]:
    """Return a line for each operation that a peer could not do as it must be done."""
    return [
        f"failed: {result.peer}, {cell.database} {cell.model} {cell.operation.name}: "
        f"{result.failure}"
        for cell in report.cells
        for result in cell.results.values()
        if result.failure and not result.is_lacking
    ]


# --- for the README


def markdown(report: Report) -> str:
    """Return a table per database: how many times longer each peer takes than Triode."""
    lines: list[str] = []
    for database in report.databases():
        others = [each for each in report.contestants if each.key != OURS]
        titles = " | ".join(each.title for each in others)
        lines += [
            f"| {TITLES[database]} | Triode, us | {titles} |",
            f"|---|---:|{'---:|' * len(others)}",
        ]
        lines += [markdown_row(cell, others) for cell in report.of(database)]
        cells = report.of(database)
        shown = " | ".join(markdown_mean(cells, each) for each in others)
        lines += [f"| **geometric mean** | | {shown} |", ""]
    note = f"How many times longer each takes than Triode. {report.machine}."
    return "\n".join([*lines, note])


def markdown_row(cell: Cell, others: list[Contestant]) -> str:
    shown = " | ".join(shown_ratio(ratio(cell, each.key, OURS)) or "-" for each in others)
    return f"| {work(cell.model, cell.operation)} | {figure(cell.results.get(OURS))} | {shown} |"


def work(model: str, operation: Operation) -> str:
    return f"{model}: {operation.title}"


def markdown_mean(cells: list[Cell], contestant: Contestant) -> str:
    value = shown_ratio(mean_ratio(cells, contestant.key, OURS)) or "-"
    return f"**{value}**" + (f" (≥ {contestant.target:g})" if contestant.target else "")


def as_json(report: Report) -> dict[str, Any]:
    return {
        "machine": report.machine.as_json(),
        "versions": report.versions,
        "not_measured": report.missing,
        "cells": [
            {
                "database": cell.database,
                "model": cell.model,
                "operation": cell.operation.name,
                "results": {
                    key: {**asdict(result), "wall": result.wall, "cpu": result.cpu}
                    for key, result in cell.results.items()
                },
            }
            for cell in report.cells
        ],
    }
