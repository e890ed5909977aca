"""The files that the documentation pages load, served compressed and under a hashed name.

Our own few files are in `static/`. Those of Swagger UI and ReDoc are put into `assets/` by
`make assets`, at the latest when the wheel is built; a checkout that has not done so loads them
from the CDN, with the digests that `sources.json` names.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response

CDN: Final = "https://cdn.jsdelivr.net"

_FOLDER: Final = Path(__file__).parent
_MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `name` is "swagger-ui.css", `hashed_name` "swagger-ui.0a1b2c3d4e5f.css"."""

    name: str
    hashed_name: str
    media_type: str
    compressed: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page finds a file; `integrity` is None where it comes from this server."""

    url: str
    integrity: str | None = None


def link_to(name: str, assets_url: str) -> Link:
    """Return the address of a file: on this server where it is there, else on the CDN."""
    asset = load(name)
    if asset is not None:
        return Link(f"{assets_url}/{asset.hashed_name}")
    for package, source in _sources().items():
        for file, digest in source["files"].items():
            if Path(file).name == name:
                return Link(f"{CDN}/npm/{package}@{source['version']}/{file}", digest)
    raise LookupError(f"No page of the documentation has a file {name!r}.")


@cache
def load(name: str) -> Asset | None:
    """Return a file by its plain name; None if it is not in this installation."""
    stored = _FOLDER / "assets" / f"{name}.gz"
    plain = _FOLDER / "static" / name
    if stored.is_file():
        compressed = stored.read_bytes()
    elif plain.is_file():
        compressed = gzip.compress(plain.read_bytes(), mtime=0)
    else:
        return None
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(compressed).hexdigest()[:12]
    return Asset(name, f"{stem}.{digest}{dot}{suffix}", _MEDIA_TYPES[dot + suffix], compressed)


def respond(hashed_name: str, accept_encoding: str) -> Response:
    """Return the answer to a request for a file: 404 for a name that was never handed out."""
    stem, _, suffix = hashed_name.rpartition(".")
    name = f"{stem.rpartition('.')[0]}.{suffix}"
    asset = load(name) if name in _names() else None
    if asset is None or asset.hashed_name != hashed_name:
        return Response("Not Found", 404, media_type="text/plain")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    content = asset.compressed
    if "gzip" in accept_encoding:
        headers["Content-Encoding"] = "gzip"
    else:
        content = gzip.decompress(content)
    return Response(content, headers=headers, media_type=asset.media_type)


@cache
def _names() -> frozenset[str]:
    # SECURITY: only these names are ever looked up on disk, so no name can leave the folder.
    own = {path.name for path in (_FOLDER / "static").iterdir()}
    foreign = {Path(file).name for source in _sources().values() for file in source["files"]}
    return frozenset(own | foreign)


@cache
def _sources() -> dict[str, dict[str, Any]]:
    sources: dict[str, dict[str, Any]] = json.loads(
        (_FOLDER / "sources.json").read_text(encoding="utf-8")
    )
    return sources
