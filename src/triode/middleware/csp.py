"""Content-Security-Policy: from where a page may load what (CSP Level 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from triode.errors import ConfigError

Directives: TypeAlias = "Mapping[str, Sequence[str] | str | bool]"

SELF: Final = "'self'"
NONE: Final = "'none'"
NONCE: Final = "<nonce>"
"""Stands for the response's own nonce; left out of a response whose page asked for none."""
STRICT_DYNAMIC: Final = "'strict-dynamic'"
UNSAFE_INLINE: Final = "'unsafe-inline'"
UNSAFE_EVAL: Final = "'unsafe-eval'"
UNSAFE_HASHES: Final = "'unsafe-hashes'"
WASM_UNSAFE_EVAL: Final = "'wasm-unsafe-eval'"
REPORT_SAMPLE: Final = "'report-sample'"

DEFAULT: Final[Directives] = {
    "default-src": [SELF],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
"""Everything from this site only; inline scripts and styles only with the nonce; in no frame."""

NAME = re.compile(r"[a-z][a-z-]*")
SOURCE = re.compile(r"[^\s;,\x00-\x20\x7f-\uffff]+")
KEYWORDS = re.compile(
    r"self|none|strict-dynamic|report-sample|unsafe-[a-z-]+|wasm-unsafe-eval|inline-speculation-rules"
    r"|script|trusted-types-eval",
    re.IGNORECASE,
)


class Policy:
    """A policy, written once; only the nonce is put in for each response."""

    def __init__(self, directives: Directives) -> None:
        with_nonce = "; ".join(filter(None, (_line(*pair) for pair in directives.items())))
        self._parts = [part.encode("ascii") for part in with_nonce.split(NONCE)]
        without = {name: _without_nonce(value) for name, value in directives.items()}
        self.plain = "; ".join(filter(None, (_line(*pair) for pair in without.items())))
        """The policy of a response without a nonce."""

    def with_nonce(self, nonce: str) -> bytes:
        """Return the policy of a response that has a nonce."""
        return f"'nonce-{nonce}'".encode("ascii").join(self._parts)


def _without_nonce(value: Sequence[str] | str | bool) -> Sequence[str] | bool:
    if isinstance(value, bool):
        return value
    sources = [value] if isinstance(value, str) else value
    rest = [source for source in sources if source != NONCE]
    # A list of nothing but the nonce allows nothing without it.
    return rest or ([NONE] if sources else [])


def _line(name: str, value: Sequence[str] | str | bool) -> str:
    """Return one directive, "" for one that is switched off.

    Raises:
        ConfigError: it makes no policy.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"The directive {name!r} of a Content-Security-Policy is none. Write its name as the "
            'header has it: "script-src".',
            code="csp",
        )
    if isinstance(value, bool):
        return name if value else ""
    sources = [value] if isinstance(value, str) else list(value)
    for source in sources:
        _check_source(name, source)
    return " ".join([name, *sources])


def _check_source(name: str, source: str) -> None:
    if source == NONCE:
        return
    if not SOURCE.fullmatch(source):
        raise ConfigError(
            f"The source {source!r} of {name} cannot stand in a Content-Security-Policy. Write one "
            "source without spaces, commas and semicolons for each item of the list.",
            code="csp",
        )
    if KEYWORDS.fullmatch(source):
        raise ConfigError(
            f"The source {source!r} of {name} is a host of that name to a browser. Write the "
            f"""keyword in quotes: "'{source}'".""",
            code="csp",
        )
