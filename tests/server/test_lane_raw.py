"""What the lane answers to bytes that a well-behaved client would not send.

Every request here is written to a socket as it stands.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from triode.app import App

HOST = b"Host: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

app = App(openapi_url=None, max_body_size=1000)


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/late")
async def late() -> str:
    await asyncio.sleep(0.02)
    return "late"


@app.get("/plain")
def plain() -> str:
    return "plain"


@app.post("/raw")
async def raw(request: Request) -> Response:
    return Response(await request.body())


@app.post("/deep", max_body_size=1000_000)
@app.post("/json")
async def read_json(data: dict[str, Any]) -> dict[str, Any]:
    return data


@app.post("/headers")
@app.get("/headers")
async def headers(request: Request) -> list[str]:
    await request.body()
    return sorted(request.headers)


@app.get("/q/{rest:path}")
async def q(rest: str, request: Request) -> list[Any]:
    return [rest, dict(request.query_params), request.scope["raw_path"].decode()]


@app.get("/dir/{name}/")
async def directory(name: str) -> str:
    return name


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]))


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send({**start, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


app.mount("/mounted", mounted)


@pytest.fixture
def connect(live: Any) -> Any:
    return live(app)


def request(
    target: bytes = b"/ping",
    lines: bytes = b"",
    *,
    method: bytes = b"GET",
    version: bytes = b"HTTP/1.1",
    host: bytes = HOST,
) -> bytes:
    return method + b" " + target + b" " + version + b"\r\n" + host + lines + b"\r\n"


JSON = b"Content-Type: application/json\r\n"


def post(target: bytes, body: bytes, lines: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return request(target, length + lines, method=b"POST") + body


def chunked(target: bytes, body: bytes, lines: bytes = b"") -> bytes:
    return request(target, CHUNKED + lines, method=b"POST") + body


REFUSED = {
    "http-0.9": (505, b"GET /ping\r\n\r\n"),
    "http-1.2": (400, request(version=b"HTTP/1.2")),
    "http-2.0": (505, request(version=b"HTTP/2.0")),
    "http-2-preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "tls": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "no-host": (400, request(host=b"")),
    "two-hosts": (400, request(lines=HOST)),
    "host-with-space": (400, request(host=b"Host: a b\r\n")),
    "host-with-path": (400, request(host=b"Host: a/b\r\n")),
    "host-with-user": (400, request(host=b"Host: u@a\r\n")),
    "host-with-letters-in-port": (400, request(host=b"Host: a:b\r\n")),
    "lf-everywhere": (400, request().replace(b"\r\n", b"\n")),
    "lf-in-headers": (400, b"GET /ping HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    "lf-after-request-line": (400, b"GET /ping HTTP/1.1\nHost: a\r\n\r\n"),
    "lf-at-the-end": (400, b"GET /ping HTTP/1.1\r\nHost: a\r\n\n"),
    "cr-in-value": (400, b"GET /ping HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
    "space-before-colon": (400, request(lines=b"X : y\r\n")),
    "space-before-colon-of-te": (400, request(lines=b"Transfer-Encoding : chunked\r\n")),
    "obs-fold": (400, request(lines=b"X: a\r\n b\r\n")),
    "space-before-first-header": (400, b"GET /ping HTTP/1.1\r\n Host: a\r\n\r\n"),
    "nul-in-value": (400, request(lines=b"X: a\x00b\r\n")),
    "nul-in-name": (400, request(lines=b"X\x00: ab\r\n")),
    "control-in-value": (400, request(lines=b"X: a\x01b\r\n")),
    "high-byte-in-name": (400, request(lines=b"X\xe9: a\r\n")),
    "empty-name": (400, request(lines=b": a\r\n")),
    "no-colon": (400, request(lines=b"abc\r\n")),
    "length-twice": (400, post(b"/raw", b"abc", b"Content-Length: 3\r\n")),
    "lengths-differ": (400, post(b"/raw", b"abc", b"Content-Length: 4\r\n")),
    "length-list": (400, request(b"/raw", b"Content-Length: 3, 3\r\n") + b"abc"),
    "length-negative": (400, request(b"/raw", b"Content-Length: -3\r\n") + b"abc"),
    "length-plus": (400, request(b"/raw", b"Content-Length: +3\r\n") + b"abc"),
    "length-hex": (400, request(b"/raw", b"Content-Length: 0x3\r\n") + b"abc"),
    "length-underscore": (400, request(b"/raw", b"Content-Length: 1_0\r\n")),
    "length-empty": (400, request(b"/raw", b"Content-Length: \r\n")),
    "length-overflow": (400, request(b"/raw", b"Content-Length: 99999999999999999999999\r\n")),
    "length-and-chunked": (400, chunked(b"/raw", b"0\r\n\r\n", b"Content-Length: 3\r\n")),
    "te-identity": (501, request(lines=b"Transfer-Encoding: identity\r\n")),
    "te-gzip-chunked": (501, request(lines=b"Transfer-Encoding: gzip, chunked\r\n")),
    "te-chunked-gzip": (400, request(lines=b"Transfer-Encoding: chunked, gzip\r\n")),
    "te-twice": (400, request(lines=CHUNKED * 2)),
    "te-xchunked": (501, request(lines=b"Transfer-Encoding: xchunked\r\n")),
    "te-vertical-tab": (400, request(lines=b"Transfer-Encoding: \x0bchunked\r\n")),
    "te-in-http-1.0": (400, request(lines=CHUNKED, version=b"HTTP/1.0") + b"0\r\n\r\n"),
    "chunk-size-letters": (400, chunked(b"/raw", b"g\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-negative": (400, chunked(b"/raw", b"-3\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-0x": (400, chunked(b"/raw", b"0x3\r\nabc\r\n0\r\n\r\n")),
    "chunk-size-overflow": (400, chunked(b"/raw", b"fffffffffffffffffff\r\nabc\r\n")),
    "chunk-longer-than-size": (400, chunked(b"/raw", b"3\r\nabcd\r\n0\r\n\r\n")),
    "chunk-with-lf": (400, chunked(b"/raw", b"3\nabc\n0\n\n")),
    "chunk-extension-with-lf": (400, chunked(b"/raw", b"3;a\nabc\r\n0\r\n\r\n")),
    "chunks-too-large": (413, chunked(b"/raw", b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n")),
    "body-too-large": (413, post(b"/raw", b"x" * 1001)),
    "many-trailers": (431, chunked(b"/raw", b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n")),
    "expect-and-too-large": (
        413,
        request(b"/raw", b"Content-Length: 1001\r\nExpect: 100-continue\r\n", method=b"POST"),
    ),
    "expect-unknown": (417, post(b"/raw", b"abc", b"Expect: foo\r\n")),
    "expect-known-and-unknown": (
        417,
        post(b"/raw", b"abc", b"Expect: 100-continue\r\nExpect: foo\r\n"),
    ),
    "absolute-form-without-path": (400, request(b"http://evil")),
    "authority-form": (400, request(b"evil:80")),
    "connect": (400, request(b"evil:80", method=b"CONNECT")),
    "empty-target": (400, request(b"")),
    "relative-target": (400, request(b"q/a")),
    "high-byte-in-target": (400, request(b"/q/\xff\xfe")),
    "control-in-target": (400, request(b"/q/\x01")),
    "tab-in-target": (400, request(b"/q/a\tb")),
    "unknown-method": (400, request(method=b"FOO")),
    "method-in-lower-case": (400, request(method=b"get")),
    "target-too-long": (414, request(b"/q/" + b"a" * 20000)),
    "header-too-long": (431, request(lines=b"X: " + b"a" * 70000 + b"\r\n")),
    "headers-too-long": (431, request(lines=(b"X: " + b"a" * 1000 + b"\r\n") * 70)),
    "headers-too-many": (431, request(lines=b"X: a\r\n" * 101)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_request_is_refused_and_the_connection_closed(name: str, connect: Any) -> None:
    status, data = REFUSED[name]
    client = connect(data)
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert list(answer.headers) == ["date", "content-type", "content-length", "connection"]
    assert client.rest() == b""


@pytest.mark.parametrize("name", REFUSED)
def test_request_is_refused_the_same_in_the_midst_of_a_connection(name: str, connect: Any) -> None:
    status, data = REFUSED[name]
    client = connect(request())
    assert client.answer().body == b'"pong"'
    client.send(data)
    assert client.answer().status == status
    assert client.rest() == b""


ACCEPTED: dict[str, tuple[bytes, bytes]] = {
    "plain": (request(), b'"pong"'),
    "crlf-before-request-line": (b"\r\n\r\n" + request(), b'"pong"'),
    "empty-host": (request(host=b"Host:\r\n"), b'"pong"'),
    "host-with-port": (request(host=b"Host: a.b-c:80\r\n"), b'"pong"'),
    "host-v6": (request(host=b"Host: [::1]:80\r\n"), b'"pong"'),
    "host-underscore": (request(host=b"Host: my_app\r\n"), b'"pong"'),
    "latin-1-in-value": (request(b"/headers", b"X: caf\xe9\r\n"), b'["host","x"]'),
    "length-with-space": (
        request(b"/raw", b"Content-Length: 3 \r\n", method=b"POST") + b"abc",
        b"abc",
    ),
    "chunks": (chunked(b"/raw", b"3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n"), b"abc0123456789"),
    "chunks-in-capitals": (
        request(b"/raw", b"TRANSFER-ENCODING: Chunked\r\n", method=b"POST") + b"0\r\n\r\n",
        b"",
    ),
    "chunk-extension": (chunked(b"/raw", b'3;a="b";c\r\nabc\r\n0\r\n\r\n'), b"abc"),
    "trailers-are-no-headers": (
        chunked(b"/headers", b"0\r\nX-Admin: yes\r\n\r\n"),
        b'["host","transfer-encoding"]',
    ),
    "body-of-the-limit": (post(b"/raw", b"x" * 1000), b"x" * 1000),
    "absolute-form": (request(b"http://evil/q/a?b=c"), b'["a",{"b":"c"},"/q/a"]'),
    "percent-not-utf8": (request(b"/q/%ff?%ff=%fe"), '["�",{"�":"�"},"/q/%ff"]'.encode()),
    "percent-surrogate": (
        request(b"/q/%ED%A0%80?a=%ED%A0%80"),
        '["���",{"a":"���"},"/q/%ED%A0%80"]'.encode(),
    ),
    "percent-nul": (request(b"/q/%00?a=%00"), b'["\\u0000",{"a":"\\u0000"},"/q/%00"]'),
    "percent-nonsense": (request(b"/q/%zz%?%=%g"), b'["%zz%",{"%":"%g"},"/q/%zz%"]'),
    "percent-slash": (request(b"/q/a%2Fb"), b'["a/b",{},"/q/a%2Fb"]'),
    "nul-in-json": (post(b"/json", b'{"a":"\\u0000"}', JSON), b'{"a":"\\u0000"}'),
    "head": (request(method=b"HEAD"), b""),
    "mounted": (post(b"/mounted", b"abc"), b"abc"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_request_is_answered_and_the_connection_kept(name: str, connect: Any) -> None:
    data, body = ACCEPTED[name]
    client = connect(data)
    answer = client.answer(head_only=name == "head")
    assert (answer.status, answer.body) == (200, body)
    assert client.is_open


@pytest.mark.parametrize("name", [name for name in ACCEPTED if name != "head"])
def test_request_in_single_bytes_is_answered_alike(name: str, connect: Any) -> None:
    data, body = ACCEPTED[name]
    client = connect()
    for index in range(len(data)):
        client.send(data[index : index + 1])
    answer = client.answer()
    assert (answer.status, answer.body) == (200, body)


CLIENT_ERRORS = {
    "not-found": (404, request(b"/nowhere")),
    "wrong-method": (405, request(method=b"POST")),
    "webdav-method": (405, request(method=b"PROPFIND")),
    "json-deep": (422, post(b"/deep", b'{"a":' + b"[" * 50000 + b"]" * 50000 + b"}")),
    "json-not-utf8": (422, post(b"/json", b'{"a": "\xff"}')),
    "json-lone-surrogate": (422, post(b"/json", b'{"a": "\\ud800"}')),
    "json-lone-surrogate-in-key": (422, post(b"/json", b'{"\\ud800": 1}')),
    "json-nan": (422, post(b"/json", b'{"a": NaN}')),
    "json-cut-off": (422, post(b"/json", b'{"a": ')),
    "json-empty": (422, post(b"/json", b"")),
    "line-break-in-path": (307, request(b"/dir/%0d%0aSet-Cookie:%20a=b")),
    "redirect-of-any-letters": (307, request(b"/dir/%E6%97%A5%22")),
}


@pytest.mark.parametrize("name", CLIENT_ERRORS)
def test_bad_request_is_no_server_error(name: str, connect: Any) -> None:
    status, data = CLIENT_ERRORS[name]
    client = connect(data)
    assert client.answer().status == status
    assert client.is_open


def test_redirect_keeps_the_path_encoded(connect: Any) -> None:
    answer = connect(request(b"/dir/%E6%97%A5%0d%0aX:%20y?q=%41")).answer()
    assert answer.headers["location"] == "http://a/dir/%E6%97%A5%0D%0AX:%20y/?q=%41"


def test_body_is_asked_for_only_when_it_is_wanted(connect: Any) -> None:
    head = b"Content-Length: 3\r\nExpect: 100-Continue\r\n"
    for target in (b"/raw", b"/mounted"):
        client = connect(request(target, head, method=b"POST"))
        assert client.answer().status == 100
        assert client.send(b"abc").answer().body == b"abc"
        assert client.is_open
