"""Where a browser may be sent after a login.

The place comes from the address bar (`?next=`), so an attacker may have written it. Only a path
on this site is followed. See OWASP, "Unvalidated Redirects and Forwards".
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

_FORBIDDEN = frozenset("\\") | {chr(code) for code in (*range(0x21), 0x7F)}


def is_safe_path(target: str) -> bool:
    """Return whether a target is a path on this site, as every browser reads it.

    A browser drops tabs and newlines, takes `\\` for `/`, and reads `//host` and `///host` as
    another host: none of these passes (WHATWG URL, 4.4).
    """
    if not target.startswith("/") or target.startswith("//"):
        return False
    if any(character in _FORBIDDEN for character in target):
        return False
    try:
        parts = urlsplit(target)
        target.encode()
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not parts.path.startswith("//")


def safe_path(target: str | None, *, fallback: str) -> str:
    """Return the target where it is safe, the fallback where it is not."""
    return target if target and is_safe_path(target) else fallback


def login_address(login_path: str, target: str) -> str:
    """Return the address of the login page that leads back to `target`."""
    if target in ("", "/") or not is_safe_path(target):
        return login_path
    return f"{login_path}?next={quote(target, safe='/')}"
