"""What a client says it wants to have: the `Accept` header (RFC 9110, 12.5.1)."""

from __future__ import annotations

HTML = "text/html"


def prefers_html(accept: str | None) -> bool:
    """Return whether a page is the right answer: a person's browser asks, and not a program.

    HTML must be named, and nothing else that we could send be wanted more: `*/*` is what a
    program says that does not care.
    """
    if accept is None or HTML not in accept:
        return False
    wanted = quality(accept, HTML)
    return wanted > 0 and wanted >= quality(accept, "application/json")


def names_type(accept: str | None, media: str) -> bool:
    """Return whether a media type is asked for by its name."""
    return accept is not None and media in accept and quality(accept, media) > 0


def quality(accept: str, media: str) -> float:
    """Return how much a media type is wanted, from 0 to 1; what names it closest decides."""
    group = media.partition("/")[0] + "/*"
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        found.setdefault(name, _weight(parameters))
    return next((found[name] for name in (media, group, "*/*") if name in found), 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
