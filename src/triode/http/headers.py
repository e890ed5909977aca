"""Headers that are the same for many responses, checked once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from triode.errors import ConfigError
from triode.http.call import RawHeaders, Reply

FORBIDDEN_IN_NAME = re.compile(rb'[\x00-\x20\x7f-\xff()<>@,;:\\"/\[\]?={}]')
# Control characters but for the tab.
FORBIDDEN_IN_VALUE = bytes(code for code in range(32) if code != 9) + b"\x7f"

LARGEST_REMEMBERED = 512
T = TypeVar("T")

# The lines of constant headers, which the server need neither check nor write again.
# PERF: a look-up costs 0.06 us, the check and the line 0.5 us; a reply of ours has up to ten.
CONSTANT_LINES: dict[tuple[bytes, bytes], bytes] = {}


# PERF: programs send few different names; looking one up costs 0.05 us, reading it 0.5 us.
_names: set[bytes] = set()
_MOST_NAMES = 256


def is_sendable(name: bytes, value: bytes) -> bool:
    """Whether a header may stand in a response: its name a token, its value on one line.

    SECURITY: a CR or LF in a value would let a client write headers of its own (RFC 9110, 5.5).
    """
    if name not in _names:
        if not name or FORBIDDEN_IN_NAME.search(name):
            return False
        if len(_names) < _MOST_NAMES:
            _names.add(name)
    # PERF: 0.15 us, a regular expression 0.5 us.
    return len(value.translate(None, FORBIDDEN_IN_VALUE)) == len(value)


def constant_header(name: str, value: str) -> tuple[bytes, bytes]:
    """Return a header for every response of a program, its name in lower case.

    Only for what is known when the application starts: it is kept for ever.

    Raises:
        ConfigError: the name or the value cannot stand in a response.
    """
    try:
        pair = (name.lower().encode("ascii"), value.encode("latin-1"))
    except UnicodeEncodeError as exc:
        raise _refusal(name, value) from exc
    if not is_sendable(*pair):
        raise _refusal(name, value)
    CONSTANT_LINES[pair] = b"%b: %b\r\n" % pair
    return pair


def remembered(read: Callable[[bytes], T], *, entries: int = 256) -> Callable[[bytes], T]:
    """Return a function that reads a header's value, and knows the last values it has read.

    Memory is bounded: what is longer than any honest value is read anew each time.
    """
    cached = lru_cache(maxsize=entries)(read)

    def look_up(value: bytes) -> T:
        return cached(value) if len(value) <= LARGEST_REMEMBERED else read(value)

    return look_up


def _refusal(name: str, value: str) -> ConfigError:
    return ConfigError(
        f"The header {name!r}: {value!r} cannot stand in a response. A name is made of letters, "
        "digits and hyphens; a value has neither control characters nor letters beyond Latin-1.",
        code="header",
    )


def add_headers(reply: Reply, headers: RawHeaders) -> None:
    """Append headers to a reply."""
    if reply.headers is None:
        reply.headers = headers.copy()
    else:
        reply.headers += headers
