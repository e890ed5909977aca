"""Find the files of a directory, and nothing that is not in it."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_IS_WINDOWS: Final = sys.platform == "win32"
_IGNORES_CASE: Final = sys.platform in ("win32", "darwin")
# COM1, NUL and the like are devices in every folder, with any extension (Windows).
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_NOT_ON_WINDOWS: Final = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$')


@dataclass(frozen=True, slots=True)
class Found:
    """A file or directory: its real path, and what the system says of it."""

    path: str
    status: os.stat_result

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.status.st_mode)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.status.st_mode)


class Folder:
    """A directory whose files are served.

    SECURITY: hidden files (but for `.well-known`), paths that lead out of the directory, and
    links that do, unless `follow_symlinks` says so, are not there.
    """

    def __init__(self, directory: str | os.PathLike[str], *, follow_symlinks: bool = False) -> None:
        self.directory = os.fspath(directory)
        self.follow_symlinks = follow_symlinks

    @property
    def exists(self) -> bool:
        """Whether the directory is there."""
        return os.path.isdir(self.directory)

    def find(self, path: str) -> Found | None:
        """Return the file or directory at a path with "/" between its parts; None: not there."""
        parts = [part for part in path.split("/") if part]
        if not all(_is_served(part) for part in parts) or "" in path.split("/")[:-1]:
            return None
        try:
            root = os.path.realpath(self.directory)
            joined = os.path.join(root, *parts)
            real = os.path.realpath(joined)
            is_inside = real == root or real.startswith(root.rstrip(os.sep) + os.sep)
            if not (is_inside or self.follow_symlinks):
                return None
            found = os.stat(real)
        except (OSError, ValueError):  # not there, not to be read, too long, not to be encoded
            return None
        if _IGNORES_CASE and not _has_exact_case(root, parts):
            return None
        made = Found(real, found)
        return None if path.endswith("/") and not made.is_directory else made


def _is_served(part: str) -> bool:
    """Whether a part of a path can name a file that is served."""
    if part.startswith(".") and part != ".well-known":
        return False
    if "\\" in part or "\0" in part:
        return False
    return not _IS_WINDOWS or not (_DEVICE.fullmatch(part) or _NOT_ON_WINDOWS.search(part))


def _has_exact_case(root: str, parts: Sequence[str]) -> bool:
    """Whether a path is written as on the disk: elsewhere another spelling would not be found."""
    directory = root
    for part in parts:
        if part not in os.listdir(directory):
            return False
        directory = os.path.join(directory, part)
    return True
