"""What the environment says about an application.

Read when it is asked for and not at import, so that a command or a test may still change it.
"""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

from triode.errors import ConfigError

DEBUG_VARIABLE = "TRIODE_DEBUG"
DATABASE_VARIABLE = "DATABASE_URL"
DATABASE_FILE = "app.db"
PROXIES_VARIABLE = "TRIODE_TRUSTED_PROXIES"
SLOW_QUERY_VARIABLE = "TRIODE_SLOW_QUERY"
EDITOR_VARIABLE = "TRIODE_EDITOR"
EDITORS = {
    "vscode": "vscode://file{file}:{line}",
    "vscodium": "vscodium://file{file}:{line}",
    "cursor": "cursor://file{file}:{line}",
    "windsurf": "windsurf://file{file}:{line}",
    "zed": "zed://file{file}:{line}",
    "pycharm": "pycharm://open?file={file}&line={line}",
    "idea": "idea://open?file={file}&line={line}",
    "sublime": "subl://open?url=file://{file}&line={line}",
    "textmate": "txmt://open?url=file://{file}&line={line}",
    "emacs": "emacs://open?url=file://{file}&line={line}",
}

_TRUE = {"1", "true", "yes", "on"}


def is_debug() -> bool:
    """Return whether `TRIODE_DEBUG` asks for debug pages; `triode dev` sets it."""
    return os.environ.get(DEBUG_VARIABLE, "").strip().lower() in _TRUE


def database_url(directory: Path) -> str:
    """Return `DATABASE_URL`, or the address of the SQLite file `app.db` in `directory`."""
    given = os.environ.get(DATABASE_VARIABLE, "").strip()
    return given or f"sqlite:///{directory / DATABASE_FILE}"


def slow_query() -> float | None:
    """Return the seconds from which on `TRIODE_SLOW_QUERY` calls a statement slow; None: no word.

    Raises:
        ConfigError: it is no number of seconds.
    """
    said = os.environ.get(SLOW_QUERY_VARIABLE, "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < inf:
        raise ConfigError(
            f"{SLOW_QUERY_VARIABLE}={said!r} makes no sense. Write a number of seconds, such as "
            "0.1.",
            code="database-option",
        )
    return seconds


def editor_address() -> str | None:
    """Return the address that opens a file, with `{file}` and `{line}`; None: nobody wants it.

    Raises:
        ConfigError: `TRIODE_EDITOR` names an editor that we do not know.
    """
    said = os.environ.get(EDITOR_VARIABLE, "").strip()
    if not said:
        return None
    address = EDITORS.get(said.lower(), said)
    if "{file}" not in address or "://" not in address:
        raise ConfigError(
            f"{EDITOR_VARIABLE}={said!r} is no editor that Triode knows. Known are "
            f"{', '.join(EDITORS)}; any other is an address like myeditor://{{file}}:{{line}}.",
            code="editor",
        )
    return address


def trusted_proxies() -> str:
    """Return what `TRIODE_TRUSTED_PROXIES` says; `triode run --trusted-proxies` sets it."""
    return os.environ.get(PROXIES_VARIABLE, "").strip()
