"""The admin's addresses: made here, and read back here.

A row is named by its key as text. What may not stand in a path segment is written `~XX`, because
servers disagree about an encoded slash (`%2F`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode

_ESCAPED = re.compile(r"~([0-9A-F]{2})")


def encode_key(key: object) -> str:
    """Return a key as one path segment, never "." or ".."."""
    if type(key) is int:
        return str(key)
    segment = quote(str(key), safe="").replace("~", "~7E").replace("%", "~")
    return segment.replace(".", "~2E") if segment.strip(".") == "" else segment


def decode_key(segment: str) -> str:
    """Return the key that a path segment names; what was not made by us comes back as it is."""
    return unquote(_ESCAPED.sub(r"%\1", segment))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is, below `base` (which has no trailing slash)."""

    base: str

    @property
    def home(self) -> str:
        """Return the first page."""
        return f"{self.base}/"

    def list(self, slug: str) -> str:
        """Return a model's change list."""
        return f"{self.base}/{slug}"

    def add(self, slug: str) -> str:
        """Return the page that adds a row."""
        return f"{self.base}/{slug}/add"

    def edit(self, slug: str, key: object) -> str:
        """Return the page of one row."""
        return f"{self.base}/{slug}/{encode_key(key)}/edit"

    def delete(self, slug: str, key: object) -> str:
        """Return the question before one row is deleted."""
        return f"{self.base}/{slug}/{encode_key(key)}/delete"

    def lookup(self, slug: str, field: str) -> str:
        """Return where a field's choices are searched."""
        return f"{self.base}/_lookup/{slug}/{field}"


def with_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return "?a=1&b=2" of the parameters that have a value; "?" where none has."""
    return "?" + urlencode([(name, value) for name, value in pairs if value])
