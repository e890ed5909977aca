"""The production server's end: what may finish, what is cancelled, and in which order."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from triode.app import App
from triode.binding.markers import Depends
from triode.server import GracefulServer, ServerOptions, make_config
from triode.server.lifespan import LifespanDriver

from .conftest import RawClient
from .corpus import post, request

UPGRADE = (
    b"Connection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
events: list[str] = []


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    yield
    events.append("stopped")


app = App(openapi_url=None, lifespan=lifespan)


async def opened() -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.sleep(0.02)
        events.append("closed")


@app.get("/wait/{seconds}")
async def wait(seconds: float, _: Annotated[None, Depends(opened)]) -> str:
    await asyncio.sleep(seconds)
    return "waited"


@app.get("/endless")
async def endless() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)
        finally:
            events.append("ended")

    return StreamingResponse(parts())


@app.post("/size")
async def size(request: Request) -> int:
    return len(await request.body())


@app.websocket("/socket")
async def listen(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.receive_text()
    except WebSocketDisconnect as exc:
        events.append(f"disconnected {exc.code}")


@app.websocket("/deaf")
async def deaf(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await asyncio.sleep(60)
    finally:
        events.append("cancelled")


Stop = Callable[[], float]


@pytest.fixture
def server() -> Iterator[Callable[[int], tuple[int, Stop]]]:
    """Start a production server: `port, stop = server(seconds)`; `stop` says how long it took."""
    running: list[tuple[GracefulServer, threading.Thread]] = []
    events.clear()

    def start(seconds: int) -> tuple[int, Stop]:
        listener = socket.create_server(("127.0.0.1", 0))
        config = make_config(app, ServerOptions(graceful_shutdown=seconds), log_config=None)
        config.load()
        config.lifespan_class = lambda _: LifespanDriver(app)
        made = GracefulServer(config)
        thread = threading.Thread(target=made.run, args=([listener],))
        thread.start()
        running.append((made, thread))

        def stop() -> float:
            began = time.monotonic()
            made.should_exit = True
            thread.join()
            return time.monotonic() - began

        return listener.getsockname()[1], stop

    yield start
    for made, thread in running:
        made.should_exit = made.force_exit = True
        thread.join()


def connect(port: int, data: bytes) -> RawClient:
    client = RawClient(port).send(data)
    time.sleep(0.05)
    return client


def test_request_under_way_is_answered(server: Any) -> None:
    port, stop = server(5)
    client = connect(port, request(b"/wait/0.3"))
    assert stop() < 2
    answer = client.answer()
    assert (answer.body, answer.headers["connection"]) == (b'"waited"', "close")
    assert events == ["closed", "stopped"]
    client.close()


def test_body_that_is_arriving_may_arrive(server: Any) -> None:
    port, stop = server(5)
    client = connect(port, post(b"/size", b"abcd")[:-2])
    stopping = threading.Thread(target=stop)
    stopping.start()
    time.sleep(0.3)
    assert client.send(b"cd").answer().body == b"4"
    stopping.join()
    client.close()


@pytest.mark.slow
def test_handler_past_the_deadline_is_cancelled_and_cleans_up_first(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port, stop = server(1)
    client = connect(port, request(b"/wait/60"))
    assert 1 <= stop() < 3
    assert client.answer().status == 503
    assert events == ["closed", "stopped"]
    messages = [one.getMessage() for one in caplog.records if one.levelno > logging.INFO]
    assert messages == ["Cancelled at the server's end: 1 still under way."]
    client.close()


@pytest.mark.slow
def test_stream_goes_on_until_the_deadline(server: Any) -> None:
    port, stop = server(1)
    client = connect(port, request(b"/endless"))
    assert 1 <= stop() < 3
    body = client.rest()
    assert body.count(b"1\r\nx\r\n") > 30
    assert not body.endswith(b"0\r\n\r\n")
    assert events == ["ended", "stopped"]
    client.close()


def test_websocket_is_told_that_the_server_restarts(server: Any) -> None:
    port, stop = server(5)
    client = connect(port, request(b"/socket", UPGRADE))
    assert stop() < 2
    assert client.rest().endswith(b"\x88\x02" + (1012).to_bytes(2, "big"))
    assert events == ["disconnected 1012", "stopped"]
    client.close()


@pytest.mark.slow
def test_websocket_handler_that_does_not_listen_is_cancelled(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port, stop = server(1)
    client = connect(port, request(b"/deaf", UPGRADE))
    assert 1 <= stop() < 3
    assert client.rest().endswith(b"\x88\x02" + (1012).to_bytes(2, "big"))
    assert events == ["cancelled", "stopped"]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    client.close()


def test_client_of_a_websocket_fills_no_log(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    port, stop = server(5)
    connect(port, b"").close()
    caplog.clear()
    for frame in (b"\x81\x81\0\0\0\0\xff", b"\x8f\x80abcd"):
        client = connect(port, request(b"/socket", UPGRADE))
        client.send(frame).rest()
        client.close()
    assert caplog.messages == []
    stop()
