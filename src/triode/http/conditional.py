"""Requests that are only meant if something has changed, or has not (RFC 9110, 13)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from triode.http.call import Head


def check_preconditions(head: Head, etag: str, modified: float) -> int | None:
    """Return 304 or 412 where that is the answer to a GET or HEAD, None to go on.

    `etag` is the current one with its quotes, `modified` in seconds since 1970. The order is
    that of RFC 9110, 13.2.2; a header that makes no sense counts as not sent.
    """
    values = head.values
    if b"if-match" in values:
        if not _names(_joined(head, b"if-match"), etag, weak=False):
            return 412
    elif b"if-unmodified-since" in values:
        limit = parse_date(values[b"if-unmodified-since"])
        if limit is not None and int(modified) > limit:
            return 412
    if b"if-none-match" in values:
        return 304 if _names(_joined(head, b"if-none-match"), etag, weak=True) else None
    if b"if-modified-since" in values:
        since = parse_date(values[b"if-modified-since"])
        if since is not None and int(modified) <= since:
            return 304
    return None


def allows_range(head: Head, etag: str, modified: float) -> bool:
    """Whether `If-Range` lets a part be sent: the client has a part of just this (13.1.5)."""
    value = head.values.get(b"if-range")
    if value is None:
        return True
    text = value.decode("latin-1").strip()
    if text.startswith(('"', "W/")):
        return text == etag and not etag.startswith("W/")
    return parse_date(value) == int(modified)


def parse_date(value: bytes) -> int | None:
    """Return an HTTP date in seconds since 1970, None for what is none."""
    try:
        parsed = parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, TypeError, OverflowError):
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return int((parsed - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _joined(head: Head, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for value in head.all(name))


def _names(listed: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags names one; `weak` ones count only where said so (8.8.3.2)."""
    if listed.strip() == "*":
        return True
    tags = [tag.strip() for tag in listed.split(",")]
    if not weak:
        return etag in tags and not etag.startswith("W/")
    return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in tags]
