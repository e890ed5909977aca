"""The admin's own style sheet and script, under names that change with their content.

They are read once, when the application starts, and a browser keeps them for a year.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"
NAMES = ("admin.css", "admin.js")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by their hashed names, and those names by the plain ones."""

    files: Mapping[str, Asset]
    names: Mapping[str, str]


def load_assets() -> Assets:
    """Read the files of the package."""
    found: dict[str, Asset] = {}
    names: dict[str, str] = {}
    for name in NAMES:
        content = (files("triode.admin") / "assets" / name).read_bytes()
        stem, _, kind = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
        found[hashed] = Asset(content, MEDIA[kind])
        names[name] = hashed
    return Assets(found, names)
