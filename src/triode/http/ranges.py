"""Byte ranges (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from secrets import token_hex
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]

# SECURITY: many small parts cost more than the whole; who asks for more gets the whole.
MAX_RANGES = 32
_PART = re.compile(r"[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII)


class UnsatisfiableRangeError(ValueError):
    """No range lies within the file."""


def parse_range(header: str, size: int) -> list[Range]:
    """Return the byte ranges that a client asked for.

    Offsets are in bytes, end exclusive, sorted, overlaps merged. An empty list means: send the
    whole, because there are too many or the header makes no sense.

    Raises:
        UnsatisfiableRangeError: no range lies within `size`.
    """
    unit, equals, text = header.partition("=")
    parts = text.split(",")
    if unit.strip().lower() != "bytes" or not equals or len(parts) > MAX_RANGES:
        return []
    found: list[Range] = []
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None:
            return []
        first, last = match.groups()
        if (not first and not last) or (first and last and int(last) < int(first)):
            return []
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last) + 1, size) if first and last else size
        if start < end:
            found.append((start, end))
        elif not first and int(last):
            return []  # the last bytes of an empty file: all of it
    if not found:
        raise UnsatisfiableRangeError(header)
    return _merge(sorted(found))


def _merge(ranges: Sequence[Range]) -> list[Range]:
    merged = [ranges[0]]
    for start, end in ranges[1:]:
        if start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


class Multipart:
    """Several ranges in one body (RFC 9110, 14.6): what stands before each, and at the end."""

    def __init__(self, ranges: Sequence[Range], size: int, content_type: bytes) -> None:
        self.ranges = ranges
        boundary = token_hex(16).encode("ascii")
        self.content_type = b"multipart/byteranges; boundary=" + boundary
        self.heads = [
            b"--%b\r\nContent-Type: %b\r\nContent-Range: bytes %d-%d/%d\r\n\r\n"
            % (boundary, content_type, start, end - 1, size)
            for start, end in ranges
        ]
        self.end = b"--%b--\r\n" % boundary

    @property
    def length(self) -> int:
        """The length of the body in bytes; a line end follows each part."""
        parts = sum(end - start + 2 for start, end in self.ranges)
        return sum(map(len, self.heads)) + parts + len(self.end)
