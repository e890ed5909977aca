"""A request body that is handed on while it arrives."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Annotated, Any

import pytest
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse

from triode.app import App
from triode.binding.markers import Depends, File, Form

from .corpus import EXPECT, chunked, post, request

app = App(openapi_url=None, max_body_size=100_000_000)
seen: list[Any] = []
gate = threading.Event()


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.post("/parts")
async def parts(request: Request) -> list[str]:
    return [part.decode() async for part in request.stream() if part]


@app.post("/small", max_body_size=10)
async def small(request: Request) -> int:
    return len(await request.body())


@app.post("/slow")
async def slow(request: Request) -> int:
    size = 0
    async for part in request.stream():
        size += len(part)
        while not gate.is_set():
            await asyncio.sleep(0.01)
    return size


@app.post("/first")
async def first(request: Request) -> str:
    async for part in request.stream():
        return part.decode()
    return ""


@app.post("/echo")
async def echo(request: Request) -> StreamingResponse:
    return StreamingResponse(request.stream())


@app.post("/upload")
async def upload(file: Annotated[UploadFile, File()]) -> int:
    return len(await file.read())


@app.post("/form")
async def form(request: Request, name: Annotated[str, Form()]) -> list[Any]:
    return [name, dict(await request.form())]


@app.post("/refuse")
async def refuse(request: Request) -> str:
    return "no"


async def watched() -> AsyncIterator[None]:
    seen.append("open")
    try:
        yield
    except BaseException as exc:
        seen.append(type(exc).__name__)
        raise
    finally:
        seen.append("closed")


@app.post("/watched")
async def watch(request: Request, _: Annotated[None, Depends(watched)]) -> int:
    return len(await request.body())


@app.post("/caught")
async def caught(request: Request) -> str:
    try:
        await request.body()
    except ClientDisconnect:
        seen.append("disconnect")
    return ""


@pytest.fixture
def connect(live: Any) -> Iterator[Any]:
    seen.clear()
    gate.clear()
    yield live(app)
    gate.set()


def until(is_true: Any) -> bool:
    end = time.monotonic() + 3
    while not is_true() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(is_true())


def test_parts_reach_the_handler_as_they_arrive(connect: Any) -> None:
    client = connect(request(b"/parts", b"Content-Length: 6\r\n", method=b"POST"))
    for part in (b"ab", b"cd", b"ef"):
        time.sleep(0.03)
        client.send(part)
    assert client.answer().body == b'["ab","cd","ef"]'
    assert client.is_open


def test_chunks_reach_the_handler_as_they_arrive(connect: Any) -> None:
    client = connect(chunked(b"/parts", b"2\r\nab\r\n"))
    for part in (b"2\r\ncd\r\n", b"0\r\n\r\n"):
        time.sleep(0.03)
        client.send(part)
    assert client.answer().body == b'["ab","cd"]'
    assert client.is_open


def test_sender_waits_for_a_handler_that_does_not_read(connect: Any) -> None:
    size = 64_000_000
    client = connect(request(b"/slow", b"Content-Length: %d\r\n" % size, method=b"POST"))
    client.socket.settimeout(0.5)
    sent = 0
    with suppress(TimeoutError):
        while sent < size:
            sent += client.socket.send(b"x" * 100_000)
    assert sent < size / 2  # what the two sockets hold
    gate.set()
    client.socket.settimeout(10)
    client.send(b"x" * (size - sent))
    assert client.answer().body == b"%d" % size
    assert client.is_open


def test_body_is_echoed_while_it_arrives(connect: Any) -> None:
    client = connect(chunked(b"/echo", b"3\r\nabc\r\n"))
    client._until(b"\r\n\r\n")
    assert client._exactly(8) == b"3\r\nabc\r\n"
    client.send(b"2\r\nde\r\n0\r\n\r\n")
    assert client._exactly(12) == b"2\r\nde\r\n0\r\n\r\n"
    assert client.is_open


def test_large_body_is_echoed_whole(connect: Any) -> None:
    body = bytes(range(256)) * 8000
    client = connect(request(b"/echo", b"Content-Length: %d\r\n" % len(body), method=b"POST"))
    sender = threading.Thread(target=client.send, args=(body,))
    sender.start()
    assert client.answer().body == body
    sender.join()
    assert client.is_open


def test_pipelined_requests_follow_a_streamed_body(connect: Any) -> None:
    client = connect(post(b"/parts", b"abcd")[:-2])
    time.sleep(0.03)
    client.send(b"cd" + post(b"/parts", b"ef") + request() + post(b"/parts", b"ghij")[:-2])
    assert client.answer().body == b'["ab","cd"]'
    assert [client.answer().body for _ in range(2)] == [b'["ef"]', b'"pong"']
    client.send(b"ij")
    assert client.answer().body == b'["gh","ij"]'
    assert client.is_open


def test_rest_of_a_body_that_was_not_read_is_passed_over(connect: Any) -> None:
    client = connect(post(b"/first", b"abcd")[:-2])
    assert client.answer().body == b'"ab"'
    client.send(b"cd" + request())
    assert client.answer().body == b'"pong"'


def test_body_that_is_not_asked_for_is_not_sent(connect: Any) -> None:
    client = connect(request(b"/refuse", b"Content-Length: 3\r\n" + EXPECT, method=b"POST"))
    answer = client.answer()
    assert (answer.body, answer.headers["connection"]) == (b'"no"', "close")
    assert client.rest() == b""


@pytest.mark.parametrize("chunk", [b"b\r\n12345678901\r\n", b"5\r\n12345\r\n" * 3])
def test_chunks_past_the_limit_of_a_route_are_a_413(chunk: bytes, connect: Any) -> None:
    client = connect(chunked(b"/small", b""))
    time.sleep(0.03)
    client.send(chunk)
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert client.rest() == b""


def test_upload_is_read_while_it_arrives(connect: Any) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = head + b"y" * 3_000_000 + b"\r\n--x--\r\n"
    lines = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n" % len(body)
    client = connect(request(b"/upload", lines, method=b"POST") + body)
    assert client.answer().body == b"3000000"
    assert client.is_open


def test_form_that_arrives_later_is_read_twice(connect: Any) -> None:
    fields = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n"
    client = connect(request(b"/form", fields, method=b"POST"))
    for part in (b"na", b"me=a"):
        time.sleep(0.03)
        client.send(part)
    assert client.answer().body == b'["a",{"name":"a"}]'
    assert client.is_open


def test_client_that_leaves_in_mid_body_ends_the_handler(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for target in (b"/watched", b"/caught"):
        client = connect(post(target, b"abc")[:-1])
        time.sleep(0.05)
        client.close()
    assert until(lambda: len(seen) == 4)
    assert sorted(seen) == ["ClientDisconnect", "closed", "disconnect", "open"]
    assert caplog.messages == []


@pytest.mark.parametrize("rest", [b"zz\r\n", b"5\r\nabcdeX", b"0\r\nbad trailer\r\n\r\n"])
def test_malformed_rest_of_a_body_ends_the_handler(rest: bytes, connect: Any) -> None:
    client = connect(chunked(b"/caught", b"3\r\nabc\r\n"))
    time.sleep(0.03)
    client.send(rest)
    assert client.answer().status == 400
    assert client.rest() == b""
    assert until(lambda: seen == ["disconnect"])
