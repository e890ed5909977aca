"""The media type of a file by its name, the same on every machine.

The standard library also asks the system, where a registry entry can make text of JavaScript.
"""

from __future__ import annotations

from mimetypes import MimeTypes
from typing import Final

OCTETS: Final = "application/octet-stream"

# What browsers are sent every day and Python's own table lacks, or knows by an old name.
_WEB: Final = {
    ".avif": "image/avif",
    ".csv": "text/csv",
    ".flac": "audio/flac",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".m4a": "audio/mp4",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".rtf": "application/rtf",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zst": "application/zstd",
}
# A compressed file is sent as what it is: nobody asked for it to be unpacked on the way.
_COMPRESSED: Final = {
    "br": OCTETS,
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}


def _make_table() -> MimeTypes:
    table = MimeTypes()
    for extension, media_type in _WEB.items():
        table.add_type(media_type, extension)
    return table


_TABLE: Final = _make_table()


def media_type_of(name: str) -> str:
    """Return the media type of a file, "application/octet-stream" where the name says nothing."""
    media_type, encoding = _TABLE.guess_type(name)
    if encoding is not None:
        return _COMPRESSED.get(encoding, OCTETS)
    return media_type or OCTETS
