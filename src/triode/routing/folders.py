"""Handlers that serve a directory: static files with hashed names, and the build of a frontend.

Both are routes like any other: dependencies and middleware apply, and they stay on the lane.
"""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import quote

from triode.errors import RouteError
from triode.http import Call, Reply
from triode.http.folder import Folder, Found
from triode.http.negotiation import is_navigation
from triode.later import later
from triode.settings import is_debug

if TYPE_CHECKING:
    import hashlib

    from triode import concurrency
    from triode.http import compressed, exceptions
    from triode.http.exceptions import HTTPException
else:
    later(
        globals(),
        hashlib="hashlib",
        concurrency="triode.concurrency",
        compressed="triode.http.compressed",
        exceptions="triode.http.exceptions",
    )

Fallback: TypeAlias = Literal["auto", "index.html", "404.html"] | None

FOLDER_PATH: Final = "/{path:path}"  # how the path of a route to a folder ends
FALLBACKS: Final = ("auto", "index.html", "404.html", None)
INDEX: Final = "index.html"
NOT_FOUND_PAGE: Final = "404.html"

STATIC_MAX_AGE: Final = 60  # seconds
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"  # kept, and asked for with its entity tag before it is used
DIGEST_LENGTH: Final = 12
_HASHED: Final = re.compile(rf"(.+)\.([0-9a-f]{{{DIGEST_LENGTH}}})(\.[^./]*)?")
# What a path may hold without a percent sign (RFC 3986, 3.3).
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~"


class StaticFolder:
    """Serves the files of a directory, under their names and under names with their hash.

    `app.css` may be kept for `max_age` seconds. `app.3f2a51c09b7e.css`, which `address` gives and
    `url_for` asks for, may be kept for ever: other content has another name.
    """

    def __init__(self, folder: Folder, *, max_age: int, is_fallback: bool = False) -> None:
        self.folder = folder
        self.max_age = max_age
        self.is_fallback = is_fallback
        self._digests: dict[str, tuple[int, int, str]] = {}

    async def __call__(self, call: Call, path: str) -> Reply:
        """Answer a request for a file."""
        return await concurrency.run_in_threadpool(self._answer, call, path)

    def _answer(self, call: Call, path: str) -> Reply:
        found = self.folder.find(path)
        cache_control = self._cache_control(call)
        if found is None:
            match = _HASHED.fullmatch(path)
            if match is not None:
                stem, digest, extension = match.groups()
                found = self.folder.find(stem + (extension or ""))
                # An old name gets what there is now, but nobody shall keep it under that name.
                is_current = found is not None and self._digest(found) == digest
                cache_control = FOREVER if is_current else ASK_FIRST
        if found is None or not found.is_file:
            raise exceptions.HTTPException(404, "Not Found")
        if call.method not in ("GET", "HEAD"):
            raise exceptions.HTTPException(
                405, "Method Not Allowed", headers={"Allow": "GET, HEAD"}
            )
        request = (call.method, call.head)
        return compressed.send_found(self.folder, found, request, cache_control=cache_control)

    def _cache_control(self, call: Call) -> str:
        is_debug = getattr(call.app, "debug", False)
        return ASK_FIRST if is_debug or not self.max_age else f"public, max-age={self.max_age}"

    def address(self, path: str) -> str:
        """Return a file's path with its hash; the path itself where there is no such file."""
        path = path.lstrip("/")
        found = self.folder.find(path)
        if found is None or not found.is_file:
            return path
        stem, extension = os.path.splitext(path)
        return f"{stem}.{self._digest(found)}{extension}"

    def _digest(self, found: Found) -> str:
        changed, size = found.status.st_mtime_ns, found.status.st_size
        known = self._digests.get(found.path)
        if known is None or known[:2] != (changed, size):
            with open(found.path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()[:DIGEST_LENGTH]
            known = self._digests[found.path] = (changed, size, digest)
        return known[2]


class Frontend:
    """Serves what a frontend's build has made, where no other route answers.

    `fallback` is the page for paths that are no file: "index.html" for an application that has
    routes of its own, sent to navigations of a browser only; "404.html" with its status; "auto"
    for the one that is there; None for neither.
    """

    is_fallback = True

    def __init__(self, folder: Folder, fallback: Fallback) -> None:
        self.folder = folder
        self.fallback = fallback

    async def __call__(self, call: Call, path: str = "") -> Reply:
        """Answer a request that no route has answered."""
        return await concurrency.run_in_threadpool(self._answer, call, path)

    def _answer(self, call: Call, path: str) -> Reply:
        if not self.folder.exists:
            raise RuntimeError(
                f"The frontend's directory {os.path.abspath(self.folder.directory)!r} is missing. "
                "Build the frontend, or mend the directory in app.frontend(…)."
            )
        found = self.folder.find(path)
        is_index = found is not None and found.is_directory
        if is_index:
            found = self.folder.find(f"{path.rstrip('/')}/{INDEX}".lstrip("/"))
        if found is not None and found.is_file:
            if call.method not in ("GET", "HEAD"):
                raise exceptions.HTTPException(
                    405, "Method Not Allowed", headers={"Allow": "GET, HEAD"}
                )
            if is_index and not call.path.endswith("/"):
                return self._to_directory(call)
            return self._send(found, call)
        return self._fall_back(call)

    def _fall_back(self, call: Call) -> Reply:
        if call.method in ("GET", "HEAD"):
            if self.fallback in ("auto", NOT_FOUND_PAGE):
                found = self.folder.find(NOT_FOUND_PAGE)
                if found is not None and found.is_file:
                    return self._send(found, call, status_code=404)
            accept = ",".join(call.headers(b"accept"))
            if self.fallback in ("auto", INDEX) and is_navigation(accept):
                found = self.folder.find(INDEX)
                if found is not None and found.is_file:
                    return self._send(found, call)
        raise exceptions.HTTPException(404, "Not Found")

    def _send(self, found: Found, call: Call, *, status_code: int = 200) -> Reply:
        request = (call.method, call.head)
        return compressed.send_found(
            self.folder, found, request, cache_control=ASK_FIRST, status_code=status_code
        )

    def _to_directory(self, call: Call) -> Reply:
        path = str(call.scope().get("root_path", "")) + call.path + "/"
        url = str(call.request().url.replace(path=quote(path, safe=_PATH_CHARACTERS)))
        location = quote(url, safe=_PATH_CHARACTERS + "%?#[]")
        return Reply(b"", 307, None, [(b"location", location.encode("ascii"))])


def _read_only() -> HTTPException:
    return exceptions.HTTPException(405, "Method Not Allowed", headers={"Allow": "GET, HEAD"})


def make_static(
    directory: str | os.PathLike[str], *, max_age: int, follow_symlinks: bool
) -> StaticFolder:
    """Return the handler of a directory's static files.

    Raises:
        RouteError: there is no such directory.
    """
    folder = Folder(directory, follow_symlinks=follow_symlinks)
    if not folder.exists:
        raise RouteError(
            f"The directory {os.path.abspath(folder.directory)!r} of static files is missing. "
            "Make it, or mend the path.",
            code="static-directory",
        )
    return StaticFolder(folder, max_age=max_age)


def make_frontend(
    directory: str | os.PathLike[str], fallback: Fallback, check_dir: bool | Literal["auto"]
) -> Frontend:
    """Return the handler of a frontend's build.

    Raises:
        RouteError: the directory or the fallback page is missing, or there is no such fallback.
    """
    if fallback not in FALLBACKS:
        raise RouteError(
            f"fallback={fallback!r} is none of 'auto', 'index.html', '404.html' and None.",
            code="frontend-fallback",
        )
    folder = Folder(directory)
    place = os.path.abspath(folder.directory)
    is_checked = check_dir is True or (check_dir == "auto" and not is_debug())
    if not folder.exists:
        message = f"The frontend's directory {place!r} is missing. Build the frontend first"
        if is_checked:
            raise RouteError(f"{message}, or mend the path.", code="frontend-directory")
        if check_dir == "auto":
            warnings.warn(f"{message}.", stacklevel=3)
    elif is_checked and fallback in (INDEX, NOT_FOUND_PAGE):
        page = folder.find(fallback)
        if page is None or not page.is_file:
            raise RouteError(
                f"The fallback {fallback!r} is not in {place!r}. Build the frontend first, or "
                "take another fallback.",
                code="frontend-fallback",
            )
    return Frontend(folder, fallback)
