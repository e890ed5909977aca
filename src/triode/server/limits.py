"""What a request may look like: sizes, and what RFC 9112 forbids though the parser lets it pass."""

from __future__ import annotations

from urllib.parse import unquote

import httptools

from triode.http.call import RawHeaders

MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
MAX_TARGET = 16 * 1024
HEAD_SECONDS = 10
BODY_SECONDS = 20

NOT_REPEATABLE = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


class RefusedError(Exception):
    """A request that is answered with an error and the end of the connection."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def check_headers(headers: RawHeaders, version: str) -> list[bytes]:
    """Refuse what RFC 9112 does not allow (3.2, 6.1, 6.3); return the headers' names.

    SECURITY: two lengths, or a length beside chunks, let two servers in a row disagree about
    where a request ends.

    Raises:
        RefusedError: with the status to answer.
    """
    names = [name for name, _ in headers]
    if len(names) > MAX_HEADERS:
        raise RefusedError(431, "The request has too many headers.")
    hosts = names.count(b"host")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise RefusedError(400, "A request must have exactly one Host header.")
    lengths = names.count(b"content-length")
    if lengths > 1:
        raise RefusedError(400, "A request must not have two Content-Length headers.")
    if lengths and b"transfer-encoding" in names:
        raise RefusedError(400, "A request has Content-Length or Transfer-Encoding, not both.")
    return names


def expects_continue(headers: RawHeaders) -> bool:
    """Whether the client waits for 100 Continue.

    Raises:
        RefusedError: it expects something else.
    """
    for name, value in headers:
        if name == b"expect":
            if value.lower() != b"100-continue":
                raise RefusedError(417, "Only Expect: 100-continue is known.")
            return True
    return False


def content_length(headers: RawHeaders) -> int:
    """Return the length that the client declares in bytes, 0 if it declares none."""
    return int(next((value for name, value in headers if name == b"content-length"), b"0"))


def split_target(target: bytes) -> tuple[str, str]:
    """Return the path, percent-decoded, and the query string of a request target.

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
    return (unquote(path) if "%" in path else path), (parsed.query or b"").decode("ascii")
