"""What SQL that a script has of its own would lock, lose or fail on."""

from __future__ import annotations

import re
from typing import Final

_SQL: Final[tuple[tuple[str, str, str], ...]] = (
    (r"drop\s+(table|column|schema|database)\b|\btruncate\b", "loses rows", "Keep a backup."),
    (
        r"^\s*(update|delete)\b(?!.*\bwhere\b)",
        "changes every row of a table at once, in one transaction",
        "Give it a WHERE, and do it in batches, each in an autocommit_block().",
    ),
    (
        r"(create|drop)\s+(unique\s+)?index\s+(?!concurrently)|\breindex\s+(?!.*concurrently)",
        "keeps others from writing while an index is made or dropped",
        "Say CONCURRENTLY, inside `with op.get_context().autocommit_block():`.",
    ),
    (
        r"\bvacuum\s+full\b|\bcluster\b|\block\s+table\b",
        "keeps everybody from the table",
        "Do it while nobody uses it, or leave it.",
    ),
    (
        r"alter\s+table.*\badd\s+constraint\b(?!.*(not\s+valid|using\s+index))",
        "reads the whole table under a lock",
        "Add it NOT VALID, and VALIDATE it in a later migration.",
    ),
    (
        r"alter\s+column\s+\S+\s+(set\s+data\s+)?type\b",
        "writes every row anew, and nobody reads or writes meanwhile",
        "Add a new column, fill it in batches, let the code use it, then drop the old one.",
    ),
    (
        r"\bset\s+not\s+null\b",
        "fails where values are empty, and reads the whole table under a lock",
        "Fill them first; on PostgreSQL validate a CHECK (… IS NOT NULL) before.",
    ),
)
"""What SQL that is written by hand may do: a pattern, the danger, the safe way."""


def danger_of(text: str, dialect: str) -> tuple[str, str] | None:
    """Return what a statement does and the safe way, None where nothing is known against it."""
    for pattern, what, safe in _SQL:
        is_about_locks = "index" in pattern or "vacuum" in pattern or "valid" in pattern
        if is_about_locks and dialect != "postgresql":
            continue
        if re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            return f"runs SQL that {what}: {_short(text)}", safe
    return None


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return f"{joined[:60]}…" if len(joined) > 60 else f"{joined.removesuffix(';')}."
