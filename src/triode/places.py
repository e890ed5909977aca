"""Whose code it is: the developer's own, Triode's, or that of Python and its packages."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

_PACKAGE = Path(__file__).parent
# Where Python keeps what is not the developer's own program.
_FOREIGN = tuple(
    Path(path) for path in {*sysconfig.get_paths().values()} if Path(path).name != "bin"
)


@lru_cache(maxsize=4096)
def is_own(filename: str) -> bool:
    """Return whether a file is the developer's; "<frozen importlib…>" and "<string>" are not."""
    path = Path(filename)
    if not path.is_absolute():
        return False
    return not any(path.is_relative_to(folder) for folder in (_PACKAGE, *_FOREIGN))


def short(filename: str) -> str:
    """Return a file as it is seen from the current folder."""
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename


def own_caller() -> tuple[str, int] | None:
    """Return file and line of the developer's own code that is nearest on the stack."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            return frame.f_code.co_filename, _line_of(frame)
        frame = frame.f_back
    return None


def _line_of(frame: FrameType) -> int:
    """Return the line as it is written: Jinja runs Python that it made of a template."""
    template: Any = frame.f_globals.get("__jinja_template__")
    if template is None:
        return frame.f_lineno
    return int(template.get_corresponding_lineno(frame.f_lineno))
