"""The statistics and the tables of the ORM benchmark."""

import math

from bench.machine import Machine
from bench.orm.contestants import all_contestants
from bench.orm.operations import BY_NAME
from bench.orm.report import (
    Report,
    as_json,
    cpu,
    failures,
    geometric_mean,
    markdown,
    mean_ratio,
    ratio,
    text,
)
from bench.orm.rounds import LACKS, Cell, Result, Round

PEERS = [each for each in all_contestants() if each.key in ("triode", "driver", "piccolo")]
MACHINE = Machine("today", "a processor", 2, "6.1", "3.13.0", 0.5)


def result(peer: str, *microseconds: float) -> Result:
    return Result(peer, [Round(each, each / 2) for each in microseconds])


def cell(name: str, **results: Result) -> Cell:
    return Cell("sqlite", "small", BY_NAME[name], results)


GET = cell(
    "get",
    triode=result("triode", 9.0, 10.0, 99.0),
    driver=result("driver", 5.0, 5.0, 5.0),
    piccolo=result("piccolo", 400.0, 40.0, 30.0),
)
TUPLES = cell(
    "as_tuple",
    triode=result("triode", 1000.0),
    driver=result("driver", 500.0),
    piccolo=Result("piccolo", failure=LACKS),
)
BROKEN = cell(
    "delete",
    triode=result("triode", 200.0),
    driver=result("driver", 100.0),
    piccolo=Result("piccolo", failure="[0].id is 2, wanted 1"),
)
REPORT = Report(MACHINE, PEERS, {"piccolo": {"piccolo": "1.38.0"}}, {}, [GET, TUPLES, BROKEN])


def test_figure_is_the_median_of_the_rounds() -> None:
    assert GET.results["triode"].wall == 10.0
    assert GET.results["triode"].cpu == 5.0


def test_no_rounds_are_no_figure() -> None:
    assert Result("triode").wall is None


def test_ratio_is_how_many_times_longer_it_takes() -> None:
    assert ratio(GET, "piccolo", "triode") == 4.0
    assert ratio(GET, "triode", "driver") == 2.0
    assert ratio(GET, "triode", "driver", cpu) == 2.0


def test_ratio_without_a_figure_is_none() -> None:
    assert ratio(TUPLES, "piccolo", "triode") is None
    assert ratio(TUPLES, "absent", "triode") is None


def test_geometric_mean_leaves_out_what_has_no_figure() -> None:
    found = geometric_mean([2.0, None, 8.0])
    assert found is not None
    assert math.isclose(found, 4.0)
    assert geometric_mean([None]) is None


def test_mean_ratio_is_over_the_operations_both_can_do() -> None:
    found = mean_ratio(REPORT.cells, "piccolo", "triode")
    assert found is not None
    assert math.isclose(found, 4.0)


def test_failure_is_told_and_a_lack_is_not() -> None:
    assert failures(REPORT) == ["failed: piccolo, sqlite small delete: [0].id is 2, wanted 1"]


def test_terminal_shows_figures_ratios_and_means() -> None:
    lines = [" ".join(line.split()) for line in text(REPORT).splitlines()]
    assert "get by key 10.0 5.0 40.0" in lines
    assert "get by key 1.00 0.50 4.00" in lines
    assert "2,000 rows as tuples 1,000 500 -" in lines
    assert "delete 200 100 failed" in lines
    assert "times Triode's 1.00 0.50 4.00" in lines
    assert "target >= 2" in lines
    assert "met" in lines


def test_markdown_has_the_mean_and_its_target() -> None:
    lines = markdown(REPORT).splitlines()
    assert lines[0] == "| SQLite | Triode, us | driver, no ORM | Piccolo |"
    assert lines[2] == "| small: get by key | 10.0 | 0.50 | 4.00 |"
    assert lines[3] == "| small: 2,000 rows as tuples | 1,000 | 0.50 | - |"
    assert lines[5] == "| **geometric mean** | | **0.50** | **4.00** (≥ 2) |"


def test_json_has_every_round() -> None:
    first = as_json(REPORT)["cells"][0]
    assert first["operation"] == "get"
    assert first["results"]["driver"]["rounds"] == [{"wall": 5.0, "cpu": 2.5}] * 3
    assert first["results"]["triode"]["wall"] == 10.0
