"""The tests of the guide pass, as a user runs them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment

SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets" / "testing"


@pytest.mark.slow
def test_the_tests_of_the_guide_pass(tmp_path: Path) -> None:
    folder = shutil.copytree(
        SNIPPETS, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__")
    )
    ini = "[pytest]\npythonpath = .\ntestpaths = tests\n"
    (folder / "pytest.ini").write_text(ini, encoding="utf-8")
    command = ["-m", "pytest", "-q", "-p", "triode.pytest_plugin", "-W", "error"]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert "10 passed" in done.stdout
