"""The request target: its forms (RFC 9112, 3.2), and what of it is the path and the query."""

from __future__ import annotations

import re
from urllib.parse import unquote

from triode.dispatch import Served
from triode.http import Call, Reply
from triode.http.call import RawHeaders
from triode.server.limits import HOST, RefusedError

ABSOLUTE = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE)
# The octets of a target. A "#" would begin a fragment, which is never sent.
TARGET = re.compile(rb'[!"$-~]*')


def origin_form(target: bytes, headers: RawHeaders) -> bytes:
    """Return the path and query of a target, `b"*"` as it is.

    The authority of an absolute form takes the place of the Host header (RFC 9112, 3.2.2), so
    that no two servers in a row serve one request for different hosts.

    Raises:
        RefusedError: it is no target that an origin server serves.
    """
    if not TARGET.fullmatch(target):
        raise RefusedError(400, "The request target is not valid.")
    if target[:1] == b"/" or target == b"*":
        return target
    absolute = ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise RefusedError(400, "The request target has no path.")
    authority, rest = absolute.groups()
    if not authority or authority[:1] == b":" or not HOST.fullmatch(authority):
        raise RefusedError(400, "The host of the request target is not valid.")
    headers[:] = [pair for pair in headers if pair[0] != b"host"]
    headers.insert(0, (b"host", authority))
    return rest if rest[:1] == b"/" else b"/" + rest


def split_target(target: bytes) -> tuple[str, bytes, str]:
    """Return the path of an origin form percent-decoded and as it was sent, and the query."""
    sent, _, query = target.partition(b"?")
    path = sent.decode("ascii")
    return (unquote(path) if "%" in path else path), sent, query.decode("ascii")


def _answer_asterisk(call: Call) -> Reply:
    return Reply(b"", 204, None, [(b"allow", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")])


# `OPTIONS *` asks about the server as a whole (RFC 9110, 9.3.7).
ASTERISK = Served(_answer_asterisk, body_limit=0)
