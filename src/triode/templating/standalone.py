"""A page that needs nothing but itself: errors are shown where nothing else may work.

Its style is inside, allowed by its hash, and nothing else is allowed at all.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256

from triode.http import Reply
from triode.templating.style import style

_MEDIA = b"text/html; charset=utf-8"


def standalone_page(title: str, body: str, *, status: int, sheet: str = "") -> Reply:
    """Return a page of escaped HTML; `sheet` is style in addition to the one all pages share."""
    text, policy = _style(sheet)
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>{title}</title>\n'
        f'<link rel="icon" href="data:,">\n<style>{text}</style>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )
    headers = [
        (b"content-security-policy", policy),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
    ]
    return Reply(document.encode("utf-8", "replace"), status, _MEDIA, headers)


@cache
def _style(sheet: str) -> tuple[str, bytes]:
    text = style().decode("utf-8") + sheet
    digest = b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text, policy.encode("ascii")
