"""How a command says that it cannot do what it was asked: one line, and no traceback of ours."""

from __future__ import annotations

import importlib
import os
import re
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from triode.errors import ConfigError, TriodeError, did_you_mean
from triode.places import is_own, short

EXIT_CODE = 2
# Where a name is looked for that was asked of the wrong module.
_ROOMS = (
    "triode",
    "triode.db",
    "triode.responses",
    "triode.security",
    "triode.middleware",
    "triode.testing",
)
_MISSING_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")


class CommandError(ConfigError):
    """A command that cannot be done; `detail` holds further lines for the terminal."""

    default_code = "command"

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail

    def __str__(self) -> str:
        return self.message


class ProgramError(CommandError):
    """An error in the user's program, found while it was imported or started."""


def report(error: TriodeError) -> None:
    """Print an error on stderr, the way every command does."""
    print(f"triode: error: {error}", file=sys.stderr)
    if isinstance(error, CommandError) and error.detail:
        print(error.detail, file=sys.stderr)


def fail(error: TriodeError) -> NoReturn:
    """Print an error and end the process with exit code 2."""
    report(error)
    sys.exit(EXIT_CODE)


def program_error(exc: BaseException) -> ProgramError:
    """Return what went wrong in the user's program, with the line of theirs that did it."""
    if isinstance(exc, SyntaxError):
        return _syntax_error(exc)
    kind = type(exc).__name__
    text = str(exc) if isinstance(exc, TriodeError) else f"{kind}: {exc}" if str(exc) else kind
    # Files are named as they are seen from here, as the developer's editor and shell show them.
    text = text.replace(f"{Path.cwd()}{os.sep}", "") + _suggestion(exc)
    frames = [frame for frame in traceback.extract_tb(exc.__traceback__) if is_own(frame.filename)]
    if not frames:
        return ProgramError(text)
    place = "" if _names_place(exc) else f"{short(frames[-1].filename)}:{frames[-1].lineno}: "
    detail = [f"    {short(frame.filename)}:{frame.lineno}: {frame.line}" for frame in frames]
    return ProgramError(f"{place}{text}", detail="\n".join(detail))


def _suggestion(exc: BaseException) -> str:
    """Return what may have been meant by a name that cannot be imported from Triode."""
    found = _MISSING_NAME.search(str(exc)) if isinstance(exc, ImportError) else None
    module = sys.modules.get(found[2]) if found else None
    if found is None or module is None or not found[2].startswith("triode"):
        return ""
    for room in _ROOMS:
        if found[1] in importlib.import_module(room).__all__:
            return f". Write `from {room} import {found[1]}`"
    return "." + did_you_mean(found[1], dir(module))


def _names_place(exc: BaseException) -> bool:
    return isinstance(exc, TriodeError) and exc.where is not None


def _syntax_error(exc: SyntaxError) -> ProgramError:
    place = f"{short(exc.filename)}:{exc.lineno}" if exc.filename else "the program"
    source = (exc.text or "").rstrip("\n")
    mark = " " * max((exc.offset or 1) - 1, 0) + "^"
    detail = f"    {source}\n    {mark}" if source else ""
    return ProgramError(f"{place}: {type(exc).__name__}: {exc.msg}", detail=detail)
