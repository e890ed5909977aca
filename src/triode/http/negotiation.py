"""What a client accepts: the headers with qualities (RFC 9110, 12.4.2 and 12.5)."""

from __future__ import annotations

from collections.abc import Sequence


def qualities(header: str) -> dict[str, float]:
    """Return what is listed, in lower case, and its quality; parameters but "q" are left out.

    A quality that makes no sense counts as 1.
    """
    found: dict[str, float] = {}
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if not name:
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = _quality(value.strip())
        found[name] = max(quality, found.get(name, 0.0))
    return found


def _quality(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if 0 <= value <= 1 else 1.0


def quality_of(media_type: str, listed: dict[str, float]) -> float:
    """Return how much a media type is wanted: by its own name, its main type, or any; else 0."""
    main = media_type.partition("/")[0]
    for name in (media_type, f"{main}/*", "*/*"):
        if name in listed:
            return listed[name]
    return 0.0


def best_of(offered: Sequence[str], header: str) -> str | None:
    """Return the offered media type that a client likes best, the first of equals; None: none."""
    listed = qualities(header)
    best, most = None, 0.0
    for media_type in offered:
        quality = quality_of(media_type, listed)
        if quality > most:
            best, most = media_type, quality
    return best


def accepts_coding(header: str, coding: str) -> bool:
    """Whether a client takes a body in a content coding: it must say so."""
    listed = qualities(header)
    return listed.get(coding, listed.get("*", 0.0)) > 0


def is_navigation(accept: str) -> bool:
    """Whether a browser asks for a page: it names HTML, where a script or an image does not."""
    listed = qualities(accept)
    return any(listed.get(name, 0.0) > 0 for name in ("text/html", "application/xhtml+xml"))
