"""What a statement changes of its connection, so that the next user of it is spared that.

A setting, a role, a lock of the session, a temporary table outlive the statement and its
transaction. What a function of the database itself changes in there cannot be seen in a text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_BEGINNING: Final = r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_TRACES: Final = re.compile(
    _BEGINNING
    + r"(set\s+(?!local\b|transaction\b|constraints\b)|reset\b|listen\b|load\b|do\b|call\b"
    + r"|declare\b|discard\b)"
    + r"|.*?(\bset_config\s*\(|\bpg_(try_)?advisory_lock(_shared)?\s*\("
    + r"|\b(create|into)\s+((local|global)\s+)?temp(orary)?\b)",
    re.IGNORECASE | re.DOTALL,
)

RESTORE: Final = (
    "RESET SESSION AUTHORIZATION; RESET ALL; CLOSE ALL; UNLISTEN *; "
    "SELECT pg_advisory_unlock_all(); DISCARD TEMP"
)
"""Makes a session what it was at its start; the driver's prepared statements stay."""


# PERF: the few texts of a program are looked at once; after that 0.05 us for each statement.
@lru_cache(1000)
def leaves_traces(sql: str) -> bool:
    """Whether a statement may change its session for those who come after it."""
    return _TRACES.match(sql) is not None
