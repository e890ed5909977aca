"""Every program in the guides is part of a file that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = [
    "docs/accounts.md",
    "docs/admin.md",
    "docs/databases.md",
    "docs/dependencies.md",
    "docs/fastapi.md",
    "docs/forms.md",
    "docs/models.md",
    "docs/openapi.md",
    "docs/queries.md",
    "docs/security.md",
    "docs/structure.md",
    "docs/testing.md",
    "docs/transactions.md",
]
BLOCK = re.compile(r"(?:<!-- (\S+) -->\n)?```(python|html)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_program_in_a_guide_is_part_of_its_file(guide: str) -> None:
    blocks = BLOCK.findall((ROOT / guide).read_text())
    assert blocks
    for file, _, code in blocks:
        assert file, f"no file is named above: {code}"
        assert code in (ROOT / file).read_text(), f"{file} differs from {guide}"
