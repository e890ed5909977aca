"""What a document promises is what the application does; schemathesis looks for the difference."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.openapi.wide import app as wide
from triode.testing import LiveServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "refuses_what_is_wrong", "positive_data_acceptance",
    "unsupported_method", "allow_header_conformance", "ignored_auth",
]  # fmt: skip
# What a document cannot say, or what schemathesis takes otherwise than we do:
NOT_ASKED = "|".join(
    [
        "tuple",  # it makes a schema of `prefixItems` that it then refuses itself
        "network",  # no generator knows the format
        "(path|query|header|cookie|form)/nullable",  # it writes null as text; RFC 6570: not sent
        "path/url",  # "%2F" is a slash to every router here, so another path
        "form/(list|set|sized|any)",  # it takes one value for no list
    ]
)


def program() -> str:
    found = shutil.which("st", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("schemathesis is not installed: pip install --group dev")
    return found


def run(app: Any, *options: str) -> None:
    """Run schemathesis against an application that is served as in production."""
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "leniency",
        "PYTHONPATH": str(ROOT / "docs/snippets/openapi"),
    }
    command = [program(), "run", "--no-color", "--seed=1", "--checks", ",".join(CHECKS), *options]
    with LiveServer(app) as server:
        done = subprocess.run(
            [*command, f"{server.url}/openapi.json"],
            env=environment, capture_output=True, text=True, timeout=280,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_every_type_in_every_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(wide, "--phases=coverage", f"--exclude-path-regex={NOT_ASKED}")
