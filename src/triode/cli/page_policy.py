"""Let a Content-Security-Policy allow one more script of the page's own origin (CSP 3, 6.1)."""

from __future__ import annotations

import re

from triode.http.call import RawHeaders

_NONCE = re.compile(r"'nonce-([^']+)'")
_SCRIPTS = ("script-src-elem", "script-src", "default-src")
_CONNECTIONS = ("connect-src", "default-src")


def admit_script(headers: RawHeaders) -> tuple[RawHeaders, str]:
    """Return headers whose policies allow a script and its connection, and the nonce it needs."""
    nonce = ""
    admitted: RawHeaders = []
    for name, value in headers:
        if name == b"content-security-policy":
            policy, found = admit(value.decode("latin-1"))
            nonce = nonce or found
            admitted.append((name, policy.encode("latin-1")))
        else:
            admitted.append((name, value))
    return admitted, nonce


def admit(policy: str) -> tuple[str, str]:
    """Return one policy so that it allows both, and its nonce if it has one."""
    directives: dict[str, list[str]] = {}
    for part in policy.split(";"):
        if words := part.split():
            directives.setdefault(words[0].lower(), words[1:])
    governing = next((name for name in _SCRIPTS if name in directives), None)
    nonce = _NONCE.search(" ".join(directives.get(governing or "", ())))
    if governing is not None and nonce is None:
        target = "script-src" if governing == "default-src" else governing
        directives[target] = _with_self(directives[governing])
    governing = next((name for name in _CONNECTIONS if name in directives), None)
    if governing is not None:
        directives["connect-src"] = _with_self(directives[governing])
    text = "; ".join(" ".join([name, *words]) for name, words in directives.items())
    return text, nonce[1] if nonce else ""


def _with_self(sources: list[str]) -> list[str]:
    if "'self'" in sources or "*" in sources:
        return sources
    return [*(source for source in sources if source != "'none'"), "'self'"]
