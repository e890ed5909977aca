"""The live server and its client, with an application that is plain Starlette."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from triode.errors import TriodeError
from triode.testing import AsyncTestClient, LaneClient, LiveServer, TestClient

events: list[str] = []


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
    events.append("start")
    yield {"greeting": "hello"}
    events.append("stop")


async def greet(request: Request) -> JSONResponse:
    return JSONResponse({"greeting": request.state.greeting, "path": request.url.path})


async def move(request: Request) -> RedirectResponse:
    return RedirectResponse("/greet")


async def fail(request: Request) -> JSONResponse:
    raise LookupError("lost")


async def echo(socket: WebSocket) -> None:
    await socket.accept(subprotocol=socket.scope["subprotocols"][0])
    await socket.send_json({"heard": await socket.receive_text(), **dict(socket.query_params)})
    await socket.close(4001, "enough")


async def refuse(socket: WebSocket) -> None:
    await socket.close()


def make_app() -> Starlette:
    events.clear()
    return Starlette(
        routes=[
            Route("/greet", greet),
            Route("/move", move),
            Route("/fail", fail),
            WebSocketRoute("/echo", echo),
            WebSocketRoute("/refuse", refuse),
        ],
        lifespan=lifespan,
    )


def test_lane_client_starts_serves_and_stops():
    with LaneClient(make_app()) as client:
        answer = client.get("/move")
        assert answer.json() == {"greeting": "hello", "path": "/greet"}
        assert events == ["start"]
    assert events == ["start", "stop"]


def test_two_live_servers_have_their_own_ports():
    with LiveServer(make_app()) as first, LiveServer(make_app()) as second:
        assert first.port != second.port
        assert first.url == f"http://127.0.0.1:{first.port}"


def test_start_up_error_is_raised_where_the_server_was_started():
    @contextlib.asynccontextmanager
    async def broken(app: Starlette) -> AsyncIterator[None]:
        raise LookupError("no such database")
        yield

    with (
        pytest.raises(LookupError, match="no such database"),
        LiveServer(Starlette(lifespan=broken)),
    ):
        pass


@pytest.mark.parametrize("kind", [TestClient, LaneClient])
def test_websocket_speaks_the_same_on_both_clients(kind):
    with (
        kind(make_app()) as client,
        client.websocket_connect("/echo?x=1", subprotocols=["chat"]) as session,
    ):
        assert session.accepted_subprotocol == "chat"
        session.send_text("hello")
        assert session.receive_json() == {"heard": "hello", "x": "1"}
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
        assert (caught.value.code, caught.value.reason) == (4001, "enough")


@pytest.mark.parametrize("kind", [TestClient, LaneClient])
def test_refused_websocket_raises_disconnect(kind):
    with (
        kind(make_app()) as client,
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/refuse"),
    ):
        pass


def test_async_client_runs_the_lifespan():
    async def use() -> dict[str, str]:
        async with AsyncTestClient(make_app()) as client:
            answer = await client.get("/move")
            return answer.json()

    assert asyncio.run(use()) == {"greeting": "hello", "path": "/greet"}
    assert events == ["start", "stop"]


@pytest.mark.parametrize("kind", [TestClient, LaneClient])
def test_async_function_runs_beside_the_application(kind):
    async def add(first: int, *, second: int) -> int:
        await asyncio.sleep(0)
        return first + second

    with kind(make_app()) as client:
        assert client.call(add, 1, second=2) == 3


def test_client_that_is_not_open_runs_nothing():
    with pytest.raises(TriodeError, match="Open the client first"):
        TestClient(make_app()).call(asyncio.sleep, 0)
