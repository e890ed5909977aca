"""What a WSGI application sees of a request: the environ of PEP 3333."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from triode.http import Scope

# SECURITY: `Proxy` would become HTTP_PROXY, which programs take for a setting (CVE-2016-5385).
REFUSED_HEADERS = frozenset({b"proxy"})
OWN_NAMES = {b"content-length": "CONTENT_LENGTH", b"content-type": "CONTENT_TYPE"}


def build_environ(scope: Scope, body: Any) -> dict[str, Any]:
    """Return the environ of a request; `body` is its body as a file.

    Text is bytes read as Latin-1, as PEP 3333 asks. `wsgi.input` ends with the body, also where
    no length was sent (`wsgi.input_terminated`).
    """
    script_name, path_info = split_path(scope)
    server = scope.get("server") or ("localhost", None)
    client = scope.get("client") or ("", None)
    scheme = scope.get("scheme", "http")
    query = scope.get("query_string", b"").decode("latin-1")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": script_name.decode("latin-1"),
        "PATH_INFO": path_info.decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": _target(scope) + (f"?{query}" if query else ""),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or (443 if scheme == "https" else 80)),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1] or ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    add_headers(environ, scope["headers"])
    return environ


def split_path(scope: Scope) -> tuple[bytes, bytes]:
    """Return SCRIPT_NAME and PATH_INFO: where the application is, and the path below that."""
    root = scope.get("root_path", "").encode("utf-8", "surrogateescape")
    # The path as it was sent: `path` has lost what is no UTF-8.
    raw_path: bytes | None = scope.get("raw_path")
    if raw_path is None:
        path = scope["path"].encode("utf-8", "surrogateescape")
    else:
        path = unquote_to_bytes(raw_path.partition(b"?")[0])
    if path == root or path.startswith(root + b"/"):
        path = path[len(root) :]
    return root, path


def add_headers(environ: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> None:
    """Add the headers of a request; of a name that came several times every value.

    SECURITY: a name with an underscore is left out. It would stand for the one with a hyphen,
    which a proxy in front of us may set or take away.
    """
    for raw_name, raw_value in headers:
        name = raw_name.lower()
        if b"_" in name or name in REFUSED_HEADERS:
            continue
        key = OWN_NAMES.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        if key in environ:
            between = "; " if name == b"cookie" else ", "
            value = environ[key] + between + value
        environ[key] = value


def has_body(scope: Scope) -> bool:
    """Whether a request has a body, by its headers (RFC 9112, 6.3)."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


def _target(scope: Scope) -> str:
    raw_path: bytes | None = scope.get("raw_path")
    if raw_path is not None:
        return raw_path.partition(b"?")[0].decode("latin-1")
    target: str = scope["path"]
    return target
