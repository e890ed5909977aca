"""The errors of this room are explained in the docs."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_code_is_in_the_docs() -> None:
    codes: set[str] = set()
    for path in (ROOT / "src/triode/db").rglob("*.py"):
        codes |= set(re.findall(r'(?:code=|default_code = )"([a-z-]+)"', path.read_text()))
    explained = set(re.findall(r"^### ([a-z-]+)$", (ROOT / "docs/errors.md").read_text(), re.M))
    assert codes - explained == set()
