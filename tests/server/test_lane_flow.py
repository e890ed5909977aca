"""Order, ends and back-pressure of a connection of the lane."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.websockets import WebSocket

from triode.app import App

HOST = b"Host: a\r\n"

app = App(openapi_url=None)
seen: list[str] = []


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/note/{text}")
async def note(text: str) -> str:
    seen.append(text)
    return text


@app.get("/late/{text}")
async def late(text: str) -> str:
    await asyncio.sleep(0.02)
    return text


async def nothing() -> None:
    pass


@app.get("/eager/{text}")
async def eager(text: str) -> str:
    await nothing()
    return text


@app.get("/plain/{text}")
def plain(text: str) -> str:
    return text


@app.get("/stream/{text}")
async def stream(text: str) -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield '"'
        await asyncio.sleep(0.01)
        yield text + '"'

    return StreamingResponse(parts())


@app.get("/late-stream/{text}")
async def late_stream(text: str) -> StreamingResponse:
    await asyncio.sleep(0.05)
    return StreamingResponse(iter(['"', text, '"']))


@app.get("/file")
async def file() -> FileResponse:
    return FileResponse(__file__)


@app.post("/size")
async def size(request: Request) -> int:
    return len(await request.body())


@app.get("/large")
async def large() -> Response:
    return Response(b"x" * 1_000_000)


@app.get("/status/{status}")
async def status(status: int) -> Response:
    return Response("body", status)


@app.get("/late-status/{status}")
async def late_status(status: int) -> Response:
    await asyncio.sleep(0)
    return Response("body", status)


@app.get("/closing")
async def closing() -> Response:
    return Response("bye", headers={"Connection": "close"})


@app.get("/header")
async def header(value: str) -> Response:
    response = Response("body")
    response.raw_headers.append((b"x-value", value.encode()))
    return response


@app.get("/stream-header")
async def stream_header(value: str) -> Response:
    response = StreamingResponse(iter(["body"]))
    response.raw_headers.append((b"x-value", value.encode()))
    return response


@app.get("/cancelled")
async def cancelled() -> None:
    raise asyncio.CancelledError


@app.get("/late-cancelled")
async def late_cancelled() -> None:
    await asyncio.sleep(0)
    raise asyncio.CancelledError


@app.get("/exit")
async def leave() -> None:
    raise SystemExit(3)


@app.get("/background")
async def background() -> Response:
    def fail() -> None:
        raise LookupError("in the background")

    return Response("done", background=BackgroundTask(fail))


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            seen.append("disconnect")
            return
        body += message["body"]
        if not message["more_body"]:
            break
    headers = [(b"content-length", b"%d" % (len(body) + 2))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'"' + body + b'"'})


async def mounted_size(scope: Any, receive: Any, send: Any) -> None:
    await Response(b"%d" % len(await Request(scope, receive).body()))(scope, receive, send)


app.mount("/mounted", mounted)
app.mount("/mounted-size", mounted_size)


@pytest.fixture
def connect(live: Any) -> Any:
    seen.clear()
    return live(app)


def get(target: bytes, lines: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + b"\r\n" + HOST + lines + b"\r\n"


def post(target: bytes, body: bytes, lines: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + length + lines + b"\r\n" + body


PIPELINE = {
    b'"a"': get(b"/late/a"),
    b'"b"': get(b"/note/b"),
    b'"c"': get(b"/plain/c"),
    b'"d"': post(b"/mounted", b"d"),
    b'"e"': get(b"/stream/e"),
    b'"f"': get(b"/late-stream/f"),
    b'"g"': post(b"/mounted", b"g"),
    b'"h"': get(b"/late/h"),
    b"3": post(b"/size", b"xyz"),
    b'"i"': get(b"/note/i"),
}


def test_pipelined_requests_are_answered_in_order(connect: Any) -> None:
    client = connect(b"".join(PIPELINE.values()))
    assert [client.answer().body for _ in PIPELINE] == list(PIPELINE)
    assert client.is_open


@pytest.mark.parametrize("cut", range(0, 700, 23))
def test_pipeline_cut_anywhere_is_answered_in_order(cut: int, connect: Any) -> None:
    data = b"".join(PIPELINE.values())
    client = connect(data[:cut])
    time.sleep(0.002)
    client.send(data[cut:])
    assert [client.answer().body for _ in PIPELINE] == list(PIPELINE)


def test_body_that_comes_during_an_earlier_response_reaches_its_own_request(connect: Any) -> None:
    data = post(b"/mounted", b"body")
    client = connect(get(b"/late-stream/a") + data[:-2])
    assert client.answer().body == b'"a"'
    client.send(data[-2:])
    assert client.answer().body == b'"body"'


def test_large_body_and_the_next_head_in_one_read(connect: Any) -> None:
    client = connect(get(b"/late/a") + post(b"/size", b"x" * 300_000) + b"GET /ping HTTP/1.1\r\n")
    assert [client.answer().body, client.answer().body] == [b'"a"', b"300000"]
    client.send(b"Host: a\r\n\r\n")
    assert client.answer().body == b'"pong"'


def test_requests_that_wait_do_not_pile_up_on_the_stack(connect: Any) -> None:
    client = connect(get(b"/late/a") + get(b"/eager/b") * 1500)
    assert [client.answer().body for _ in range(1501)] == [b'"a"'] + [b'"b"'] * 1500


def test_thousands_of_pipelined_requests_are_all_answered(connect: Any) -> None:
    client = connect(get(b"/note/a") * 2000 + get(b"/late/b") + get(b"/plain/c") * 2000)
    bodies = [client.answer().body for _ in range(4001)]
    assert bodies == [b'"a"'] * 2000 + [b'"b"'] + [b'"c"'] * 2000


def test_nothing_is_served_after_a_request_that_closes(connect: Any) -> None:
    close = b"Connection: close\r\n"
    client = connect(get(b"/note/a") + get(b"/note/b", close) + get(b"/note/c"))
    assert [client.answer().body, client.answer().body] == [b'"a"', b'"b"']
    assert (client.rest(), seen) == (b"", ["a", "b"])


def test_requests_before_one_that_closes_are_served(connect: Any) -> None:
    close = b"Connection: close\r\n"
    data = get(b"/late/a") + get(b"/late/b") + get(b"/note/c", close) + get(b"/note/d")
    client = connect(data)
    assert [client.answer().body for _ in range(3)] == [b'"a"', b'"b"', b'"c"']
    assert (client.rest(), seen) == (b"", ["c"])


def test_nothing_is_served_after_a_response_that_closes(connect: Any) -> None:
    client = connect(get(b"/closing") + get(b"/note/a"))
    assert client.answer().headers["connection"] == "close"
    assert (client.rest(), seen) == (b"", [])


@pytest.mark.parametrize("target", [b"/ping", b"/late/a", b"/plain/a", b"/mounted", b"/stream/a"])
def test_http_1_0_is_answered_and_closed(target: bytes, connect: Any) -> None:
    client = connect(get(target, version=b"HTTP/1.0"))
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert "transfer-encoding" not in answer.headers
    assert client.rest() == b""


@pytest.mark.parametrize("target", [b"/ping", b"/late/a", b"/mounted", b"/stream/a", b"/file"])
def test_close_is_honoured(target: bytes, connect: Any) -> None:
    client = connect(get(target, b"Connection: close\r\n"))
    assert client.answer().headers["connection"] == "close"
    assert client.rest() == b""


@pytest.mark.parametrize("target", [b"/ping", b"/late/a", b"/plain/a", b"/stream/a", b"/file"])
def test_head_has_the_headers_and_no_body(target: bytes, connect: Any) -> None:
    client = connect(get(target).replace(b"GET", b"HEAD") + get(b"/note/b"))
    head = client.answer(head_only=True)
    assert (head.status, client.answer().body) == (200, b'"b"')


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAA\r\n"


@pytest.mark.parametrize("target", [b"/size", b"/mounted-size"])
def test_unknown_upgrade_is_ignored_and_the_body_read(target: bytes, connect: Any) -> None:
    client = connect(get(b"/ping", H2C) + post(target, b"abcde", H2C) + post(target, b"f", H2C))
    assert [client.answer().body for _ in range(3)] == [b'"pong"', b"5", b"1"]
    assert client.is_open


def test_unknown_upgrade_with_chunks_in_single_bytes(connect: Any) -> None:
    chunked = H2C + b"Transfer-Encoding: chunked\r\n"
    data = get(b"/size", chunked).replace(b"GET", b"POST") + b"3\r\nabc\r\n0\r\n\r\n"
    client = connect()
    for index in range(len(data)):
        client.send(data[index : index + 1])
    assert client.answer().body == b"3"
    assert client.is_open


def test_websocket_handshake_with_a_body_is_refused(connect: Any) -> None:
    client = connect(get(b"/socket", UPGRADE + b"Content-Length: 2\r\n") + b"ab")
    assert client.answer().status == 400
    assert client.rest() == b""


def test_http_1_0_does_not_upgrade(connect: Any) -> None:
    assert connect(get(b"/ping", UPGRADE, b"HTTP/1.0")).answer().body == b'"pong"'


UPGRADE = (
    b"Connection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def test_websocket_opens_after_requests_on_the_same_connection(connect: Any) -> None:
    client = connect(get(b"/ping"))
    assert client.answer().body == b'"pong"'
    client.send(get(b"/socket", UPGRADE))
    assert client.answer(head_only=True).status == 101
    client.send(b"\x88\x80\x00\x00\x00\x00")
    assert client.rest() == b"\x81\x05hello\x88\x02\x03\xe8"


def test_rest_of_a_refused_request_is_not_logged(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(get(b"/late/a") + get(b"/" + b"x" * 20000))
    client.send(b"GET / HTTP/1.1\r\n" * 5)
    time.sleep(0.01)
    client.send(b"GET / HTTP/1.1\r\n" * 5)
    assert client.answer().body == b'"a"'
    assert (client.answer().status, client.rest(), caplog.messages) == (414, b"", [])


def test_websocket_behind_an_unanswered_request_does_not_mix_with_it(connect: Any) -> None:
    client = connect(get(b"/late/a") + get(b"/socket", UPGRADE))
    assert [client.answer().body, client.answer().status] == [b'"a"', 400]
    assert client.rest() == b""


@pytest.mark.parametrize("rest", [b"\x81\x80abcd", get(b"/ping"), get(b"/ping") * 1000])
def test_nothing_may_follow_a_websocket_handshake_at_once(rest: bytes, connect: Any) -> None:
    client = connect(get(b"/socket", UPGRADE) + rest)
    assert client.answer().status == 400
    assert client.rest() == b""


def test_requests_before_a_malformed_one_are_answered_in_order(connect: Any) -> None:
    client = connect(get(b"/late/a") + get(b"/late/b") + get(b"/bad\x01") + get(b"/note/c"))
    assert [client.answer().body, client.answer().body] == [b'"a"', b'"b"']
    assert (client.answer().status, client.rest(), seen) == (400, b"", [])


@pytest.mark.parametrize("path", [b"/status/", b"/late-status/"])
@pytest.mark.parametrize("number", [0, 99, 100, 101, 1000, 10**30])
def test_impossible_status_is_a_server_error(
    path: bytes, number: int, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(get(path + b"%d" % number))
    assert client.answer().status == 500
    assert client.is_open


def test_unusual_status_is_sent(connect: Any) -> None:
    assert connect(get(b"/status/999")).answer().status == 999


@pytest.mark.parametrize("target", [b"/header", b"/stream-header"])
@pytest.mark.parametrize("value", [b"%0d%0aSet-Cookie:%20a=b", b"%0aX:%20y", b"%00", b"a%0d"])
def test_header_cannot_be_injected(
    target: bytes, value: bytes, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = connect(get(target + b"?value=" + value)).answer()
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert not {"set-cookie", "x"} & set(answer.headers)


@pytest.mark.parametrize("target", [b"/cancelled", b"/late-cancelled"])
def test_cancelled_handler_is_a_server_error(
    target: bytes, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(get(target))
    assert client.answer().status == 500
    assert client.is_open


def test_error_in_the_background_is_logged_and_harms_nobody(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(get(b"/background"))
    assert client.answer().body == b"done"
    assert client.is_open
    _until(lambda: bool(caplog.messages))
    assert caplog.messages == ["Exception in a background task of GET /background"]


@pytest.mark.parametrize(
    "rest", [b"zz\r\n", b"5\r\nabcdeX", b"0\r\nbad trailer\r\n\r\n"], ids=["size", "end", "trailer"]
)
def test_mounted_application_is_freed_from_a_malformed_body(rest: bytes, connect: Any) -> None:
    head = b"POST /mounted HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    client = connect(head + b"3\r\nabc\r\n")
    time.sleep(0.02)
    client.send(rest)
    assert client.answer().status == 400
    assert (client.rest(), _wait_for("disconnect")) == (b"", True)


def test_client_that_leaves_in_mid_body_harms_nobody(connect: Any) -> None:
    connect(post(b"/size", b"abc")[:-1]).close()
    connect(post(b"/mounted", b"abc")[:-1]).close()
    assert _wait_for("disconnect")
    assert connect().is_open


def test_client_that_leaves_in_mid_response_harms_nobody(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for target in (b"/late/a", b"/late-stream/a", b"/stream/a", b"/large", b"/file"):
        connect(get(target) + get(b"/late/b")).close()
    time.sleep(0.1)
    assert connect().is_open
    assert caplog.messages == []


def _wait_for(text: str) -> bool:
    return _until(lambda: text in seen)


def _until(is_true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 2
    while not is_true() and time.monotonic() < end:
        time.sleep(0.005)
    return is_true()


def test_client_that_does_not_read_is_not_served_further(connect: Any) -> None:
    client = connect()
    client.socket.settimeout(0.2)
    requests = (get(b"/large") + get(b"/note/a")) * 50
    client.send(requests)
    time.sleep(0.1)
    assert len(seen) < 25
    client.socket.settimeout(5)
    assert [len(client.answer().body) for _ in range(100)] == [1_000_000, 3] * 50
    assert client.is_open


@pytest.fixture
def counter(start: Any) -> Iterator[Any]:
    """An application whose every request waits for `gate`."""
    gate = threading.Event()
    inner = App(openapi_url=None)

    @inner.get("/wait")
    async def wait() -> str:
        while not gate.is_set():
            await asyncio.sleep(0.005)
        return "waited"

    @inner.get("/ping")
    async def inner_ping() -> str:
        return "pong"

    yield inner, gate
    gate.set()


def test_concurrency_limit_is_answered_with_503(start: Any, counter: Any) -> None:
    inner, gate = counter
    connect = start(inner, limit_concurrency=1)
    first, second = connect(get(b"/wait")), connect()
    time.sleep(0.05)
    assert second.send(get(b"/ping")).answer().status == 503
    gate.set()
    assert first.answer().body == b'"waited"'
    assert connect(get(b"/ping")).answer().body == b'"pong"'


def test_repeated_head_is_not_past_the_concurrency_limit(start: Any, counter: Any) -> None:
    connect = start(counter[0], limit_concurrency=1)
    first = connect(get(b"/ping"))
    assert first.answer().body == b'"pong"'
    connect(get(b"/wait"))
    time.sleep(0.05)
    first.send(get(b"/ping"))
    assert first.answer().status == 503
    counter[1].set()


def test_websocket_is_not_past_the_concurrency_limit(start: Any, counter: Any) -> None:
    connect = start(counter[0], limit_concurrency=1)
    connect(get(b"/wait"))
    time.sleep(0.05)
    assert connect(get(b"/socket", UPGRADE)).answer().status == 503
    counter[1].set()


def test_access_log_has_one_line_for_each_request(
    start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    connect = start(app, access_log=True, log_level="info")
    caplog.set_level(logging.INFO, "uvicorn.access")
    client = connect(get(b"/note/a?b=%20c"))
    client.answer()
    client.send(get(b"/nowhere"))
    client.answer()
    client.send(post(b"/mounted?d", b""))
    client.answer()
    port = client.socket.getsockname()[1]
    assert [
        record.getMessage() for record in caplog.records if record.name == "uvicorn.access"
    ] == [
        f'127.0.0.1:{port} - "GET /note/a?b=%20c HTTP/1.1" 200',
        f'127.0.0.1:{port} - "GET /nowhere HTTP/1.1" 404',
        f'127.0.0.1:{port} - "POST /mounted?d HTTP/1.1" 200',
    ]
