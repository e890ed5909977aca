"""Tools for Node.js that read a document: a linter, and a TypeScript client under `--strict`.

They are found on the PATH, or in the folder that TRIODE_TEST_NODE names:

    npm install openapi-typescript typescript @stoplight/spectral-cli
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.openapi.shop import shop_document
from tests.openapi.wide import app as wide

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

HERE = Path(__file__).parent
ATLAS = HERE.parents[1] / "examples" / "atlas" / "app.py"


def atlas_document() -> Any:
    command = [sys.executable, "-m", "triode", "openapi", str(ATLAS)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


DOCUMENTS = {"wide": wide.openapi, "shop": shop_document, "atlas": atlas_document}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the file of one document, in a folder of its own."""
    path = tmp_path / f"{request.param}.json"
    path.write_text(json.dumps(DOCUMENTS[request.param]()), encoding="utf-8")
    return path


def run(tool: str, *arguments: Any, folder: Path) -> None:
    given = os.environ.get("TRIODE_TEST_NODE")
    path = None if given is None else str(Path(given) / "node_modules" / ".bin")
    found = shutil.which(tool, path=path)
    if found is None:
        pytest.skip(f"{tool} is not on the PATH, and TRIODE_TEST_NODE names no folder that has it")
    done = subprocess.run(
        [found, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_linter_finds_no_error(document: Path) -> None:
    (document.parent / ".spectral.yaml").write_text('extends: ["spectral:oas"]')

    run("spectral", "lint", document, "--fail-severity=error", folder=document.parent)


def test_client_compiles(document: Path) -> None:
    folder = document.parent
    run("openapi-typescript", document, "-o", document.with_suffix(".d.ts"), folder=folder)
    sources = [document.with_suffix(".d.ts")]
    if document.stem == "wide":
        sources.append(Path(shutil.copy(HERE / "client.ts", folder)))

    run("tsc", "--strict", "--noEmit", "--target", "es2022", *sources, folder=folder)
