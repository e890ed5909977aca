"""Run the command line as a user does: in a process, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

Triode: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

SOURCE = Path(__file__).parent.parent.parent / "src"
COMMAND = [sys.executable, "-m", "triode"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a process: each costs most of a second."""
    for item in items:
        if {"triode", "start"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def environment(**changes: str) -> dict[str, str]:
    """Return the variables of a user's shell: none of ours, and Triode importable."""
    kept = {name: value for name, value in os.environ.items() if "TRIODE" not in name}
    kept.pop("DATABASE_URL", None)
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", **changes}


@pytest.fixture
def triode(tmp_path: Path) -> Triode:
    """Run `triode …` in `tmp_path` and return what it printed."""

    def run(*arguments: str, input: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment(**changes),
            input=input,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of the user's program."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    write_file.folder = tmp_path  # type: ignore[attr-defined]
    return write_file
