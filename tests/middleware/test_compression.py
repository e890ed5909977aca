"""Compressed responses: which coding, which bodies, which headers."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from triode.app import App
from triode.errors import ConfigError, MissingExtraError
from triode.middleware import encodings
from triode.middleware.compression import DEFAULT_EXCLUDED_CONTENT_TYPES, CompressionMiddleware
from triode.middleware.encodings import chooser, parse_weights
from triode.middleware.gzip import GZipMiddleware
from triode.testing import LaneClient

TEXT = "some text, and more of it; " * 400
DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


def part_decoders() -> dict[str, Callable[[bytes], bytes]]:
    """Return functions that give the text of each part when it arrives."""
    return {
        "gzip": zlib.decompressobj(31).decompress,
        "br": brotli.Decompressor().process,
        "zstd": zstandard.ZstdDecompressor().decompressobj().decompress,
    }


def app_with(middleware: Any = CompressionMiddleware, **options: Any) -> App:
    """Return an application with bodies of every kind."""
    app = App()
    app.add_middleware(middleware, **options)

    @app.get("/text")
    async def text(size: int = len(TEXT), kind: str = "text/plain", status: int = 200) -> Response:
        headers = {"ETag": '"abc"', "Accept-Ranges": "bytes"}
        return PlainTextResponse(TEXT[:size], status, headers, media_type=kind)

    @app.get("/stream")
    async def stream(kind: str = "text/plain") -> Response:
        return StreamingResponse(iter([TEXT, "", "end"]), media_type=kind)

    @app.get("/own")
    async def own(name: str, value: str) -> Response:
        return PlainTextResponse(TEXT, headers={name: value})

    return app


def raw(client: Any, path: str, accept: str | None = "gzip", method: str = "GET") -> Any:
    """Return a response and its body as it was sent."""
    headers = {"Accept-Encoding": accept} if accept is not None else {}
    with client.stream(method, path, headers=headers) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("path", ["/text", "/stream"])
def test_each_coding_is_read_back(serve: Any, coding: str, path: str) -> None:
    response, body = raw(serve(app_with()), path, accept=coding)
    assert response.headers["content-encoding"] == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert len(body) < 500
    expected = TEXT if path == "/text" else TEXT + "end"
    assert DECODERS[coding](body).decode() == expected


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"", None),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip, br", "br"),
        (b"gzip;q=1.0, br;q=0.5", "gzip"),
        (b"GZIP", "gzip"),
        (b"x-gzip", "gzip"),
        (b"*", "zstd"),
        (b"*;q=0.5, gzip", "gzip"),
        (b"br;q=0, *;q=0.1, zstd;q=0", "gzip"),
        (b"gzip;q=0", None),
        (b"identity;q=1, gzip;q=0.5", None),
        (b"identity;q=0", None),
        (b"gzip;q=high, br;level=1", None),
        (b"gzip;q=7", None),
        (b"not-gzip", None),
    ],
)
def test_the_client_chooses(accept: bytes, coding: str | None) -> None:
    assert chooser(("zstd", "br", "gzip"))(accept) == coding


@given(st.text(max_size=80))
def test_no_header_breaks_the_choice(header: str) -> None:
    assert all(0 <= weight <= 1 for weight in parse_weights(header).values())


def test_headers_fit_the_compressed_body(serve: Any) -> None:
    response, body = raw(serve(app_with()), "/text")
    assert response.headers["etag"] == 'W/"abc"'
    assert "accept-ranges" not in response.headers
    assert response.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "path",
    [
        "/text?size=499",
        "/text?kind=image/png",
        "/text?kind=application/zip",
        "/text?status=206",
        "/own?name=Content-Encoding&value=identity",
        "/own?name=Cache-Control&value=private,%20no-transform",
        "/stream?kind=video/mp4",
        "/stream?kind=text/event-stream",
    ],
)
def test_what_is_left_alone(serve: Any, path: str) -> None:
    response, body = raw(serve(app_with()), path)
    assert response.headers.get("content-encoding", "identity") == "identity"
    assert TEXT.encode().startswith(body[:400])
    assert "vary" not in response.headers


def test_caches_learn_that_another_client_gets_another_body(serve: Any) -> None:
    client = serve(app_with())
    for path in ("/text", "/stream"):
        response, _ = raw(client, path, accept="identity")
        assert response.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in response.headers


def test_a_body_that_does_not_shrink_is_sent_as_it_is(serve: Any) -> None:
    app = App()
    app.add_middleware(CompressionMiddleware)
    noise = os.urandom(2000)
    app.add_api_route("/", lambda: Response(noise, media_type="application/x-noise"))
    response, body = raw(serve(app), "/")
    assert (body, response.headers["vary"]) == (noise, "Accept-Encoding")
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_parts_can_be_read_as_they_come(coding: str) -> None:
    app = App()
    kept = [kind for kind in DEFAULT_EXCLUDED_CONTENT_TYPES if kind != "text/event-stream"]
    app.add_middleware(CompressionMiddleware, exclude_content_types=tuple(kept))
    gate = threading.Event()

    def events() -> Iterator[str]:
        yield "data: first\n\n"
        assert gate.wait(5)
        yield "data: second\n\n"

    app.add_api_route("/", lambda: StreamingResponse(events(), media_type="text/event-stream"))
    headers = {"Accept-Encoding": coding}
    with LaneClient(app) as client, client.stream("GET", "/", headers=headers) as response:
        decode = part_decoders()[coding]
        parts = response.iter_raw()
        assert decode(next(parts)) == b"data: first\n\n"
        gate.set()
        assert b"".join(map(decode, parts)) == b"data: second\n\n"
    assert response.headers["content-encoding"] == coding


def test_a_file_is_compressed(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    app = app_with()
    app.add_api_route("/file", lambda: FileResponse(tmp_path / "a.txt"))
    client = serve(app)
    response, body = raw(client, "/file")
    assert gzip.decompress(body).decode() == TEXT
    assert response.headers["etag"].startswith('W/"')
    part = client.get("/file", headers={"Range": "bytes=0-3", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.text) == (206, TEXT[:4])
    head, body = raw(client, "/file", method="HEAD")
    assert (head.headers["content-encoding"], body) == ("gzip", b"")


def test_a_large_body_is_compressed_in_a_thread(serve: Any) -> None:
    names: list[str] = []

    class Watched(encodings.Gzip):
        def whole(self, data: bytes) -> bytes:
            names.append(threading.current_thread().name)
            return super().whole(data)

    app = app_with(thread_minimum_size=5000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(encodings.MAKERS, "gzip", Watched)
        client = serve(app)
        raw(client, "/text?size=4999")
        raw(client, "/text?size=5000")
    assert [name == "triode-worker" for name in names] == [False, True]


def test_gzip_alone_with_starlettes_options(serve: Any) -> None:
    client = serve(app_with(GZipMiddleware, minimum_size=1000, compresslevel=5))
    response, body = raw(client, "/text", accept="br, gzip;q=0.1")
    assert gzip.decompress(body).decode() == TEXT
    assert response.headers["content-encoding"] == "gzip"
    response, _ = raw(client, "/text?size=999")
    assert "content-encoding" not in response.headers


def test_what_is_not_installed_is_left_out_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "has_module", lambda name: False)
    assert CompressionMiddleware().codings == ("gzip",)
    with pytest.raises(MissingExtraError) as caught:
        CompressionMiddleware(codings=["br", "gzip"])
    assert str(caught.value) == (
        "The coding 'br' needs the package 'brotli', which is not installed. "
        'Install it with: pip install "triode[compression]" [missing-extra]'
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"codings": ["deflate"]}, "compression-coding"),
        ({"levels": {"gzip": 10}}, "compression-level"),
        ({"levels": {"lzma": 1}}, "compression-level"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CompressionMiddleware(**options)
    assert caught.value.code == code
