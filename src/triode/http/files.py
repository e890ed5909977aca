"""Send files: whole or in ranges, and not at all to a client that has them already."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Mapping, Sequence
from email.utils import formatdate
from io import FileIO
from typing import Self, TypeAlias, TypedDict, Unpack
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.responses import FileResponse as StarletteFileResponse

from triode.concurrency import run_in_threadpool
from triode.http.call import Head, RawHeaders, Receive, Reply, Scope, Send
from triode.http.conditional import allows_range, check_preconditions
from triode.http.exceptions import HTTPException
from triode.http.folder import Folder
from triode.http.media_types import media_type_of
from triode.http.ranges import Multipart, Range, UnsatisfiableRangeError, parse_range
from triode.http.reply import raw_headers
from triode.http.streaming import StreamingResponse

# A body as small as this is read at once and sent with its head.
READ_AT_ONCE = 128 * 1024
CHUNK_SIZE = 64 * 1024
# PERF: the thread reads on while the last chunks are written: 20 MB in 41 ms, else in 64.
# SECURITY: a client that reads nothing holds this and what is being written, 1 MB in all.
READ_AHEAD = 2 * CHUNK_SIZE

# Of a file's headers, those that say nothing where its content is not sent (RFC 9110, 15.4.5).
CONTENT_HEADERS = frozenset(
    (b"content-type", b"content-length", b"content-disposition", b"accept-ranges")
)
Pieces: TypeAlias = Generator[bytes, None, None]

ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"  # RFC 8187, 3.2.1


class FileOptions(TypedDict, total=False):
    """What `FileResponse` takes besides the path."""

    status_code: int
    headers: Mapping[str, str] | None
    media_type: str | None
    background: BackgroundTask | None
    filename: str | None
    content_disposition_type: str


class FileResponse(StarletteFileResponse):
    """Send a file, read off the event loop.

    A client that has it already gets a 304 (by `ETag` and `Last-Modified`), one that asks for
    ranges gets those. With `filename` it is offered as a download under that name.

    Raises:
        RuntimeError: while it is sent, where there is no such file.
    """

    _automatic: Mapping[str, str] = {}

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        media_type = media_type or media_type_of(filename or os.fspath(path))
        super().__init__(path, status_code, headers, media_type, background, None, stat_result)
        self.filename = filename
        if filename is not None:
            disposition = content_disposition(filename, content_disposition_type)
            self.headers.setdefault("content-disposition", disposition)

    @classmethod
    def within(
        cls, directory: str | os.PathLike[str], name: str, **options: Unpack[FileOptions]
    ) -> Self:
        """Return the response for a file of a directory whose name came from outside.

        SECURITY: whatever the name is, nothing outside of the directory is sent, and no hidden
        file. `options` are those of the constructor.

        Raises:
            HTTPException: 404, there is no such file.
        """
        found = Folder(directory).find(name)
        if found is None or not found.is_file:
            raise HTTPException(404, "Not Found")
        return cls(found.path, **options)

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        """Set length, date and entity tag by what is known of the file."""
        self.headers["content-length"] = str(stat_result.st_size)
        self._set("last-modified", formatdate(stat_result.st_mtime, usegmt=True))
        self._set("etag", etag_of(stat_result))

    def _set(self, name: str, value: str) -> None:
        """Set a header, unless somebody else has: a response may be sent more than once."""
        current = self.headers.get(name)
        if current is None or current == self._automatic.get(name):
            self.headers[name] = value
            self._automatic = {**self._automatic, name: value}

    async def reply_to(self, method: str, head: Head) -> Reply:
        """Return the reply to a request of this method with this head."""
        return await run_in_threadpool(self.reply_now, method, head)

    def reply_now(self, method: str, head: Head) -> Reply:
        """Return the reply, opening and reading the file in this thread."""
        try:
            file = FileIO(self.path, "rb")
        except (FileNotFoundError, IsADirectoryError) as exc:
            raise RuntimeError(f"There is no file at {os.fspath(self.path)!r} to send.") from exc
        try:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise RuntimeError(f"What is at {os.fspath(self.path)!r} is no file to send.")
            reply = self._reply(file, found, method, head)
        except BaseException:
            file.close()
            raise
        if reply.stream is None or method == "HEAD":
            file.close()
        reply.background = self.background
        return reply

    def _reply(self, file: FileIO, found: os.stat_result, method: str, head: Head) -> Reply:
        self.set_stat_headers(found)
        size = found.st_size
        ranges: list[Range] = []
        if self.status_code == 200 and method in ("GET", "HEAD"):
            etag = self.headers["etag"]
            status = check_preconditions(head, etag, found.st_mtime)
            if status is not None:
                return self._without_content(status)
            asked = head.values.get(b"range")
            if asked and method == "GET" and allows_range(head, etag, found.st_mtime):
                try:
                    ranges = parse_range(asked.decode("latin-1"), size)
                except UnsatisfiableRangeError:
                    return self._without_content(416, (b"content-range", b"bytes */%d" % size))
        if method == "HEAD":
            return _streamed(iter(()), self.status_code, list(self.raw_headers))
        if len(ranges) > 1:
            return self._several(file, ranges, size)
        if ranges:
            return self._one(file, ranges[0], size)
        return self._content(FileChunks(file, [(0, size)]), self.status_code, {})

    def _without_content(self, status: int, *added: tuple[bytes, bytes]) -> Reply:
        headers = [pair for pair in self.raw_headers if pair[0] not in CONTENT_HEADERS]
        return Reply(b"", status, None, [*headers, *added])

    def _one(self, file: FileIO, wanted: Range, size: int) -> Reply:
        start, end = wanted
        changed = {
            b"content-length": b"%d" % (end - start),
            b"content-range": b"bytes %d-%d/%d" % (start, end - 1, size),
        }
        return self._content(FileChunks(file, [wanted]), 206, changed)

    def _several(self, file: FileIO, ranges: Sequence[Range], size: int) -> Reply:
        multipart = Multipart(ranges, size, self.headers["content-type"].encode("latin-1"))
        changed = {
            b"content-length": b"%d" % multipart.length,
            b"content-type": multipart.content_type,
        }
        return self._content(FileChunks(file, ranges, multipart), 206, changed)

    def _content(self, chunks: FileChunks, status: int, changed: Mapping[bytes, bytes]) -> Reply:
        headers = [pair for pair in self.raw_headers if pair[0] not in changed]
        headers += changed.items()
        if chunks.size > READ_AT_ONCE:
            return _streamed(chunks, status, headers)
        reply = Reply(b"".join(chunks), status, None)
        for name, value in headers:
            if name != b"content-length":
                reply.add_header(name, value)
        return reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file through an ASGI server."""
        if scope["type"] == "websocket":
            send = self._wrap_websocket_denial_send(send)
        reply = await self.reply_to(scope.get("method", "GET"), Head(list(scope["headers"])))
        stream = reply.stream
        if not isinstance(stream, StreamingResponse):
            headers = raw_headers(reply)
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": reply.body})
        elif _takes_paths(scope) and (path := getattr(stream.content, "whole_path", None)):
            stream.stop()
            start = {"status": stream.status_code, "headers": stream.raw_headers}
            await send({"type": "http.response.start", **start})
            await send({"type": "http.response.pathsend", "path": path})
        else:
            await stream(scope, receive, send)
        if self.background is not None:
            await self.background()


class FileChunks:
    """The content of a file, or ranges of it, piece by piece; closes the file at its end.

    `whole_path` is the file's path where all of it is meant, and nothing else.
    """

    def __init__(
        self, file: FileIO, ranges: Sequence[Range], multipart: Multipart | None = None
    ) -> None:
        self.size = sum(end - start for start, end in ranges)
        is_whole = multipart is None and self.size == os.fstat(file.fileno()).st_size
        self.whole_path = os.path.abspath(file.name) if is_whole else None
        self._file = file
        self._pieces = self._read(ranges, multipart)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the file; nothing more comes."""
        self._pieces.close()
        self._file.close()

    def _read(self, ranges: Sequence[Range], multipart: Multipart | None) -> Pieces:
        with self._file:
            for number, (start, end) in enumerate(ranges):
                if multipart is not None:
                    yield multipart.heads[number]
                yield from self._read_range(start, end)
                if multipart is not None:
                    yield b"\r\n"
            if multipart is not None:
                yield multipart.end

    def _read_range(self, start: int, end: int) -> Pieces:
        self._file.seek(start)
        while start < end:
            chunk = self._file.read(min(CHUNK_SIZE, end - start))
            if not chunk:
                raise RuntimeError(f"The file {self._file.name!r} was cut while it was sent.")
            start += len(chunk)
            yield chunk


def _streamed(chunks: Iterator[bytes], status: int, headers: RawHeaders) -> Reply:
    response = StreamingResponse(chunks, status)
    response.raw_headers = headers
    response.ahead_bytes = READ_AHEAD
    return Reply(b"", status, None, stream=response)


def _takes_paths(scope: Scope) -> bool:
    return "http.response.pathsend" in (scope.get("extensions") or {})


def etag_of(found: os.stat_result) -> str:
    """Return the entity tag of a file: another one whenever it is written."""
    return f'"{found.st_mtime_ns:x}-{found.st_size:x}"'


def content_disposition(filename: str, kind: str = "attachment") -> str:
    """Return the header that names a download (RFC 6266), in any script (RFC 8187)."""
    plain = "".join(
        character if " " <= character <= "~" and character not in '"\\' else "_"
        for character in filename
    )
    if plain == filename:
        return f'{kind}; filename="{filename}"'
    encoded = quote(filename, safe=ATTRIBUTE_CHARACTERS)
    return f"{kind}; filename=\"{plain}\"; filename*=utf-8''{encoded}"
