"""What the environment says about an application.

Read when it is asked for and not at import, so that a command or a test may still change it.
"""

from __future__ import annotations

import os
from pathlib import Path

DEBUG_VARIABLE = "TRIODE_DEBUG"
DATABASE_VARIABLE = "DATABASE_URL"
DATABASE_FILE = "app.db"
PROXIES_VARIABLE = "TRIODE_TRUSTED_PROXIES"
EDITOR_VARIABLE = "TRIODE_EDITOR"

_TRUE = {"1", "true", "yes", "on"}


def is_debug() -> bool:
    """Return whether `TRIODE_DEBUG` asks for debug pages; `triode dev` sets it."""
    return os.environ.get(DEBUG_VARIABLE, "").strip().lower() in _TRUE


def database_url(directory: Path) -> str:
    """Return `DATABASE_URL`, or the address of the SQLite file `app.db` in `directory`."""
    given = os.environ.get(DATABASE_VARIABLE, "").strip()
    return given or f"sqlite:///{directory / DATABASE_FILE}"


def trusted_proxies() -> str:
    """Return what `TRIODE_TRUSTED_PROXIES` says; `triode run --trusted-proxies` sets it."""
    return os.environ.get(PROXIES_VARIABLE, "").strip()


def editor() -> str:
    """Return what `TRIODE_EDITOR` says: an editor's name, or an address with `{file}`."""
    return os.environ.get(EDITOR_VARIABLE, "").strip()
