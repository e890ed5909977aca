"""Links that open a file in the developer's editor."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import quote

from triode.errors import ConfigError
from triode.settings import EDITOR_VARIABLE, editor

logger = logging.getLogger("triode")

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


def editor_template() -> str | None:
    """Return the address that opens a file, with `{file}` and `{line}`; None: nobody wants it.

    Raises:
        ConfigError: `TRIODE_EDITOR` names an editor that we do not know.
    """
    said = editor()
    if not said:
        return None
    template = EDITORS.get(said.lower(), said)
    if "{file}" not in template or "://" not in template:
        raise ConfigError(
            f"{EDITOR_VARIABLE}={said!r} is no editor that Triode knows. Known are "
            f"{', '.join(EDITORS)}; any other is an address like myeditor://{{file}}:{{line}}.",
            code="editor",
        )
    return template


def editor_link(file: str, line: int) -> str | None:
    """Return the address that opens a line, None where no editor is configured."""
    try:
        template = editor_template()
    except ConfigError as exc:
        logger.warning("%s", exc)
        return None
    if template is None:
        return None
    path = "/" + Path(file).as_posix().lstrip("/")
    return template.replace("{file}", quote(path, safe="/:")).replace("{line}", str(line))
