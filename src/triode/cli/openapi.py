"""`triode openapi`: the document that `/openapi.json` serves, without a server."""

from __future__ import annotations

import json
from pathlib import Path

from triode.cli.discovery import load
from triode.cli.errors import CommandError
from triode.cli.target import Target


def openapi(target: Target = "", *, output: Path | None = None) -> None:
    """Write the OpenAPI document of an application.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    output
        The file to write; standard output when left out.
    """
    document = load(target).app.openapi()
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if output is None:
        print(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as exc:
        raise CommandError(f"{str(output)!r} cannot be written: {exc.strerror}") from exc
