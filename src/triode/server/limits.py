"""What a request may look like: sizes, and what RFC 9112 forbids though the parser lets it pass."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httptools

from triode.http.call import RawHeaders

MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
MAX_TARGET = 16 * 1024
HEAD_SECONDS = 10
BODY_SECONDS = 20
WRITE_SECONDS = 60

VERSIONS = ("1.1", "1.0")
HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
NOT_REPEATABLE = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


class RefusedError(Exception):
    """A request that is answered with an error and the end of the connection."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def check_size(target: bytes, headers: RawHeaders) -> None:
    """Refuse a head that is too large; for heads that may be, because counting takes time.

    Raises:
        RefusedError: it is larger than `MAX_HEAD`.
    """
    if len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEAD:
        raise RefusedError(431, "The request's head is too large.")


def check_headers(headers: RawHeaders, version: str) -> list[bytes]:
    """Refuse what RFC 9112 does not allow (3.2, 6.1, 6.3); return the headers' names.

    SECURITY: two lengths, or a length beside chunks, let two servers in a row disagree about
    where a request ends.

    Raises:
        RefusedError: with the status to answer.
    """
    names = [name for name, _ in headers]
    if version not in VERSIONS:
        raise RefusedError(505, "This server speaks HTTP/1.1.")
    if len(names) > MAX_HEADERS:
        raise RefusedError(431, "The request has too many headers.")
    hosts = names.count(b"host")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise RefusedError(400, "A request must have exactly one Host header.")
    if hosts and not HOST.fullmatch(headers[names.index(b"host")][1]):
        raise RefusedError(400, "The Host header is not valid.")
    lengths = names.count(b"content-length")
    if lengths > 1:
        raise RefusedError(400, "A request must not have two Content-Length headers.")
    if b"transfer-encoding" in names:
        _check_coding(headers, version, has_length=lengths > 0)
    return names


def _check_coding(headers: RawHeaders, version: str, *, has_length: bool) -> None:
    if has_length:
        raise RefusedError(400, "A request has Content-Length or Transfer-Encoding, not both.")
    if version == "1.0":
        raise RefusedError(400, "HTTP/1.0 has no Transfer-Encoding.")
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if len(codings) > 1 or codings[0].lower() != b"chunked":
        raise RefusedError(501, "The only Transfer-Encoding that is known is chunked.")


def expects_continue(headers: RawHeaders) -> bool:
    """Whether the client waits for 100 Continue.

    Raises:
        RefusedError: it expects something else.
    """
    expected = [value.lower() for name, value in headers if name == b"expect"]
    if any(value != b"100-continue" for value in expected):
        raise RefusedError(417, "Only Expect: 100-continue is known.")
    return bool(expected)


def content_length(headers: RawHeaders) -> int:
    """Return the length that the client declares in bytes, 0 if it declares none."""
    return int(next((value for name, value in headers if name == b"content-length"), b"0"))


def split_target(target: bytes) -> tuple[str, bytes, str]:
    """Return the path of a request target percent-decoded and as it was sent, and the query string.

    Raises:
        RefusedError: it has no path, or is no URL.
    """
    try:
        parsed = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError as exc:
        raise RefusedError(400, "The request target is not valid.") from exc
    if parsed.path is None:
        raise RefusedError(400, "The request target has no path.")
    path = parsed.path.decode("ascii")
    query = (parsed.query or b"").decode("ascii")
    return (unquote(path) if "%" in path else path), parsed.path, query
