"""The style sheet that all pages of ours share; a page of yours may use it too.

It is a route of its own, under a name that changes with its content, so that a browser keeps it
for a year and no page needs inline styles.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.responses import Response

from triode.templating.urls import url_for

ROUTE = "triode_style"
MEDIA = "text/css; charset=utf-8"
FOREVER = "public, max-age=31536000, immutable"


@cache
def style() -> bytes:
    """Return the sheet."""
    return (files("triode.templating") / "assets" / "triode.css").read_bytes()


@cache
def style_path() -> str:
    """Return the path to serve it at."""
    return f"/_triode/triode.{sha256(style()).hexdigest()[:12]}.css"


async def send_style() -> Response:
    """Answer with the sheet; the handler of the route `triode_style`."""
    return Response(style(), media_type=MEDIA, headers={"cache-control": FOREVER})


def triode_style() -> str:
    """Return the sheet's address, for a template's `<link rel="stylesheet">`."""
    return url_for(ROUTE)
