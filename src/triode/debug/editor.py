"""Links that open a file in the developer's editor."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import quote

from triode.errors import ConfigError
from triode.settings import editor_address

logger = logging.getLogger("triode")


def editor_link(file: str, line: int) -> str | None:
    """Return the address that opens a line, None where no editor is configured."""
    try:
        address = editor_address()
    except ConfigError as exc:
        logger.warning("%s", exc)
        return None
    if address is None:
        return None
    path = "/" + Path(file).as_posix().lstrip("/")
    return address.replace("{file}", quote(path, safe="/:")).replace("{line}", str(line))
