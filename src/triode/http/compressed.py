"""Send a file of a folder, or the compressed one that a build has put beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Final

from triode.http.call import Head, Reply
from triode.http.files import FileResponse, etag_of
from triode.http.folder import Folder, Found
from triode.http.media_types import media_type_of
from triode.http.negotiation import accepts_coding

# The best first.
CODINGS: Final = (("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz"))
# A sibling that is older than its file by more than this was made of another one.
STALE_SECONDS: Final = 60


def send_found(
    folder: Folder,
    found: Found,
    request: tuple[str, Head],
    *,
    cache_control: str,
    status_code: int = 200,
) -> Reply:
    """Return the reply that sends a file, compressed if there is a sibling that the client takes.

    `request` is its method and head. Opens and reads the file in this thread.
    """
    method, head = request
    headers = {"cache-control": cache_control}
    path = found.path
    siblings = _siblings(folder, found)
    if siblings:
        headers["vary"] = "accept-encoding"
        accepted = ",".join(value.decode("latin-1") for value in head.all(b"accept-encoding"))
        for coding, sibling in siblings:
            if accepts_coding(accepted, coding):
                path = sibling.path
                headers["content-encoding"] = coding
                headers["etag"] = f'{etag_of(sibling.status)[:-1]}-{coding}"'
                break
    response = FileResponse(path, status_code, headers, media_type_of(found.path))
    return response.reply_now(method, head)


def _siblings(folder: Folder, found: Found) -> Sequence[tuple[str, Found]]:
    siblings: list[tuple[str, Found]] = []
    for coding, extension in CODINGS:
        path = found.path + extension
        try:
            status = os.stat(path) if folder.follow_symlinks else os.lstat(path)
        except OSError:
            continue
        is_current = status.st_mtime >= found.status.st_mtime - STALE_SECONDS
        if stat.S_ISREG(status.st_mode) and is_current:
            siblings.append((coding, Found(path, status)))
    return siblings
