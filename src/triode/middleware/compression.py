"""Compress responses: gzip, Brotli and Zstandard, by what the client accepts.

SECURITY: a secret and a visitor's own words in one compressed page can be told from its length, if
somebody makes the visitor ask for it many times (BREACH). Our CSRF tokens are masked anew for each
page; a secret of your own that stands in a page is not. Give the route of such a page
`Content-Encoding: identity`, or `Cache-Control: no-transform`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence

from starlette.responses import Response

from triode.concurrency import run_in_threadpool
from triode.errors import ConfigError
from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send
from triode.http.call import Message, RawHeaders
from triode.http.headers import constant_header
from triode.middleware.composition import OwnMiddleware
from triode.middleware.encodings import (
    LEVELS,
    MAKERS,
    USUAL_LEVELS,
    Compressor,
    available,
    check_codings,
    chooser,
)
from triode.middleware.protocol import Run

# What is compressed already, and what must arrive at once.
DEFAULT_EXCLUDED_CONTENT_TYPES = (
    "application/grpc",
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "application/zstd",
    "application/x-7z-compressed",
    "application/x-bzip2",
    "application/x-xz",
    "application/pdf",
    "audio/*",
    "font/woff",
    "font/woff2",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/event-stream",
    "video/*",
)
THREAD_MINIMUM_SIZE = 128 * 1024
NO_BODY = frozenset({204, 205, 206, 304})
VARY = constant_header("Vary", "Accept-Encoding")
ENCODED = {name: constant_header("Content-Encoding", name) for name in MAKERS}
SPOILED = (b"content-length", b"accept-ranges", b"content-md5", b"content-digest", b"digest")


class CompressionMiddleware(OwnMiddleware):
    """Compresses bodies of at least `minimum_size` bytes.

    `codings` are "zstd", "br" and "gzip" in the order of preference between those that the client
    likes equally; None takes all that are installed. `levels` are how hard each one tries. A body
    of `thread_minimum_size` is compressed in a thread. A stream is compressed part by part, so
    that each part can be read when it arrives; `exclude_content_types` without "text/event-stream"
    does so with server-sent events too.
    """

    may_raise = False
    is_setting = True

    def __init__(
        self,
        app: ASGIApp | None = None,
        minimum_size: int = 500,
        *,
        codings: Sequence[str] | None = None,
        levels: dict[str, int] | None = None,
        thread_minimum_size: int = THREAD_MINIMUM_SIZE,
        exclude_content_types: Collection[str] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        super().__init__(app)
        self.minimum_size = minimum_size
        self.codings = available() if codings is None else check_codings(codings)
        self.levels = {**USUAL_LEVELS, **(levels or {})}
        _check_levels(self.levels)
        self.thread_minimum_size = thread_minimum_size
        self._choose = chooser(self.codings)
        self._excluded = frozenset(name.strip().lower() for name in exclude_content_types)
        # PERF: an application has few content types; a look-up costs 0.1 us.
        self._types: dict[bytes | None, bool] = {}

    # A large body goes to a thread, whose future asks for no task before it waits.
    may_step = True

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        minimum, compress = self.minimum_size, self._compress

        async def wait(call: Call, outcome: Awaitable[Reply]) -> Reply:
            reply = await outcome
            if reply.stream is None and len(reply.body) < minimum:
                return reply
            changed = compress(call, reply)
            return changed if isinstance(changed, Reply) else await changed

        def compressed(call: Call) -> Reply | Awaitable[Reply]:
            outcome = run(call)
            if type(outcome) is not Reply:
                return wait(call, outcome)  # type: ignore[arg-type]
            if outcome.stream is None and len(outcome.body) < minimum:
                return outcome
            return compress(call, outcome)

        return compressed

    def _compress(self, call: Call, reply: Reply) -> Reply | Awaitable[Reply]:
        coding = self._choose(call.head.values.get(b"accept-encoding", b""))
        if reply.stream is not None:
            self._compress_stream(reply, coding)
            return reply
        headers = reply.headers or []
        if reply.status in NO_BODY or not self._may_compress(reply.media, headers):
            return reply
        if coding is None:
            reply.headers = [*headers, VARY]
            return reply
        if len(reply.body) >= self.thread_minimum_size:
            return self._in_thread(reply, coding)
        return _replaced(reply, coding, MAKERS[coding](self.levels[coding]).whole(reply.body))

    async def _in_thread(self, reply: Reply, coding: str) -> Reply:
        make = MAKERS[coding](self.levels[coding]).whole
        return _replaced(reply, coding, await run_in_threadpool(make, reply.body))

    def _may_compress(self, media: bytes | None, headers: RawHeaders) -> bool:
        if not self._is_compressible(media):
            return False
        for name, value in headers:
            if name == b"content-encoding" or (
                name == b"cache-control" and b"no-transform" in value.lower()
            ):
                return False
        return True

    def _is_compressible(self, media: bytes | None) -> bool:
        known = self._types.get(media)
        if known is None:
            known = self._is_compressible_now(media)
            if len(self._types) < 256:
                self._types[media] = known
        return known

    def _is_compressible_now(self, media: bytes | None) -> bool:
        name = (media or b"").decode("latin-1").partition(";")[0].strip().lower()
        family = name.partition("/")[0] + "/*"
        is_grpc = name.startswith("application/grpc+") and "application/grpc" in self._excluded
        return name not in self._excluded and family not in self._excluded and not is_grpc

    def _compress_stream(self, reply: Reply, coding: str | None) -> None:
        """Let a reply that sends itself be compressed on its way."""
        if isinstance(reply.stream, Response) and reply.headers:
            reply.stream.raw_headers.extend(reply.headers)
            reply.headers = None
        app = reply.stream
        added, reply.headers = reply.headers or [], None

        async def compressing(scope: Scope, receive: Receive, send: Send) -> None:
            passage = _Passage(self, coding, added, send)
            await app(scope, receive, passage.send)  # type: ignore[misc]

        reply.stream = compressing


class GZipMiddleware(CompressionMiddleware):
    """Starlette's `GZipMiddleware`: gzip alone, with the same options."""

    def __init__(
        self,
        app: ASGIApp | None = None,
        minimum_size: int = 500,
        compresslevel: int = 9,
        thread_minimum_size: int = THREAD_MINIMUM_SIZE,
        *,
        exclude_content_types: Collection[str] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        super().__init__(
            app,
            minimum_size,
            codings=("gzip",),
            levels={"gzip": compresslevel},
            thread_minimum_size=thread_minimum_size,
            exclude_content_types=exclude_content_types,
        )


class _Passage:
    """The messages of one streamed response, compressed on their way."""

    def __init__(
        self, owner: CompressionMiddleware, coding: str | None, added: RawHeaders, send: Send
    ) -> None:
        self._owner = owner
        self._coding = coding
        self._added = added
        self._send = send
        self._start: Message | None = None
        self._compressor: Compressor | None = None

    async def send(self, message: Message) -> None:
        """Send a message, or keep the start of a response until its body is seen."""
        kind = message["type"]
        if kind == "http.response.start":
            self._start = {**message, "headers": [*message.get("headers", ()), *self._added]}
        elif kind != "http.response.body":
            await self._send_start()
            await self._send(message)
        else:
            await self._send_body(message)

    async def _send_start(self) -> None:
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)

    async def _send_body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            self._begin(self._start, len(body), is_whole=not more)
            await self._send_start()
        if self._compressor is None:
            await self._send(message)
            return
        parts = await self._compressed(bytes(body), is_last=not more)
        if parts or not more:
            await self._send({**message, "body": parts})

    async def _compressed(self, body: bytes, *, is_last: bool) -> bytes:
        compressor = self._compressor
        if compressor is None:
            return body
        if len(body) >= self._owner.thread_minimum_size:
            part = await run_in_threadpool(compressor.part, body)
        else:
            part = compressor.part(body) if body else b""
        return part + compressor.end() if is_last else part

    def _begin(self, start: Message, size: int, *, is_whole: bool) -> None:
        """Decide by the head of a response, and by its size where that is known."""
        owner, headers = self._owner, start["headers"]
        values = {name.lower(): value for name, value in headers}
        length = values.get(b"content-length", b"")
        size = int(length) if length.isdigit() else size
        is_small = (is_whole or length) and size < owner.minimum_size
        if start["status"] in NO_BODY or is_small:
            return
        if not owner._may_compress(values.get(b"content-type"), list(values.items())):
            return
        if self._coding is None:
            start["headers"] = [*headers, VARY]
            return
        start["headers"] = _encoded_headers(headers, self._coding)
        self._compressor = MAKERS[self._coding](owner.levels[self._coding])


def _replaced(reply: Reply, coding: str, body: bytes) -> Reply:
    """Return a reply with its compressed body; as it is where that is no shorter."""
    if len(body) >= len(reply.body):
        reply.headers = [*(reply.headers or ()), VARY]
        return reply
    reply.body = body
    reply.headers = _encoded_headers(reply.headers or [], coding)
    return reply


def _encoded_headers(headers: RawHeaders, coding: str) -> RawHeaders:
    """Return headers that fit the compressed body.

    Its bytes are others, so an entity tag that promised the very bytes becomes a weak one
    (RFC 9110, 8.8.1), and what was said of single bytes no longer holds.
    """
    changed: RawHeaders = []
    for name, value in headers:
        lower = name.lower()
        if lower == b"etag" and not value.startswith(b"W/"):
            changed.append((name, b"W/" + value))
        elif lower not in SPOILED:
            changed.append((name, value))
    return [*changed, ENCODED[coding], VARY]


def _check_levels(levels: dict[str, int]) -> None:
    for coding, level in levels.items():
        low, high = LEVELS.get(coding, (0, 0))
        if coding not in LEVELS or not low <= level <= high:
            known = ", ".join(f"{name} {start} to {end}" for name, (start, end) in LEVELS.items())
            raise ConfigError(
                f"The compression level {level} of {coding!r} is none. Levels are: {known}.",
                code="compression-level",
            )
