"""Every public name of `triode.db`, and every method of its main classes, is in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import triode.db
from triode.db import Database, Model, Query, Selection, Statement

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "\n".join(
    # Neither the design, which speaks of the inside, nor the codes of errors teach a name.
    path.read_text()
    for path in sorted(DOCS.glob("*.md"))
    if path.name not in ("design.md", "errors.md")
)
ERRORS = (DOCS / "errors.md").read_text()

INNER = {
    # How Triode's own rooms ask each other, see the docstrings.
    "as_exists", "as_expression", "as_rows", "as_value", "select", "table", "find", "matches",
    "recorded", "refuse_using", "channel", "blocking_channel", "level", "enclose",
    # What an application does with its database.
    "start", "stop", "setup",
}  # fmt: skip


def methods(owner: type) -> list[str]:
    return sorted(
        name
        for each in owner.__mro__
        if each.__module__.startswith("triode.")
        for name in vars(each)
        if not name.startswith("_") and name not in INNER
    )


@pytest.mark.parametrize("name", triode.db.__all__)
def test_public_name_is_documented(name: str) -> None:
    text = TEXT + ERRORS if isinstance(getattr(triode.db, name), type) else TEXT
    assert re.search(rf"\b{name}\b", text), f"no document speaks of triode.db.{name}"


@pytest.mark.parametrize("owner", [Model, Query, Selection, Database, Statement])
def test_method_is_documented(owner: type) -> None:
    told = {name for name in methods(owner) if re.search(rf"[.`]{name}\b", TEXT)}
    assert [name for name in methods(owner) if name not in told] == []
