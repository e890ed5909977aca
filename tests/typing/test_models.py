"""Models are typed for mypy and pyright without a plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def lines_mypy_refuses(name: str) -> list[int]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--output", "json"]
    done = subprocess.run(
        [*command, str(HERE / name)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [each["line"] for each in found if each["severity"] == "error"]


def lines_pyright_refuses(name: str) -> list[int]:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, str(HERE / name)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    return [each["range"]["start"]["line"] + 1 for each in found if each["severity"] == "error"]


@pytest.mark.parametrize("lines_refused", [lines_mypy_refuses, lines_pyright_refuses])
def test_right_program_is_accepted(lines_refused: object) -> None:
    assert callable(lines_refused)
    assert lines_refused("accepted_models.py") == []
    assert lines_refused("accepted_fields.py") == []


@pytest.mark.parametrize("lines_refused", [lines_mypy_refuses, lines_pyright_refuses])
def test_wrong_program_is_refused(lines_refused: object) -> None:
    assert callable(lines_refused)
    assert lines_refused("refused_models.py") == [11, 12, 13, 24, 25, 26]


@pytest.mark.parametrize("lines_refused", [lines_mypy_refuses, lines_pyright_refuses])
def test_wrong_query_is_refused(lines_refused: object) -> None:
    assert callable(lines_refused)
    text = (HERE / "refused_queries.py").read_text()
    wrong = [number for number, line in enumerate(text.splitlines(), 1) if "  # " in line]
    assert sorted(set(lines_refused("refused_queries.py"))) == wrong
