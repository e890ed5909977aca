"""Hide secrets: by the names that they go by, and then wherever their values turn up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "••••••"
# SECURITY: part of a name is enough; a value hidden without need costs a developer little.
SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|authorization|cookie|api[-_]?key|access[-_]?key"
    r"|private[-_]?key|signing[-_]?key|credential|csrf|xsrf|session[-_]?(id|key)|database[-_]?url"
    r"|\bdsn\b|\botp\b|\bpin\b|\bcvv\b|\bssn\b|card[-_]?number",
    re.IGNORECASE,
)
SHORTEST = 4  # shorter ones are also parts of ordinary words
_NO_SECRETS = ("PWD", "OLDPWD")  # folders, in every shell
_URL_PASSWORD = re.compile(r"(\w[\w+.-]*://[^\s:/@'\"]*):[^\s@'\"]+@")
_CREDENTIALS = re.compile(r"\b(bearer|basic|digest)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_NAMED = re.compile(
    r"""(?P<name>["']?\b\w*(?:passw|secret|token|api_?key)\w*["']?\s*[=:]\s*b?)"""
    r"""(?P<quote>["'])(?P<value>(?:\\.|(?!(?P=quote)).)+)(?P=quote)""",
    re.IGNORECASE,
)


def is_secret(name: object) -> bool:
    """Return whether what goes by this name must not be shown."""
    text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
    return SECRET_NAME.search(text) is not None


class Mask:
    """The secrets of one error page.

    Everything is collected first: a value that is found under its name in the last frame is
    hidden in the first one's message too. So `scrub` comes after all `hide`.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for name, value in environment.items():
            if name in _NO_SECRETS:
                continue
            # The parts of an address that are no secret must stay readable.
            if is_secret(name) and "://" not in value:
                self._remember(value)
            elif found := re.search(r"://[^\s:/@]*:([^\s@]+)@", value):
                self._remember(found[1])

    def hide(self, value: Any) -> str:
        """Return what stands for a secret, and remember it."""
        if value is None or isinstance(value, bool):
            return repr(value)
        for text in _texts(value):
            self._remember(text)
        return MASK

    def scrub(self, text: str) -> str:
        """Return a text without the secrets in it."""
        if self._pattern is None and self._values:
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile(
                "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in longest_first)
            )
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        text = _NAMED.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", text)
        text = _URL_PASSWORD.sub(rf"\1:{MASK}@", text)
        return _CREDENTIALS.sub(rf"\1 {MASK}", text)

    def _remember(self, text: str) -> None:
        if len(text.strip()) >= SHORTEST:
            self._values.add(text.strip())
            # As it is written inside of a Python string, where it has quotes or backslashes.
            self._values.add(repr(text.strip())[1:-1])
            self._pattern = None


def _texts(value: Any, depth: int = 3) -> Iterable[str]:
    """Yield the texts in a secret that is made of several."""
    if isinstance(value, str):
        yield value
        if value[:7].lower() in ("bearer ", "digest ") or value[:6].lower() == "basic ":
            yield value.partition(" ")[2]
    elif isinstance(value, bytes | bytearray):
        yield bytes(value).decode("utf-8", "replace")
    elif depth and isinstance(value, Mapping):
        for item in list(value.values())[:50]:
            yield from _texts(item, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for item in list(value)[:50]:
            yield from _texts(item, depth - 1)
