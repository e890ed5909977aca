"""What a client may ask of the lane: sizes, times, and what RFC 9112 forbids in a header block."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from triode.errors import ConfigError
from triode.http.call import RawHeaders

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

MAX_CONNECTIONS = 20_000
# Files that a process needs besides its connections: databases, logs, uploads.
OTHER_FILES = 64

VERSIONS = ("1.1", "1.0")
HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
# The longest line that the WebSocket library reads; it leaves a client with a longer one waiting.
MAX_HANDSHAKE_LINE = 8000
NOT_REPEATABLE = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of a server; `docs/server.md` says what each limit is for.

    Attributes:
        max_target: The longest request target, in bytes.
        max_head: The largest head of a request, in bytes.
        max_headers: The most headers of a request, and the most trailers.
        max_body: The largest body that any route or mounted application gets, in bytes. Unset:
            their own limits.
        max_message: The largest message of a WebSocket, in bytes.
        max_connections: The most open connections. Unset: as many as the process may open files
            for, 20,000 at most.
        head_seconds: The time that a request's head may take.
        body_seconds: The time that a request's body may take before it must keep to `min_rate`.
        write_seconds: The time that a client may take for a response before it must keep to
            `min_rate`.
        min_rate: The least rate of a slow body or response, in bytes a second.

    Raises:
        ConfigError: a limit is no positive number.
    """

    max_target: int = 16 * 1024
    max_head: int = 64 * 1024
    max_headers: int = 100
    max_body: int | None = None
    max_message: int = 16 * 1024 * 1024
    max_connections: int | None = None
    head_seconds: int = 10
    body_seconds: int = 20
    write_seconds: int = 60
    min_rate: int = 500

    def __post_init__(self) -> None:
        for field in fields(self):
            check_positive(field.name, getattr(self, field.name))


def check_positive(name: str, value: int | None) -> None:
    """Refuse a limit that lets nothing through.

    Raises:
        ConfigError: naming it.
    """
    if value is not None and value < 1:
        raise ConfigError(
            f"The server limit {name} is {value!r}. It must be 1 or more.", code="server-limit"
        )


def connection_limit(limits: Limits) -> int:
    """Return how many connections a server holds at once.

    One less than the files that the process may open would do for a server that opens none
    itself; accepting a connection too many makes the event loop spin on the listening socket.
    """
    if limits.max_connections is not None:
        return limits.max_connections
    if resource is None:
        return MAX_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(OTHER_FILES, min(files - OTHER_FILES, MAX_CONNECTIONS))


class RefusedError(Exception):
    """A request that is answered with an error and the end of the connection."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def body_too_large(limit: int) -> RefusedError:
    """Return the refusal of a body that is larger than `limit` bytes."""
    return RefusedError(413, f"The request body is larger than {limit} bytes.")


def check_size(target: bytes, headers: RawHeaders, max_head: int) -> None:
    """Refuse a head that is too large; for heads that may be, because counting takes time.

    Raises:
        RefusedError: it is larger than `max_head` bytes.
    """
    if len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > max_head:
        raise RefusedError(431, "The request's head is too large.")


def check_headers(headers: RawHeaders, version: str, max_headers: int) -> list[bytes]:
    """Refuse what RFC 9112 does not allow (3.2, 6.1, 6.3); return the headers' names.

    SECURITY: two lengths, or a length beside chunks, let two servers in a row disagree about
    where a request ends.

    Raises:
        RefusedError: with the status to answer.
    """
    names = [name for name, _ in headers]
    if version not in VERSIONS:
        raise RefusedError(505, "This server speaks HTTP/1.1.")
    if len(names) > max_headers:
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
