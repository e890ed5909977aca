"""Clients that leave, or half leave, at any moment."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket

from triode.app import App
from triode.binding.markers import Depends
from triode.server import Limits
from triode.testing import LiveServer

from .conftest import RawClient
from .corpus import REFUSED, SERVED, chunked, post, request

app = App(openapi_url=None)
opened: list[str] = []
closed: list[str] = []


async def held() -> AsyncIterator[None]:
    opened.append("")
    try:
        yield
    finally:
        closed.append("")


Held = Annotated[None, Depends(held)]


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/late")
async def late(_: Held) -> str:
    await asyncio.sleep(0.1)
    return "late"


@app.get("/plain")
def plain(_: Held) -> str:
    time.sleep(0.01)
    return "plain"


@app.get("/stream")
async def stream(_: Held) -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        opened.append("")
        try:
            for _ in range(100):
                yield b"x" * 10_000
                await asyncio.sleep(0.001)
        finally:
            closed.append("")

    return StreamingResponse(parts())


@app.get("/large")
async def large() -> Response:
    return Response(b"x" * 1_000_000)


@app.post("/size")
async def size(request: Request, _: Held) -> int:
    return len(await request.body())


@app.post("/json")
async def read_json(data: list[int], _: Held) -> int:
    return len(data)


@app.websocket("/socket")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    await Response(b"%d" % len(await Request(scope, receive).body()))(scope, receive, send)


app.mount("/mounted", mounted)


@pytest.fixture
def connect(live: Any) -> Any:
    return live(app)


@pytest.mark.parametrize("target", [b"/ping", b"/late", b"/plain"])
def test_client_that_closed_its_own_side_is_answered(target: bytes, connect: Any) -> None:
    client = connect(request(target) + request(b"/late") + request(target))
    client.socket.shutdown(socket.SHUT_WR)
    body = b'"' + target[1:].replace(b"ping", b"pong") + b'"'
    assert [client.answer().body for _ in range(3)] == [body, b'"late"', body]
    assert client.rest() == b""


@pytest.mark.parametrize(
    "data", [b"GET /ping HT", post(b"/size", b"abc")[:-1], post(b"/json", b"[1]")[:-1]]
)
def test_request_that_was_not_finished_is_not_waited_for(data: bytes, connect: Any) -> None:
    client = connect(data)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.rest() == b""


UPGRADE = (
    b"Connection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MOVES = [
    *(request(), request(b"/late"), request(b"/plain"), request(b"/stream"), request(b"/large")),
    *(post(b"/size", b"abc"), post(b"/json", b"[1]"), post(b"/mounted", b"abc")),
    *(chunked(b"/size", b"3\r\nabc\r\n0\r\n\r\n"), request(b"/socket", UPGRADE)),
    *(request(b"/ping") * 300, post(b"/size", b"x" * 300_000)),
]


def misbehave(port: int, choose: random.Random) -> None:
    """Open a connection, send something, and end it in some way at some moment."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.settimeout(0.2)
        data = b"".join(choose.choice(MOVES) for _ in range(choose.randint(1, 3)))
        if choose.random() < 0.3:
            cases = [*REFUSED.values(), *SERVED.values()]
            data = choose.choice(cases).data
        if choose.random() < 0.5:
            data = data[: choose.randrange(len(data) + 1)]
        try:
            if choose.random() < 0.2:
                for byte in data[:200]:
                    one.send(bytes([byte]))
            else:
                one.sendall(data)
            time.sleep(choose.choice((0, 0, 0.005, 0.05)))
            if choose.random() < 0.3:
                one.shutdown(socket.SHUT_WR)
            if choose.random() < 0.5:
                one.recv(choose.choice((1, 100, 100_000)))
        except (TimeoutError, ConnectionError):
            pass
        if choose.random() < 0.5:  # the end is a RST
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.slow
def test_clients_that_misbehave_at_random_leave_nothing_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened.clear()
    closed.clear()
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)

    def run(number: int) -> None:
        choose = random.Random(seed + number)
        for _ in range(60):
            misbehave(server.port, choose)

    limits = Limits(head_seconds=1, body_seconds=1, write_seconds=1)
    with LiveServer(app, limits=limits, timeout_keep_alive=1) as server:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        end = time.monotonic() + 15
        while server.connections and time.monotonic() < end:
            time.sleep(0.05)
        assert server.connections == 0
        client = RawClient(server.port).send(request())
        assert client.answer().body == b'"pong"'
        client.close()
    assert len(opened) == len(closed)
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
