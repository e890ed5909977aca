"""The server's end: requests under way are finished, idle connections closed."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from triode.app import App
from triode.testing import LiveServer

from .conftest import RawClient


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.fixture
def app() -> App:
    app = App(openapi_url=None)

    @app.get("/ping")
    async def ping() -> str:
        return "pong"

    @app.get("/late")
    async def late() -> str:
        await asyncio.sleep(0.1)
        return "late"

    @app.get("/plain")
    def plain() -> str:
        time.sleep(0.1)
        return "plain"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            for part in "abc":
                yield part
                await asyncio.sleep(0.05)

        return StreamingResponse(parts())

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        await PlainTextResponse("mounted")(scope, receive, send)

    app.mount("/mounted", mounted)
    return app


@pytest.mark.parametrize(
    ("target", "body"),
    [("/late", b'"late"'), ("/plain", b'"plain"'), ("/stream", b"abc"), ("/mounted", b"mounted")],
)
def test_response_under_way_is_finished_and_the_connection_closed(
    app: App, target: str, body: bytes
) -> None:
    with LiveServer(app) as server:
        client = RawClient(server.port).send(get(target))
        time.sleep(0.04)
    assert client.answer().body == body
    assert client.rest() == b""
    client.close()


def test_idle_connection_is_closed(app: App) -> None:
    with LiveServer(app) as server:
        used, unused, partial = (RawClient(server.port) for _ in range(3))
        assert used.send(get("/ping")).answer().body == b'"pong"'
        partial.send(b"GET /ping HT")
        time.sleep(0.02)
    for client in (used, unused, partial):
        assert client.rest() == b""
        client.close()


def test_background_task_is_waited_for(app: App) -> None:
    done = threading.Event()

    async def work() -> None:
        await asyncio.sleep(0.1)
        done.set()

    @app.get("/work")
    async def start() -> Response:
        return Response("started", background=BackgroundTask(work))

    with LiveServer(app) as server:
        client = RawClient(server.port).send(get("/work"))
        assert client.answer().body == b"started"
        client.close()
    assert done.is_set()


def test_handler_learns_that_the_client_left(app: App) -> None:
    left = threading.Event()

    @app.get("/watch")
    async def watch(request: Request) -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(0.005)
        left.set()

    with LiveServer(app) as server:
        client = RawClient(server.port).send(get("/watch"))
        time.sleep(0.03)
        client.close()
        assert left.wait(2)


def test_stream_ends_when_the_client_left(app: App) -> None:
    ended = threading.Event()

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 1000
                    await asyncio.sleep(0.001)
            finally:
                ended.set()

        return StreamingResponse(parts())

    with LiveServer(app) as server:
        client = RawClient(server.port).send(get("/endless"))
        client.socket.recv(1000)
        client.close()
        assert ended.wait(2)
