"""Which middleware stands around which: in the order they are added, ours and foreign ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket

from triode.app import App
from triode.errors import ConfigError
from triode.http import Call, Reply
from triode.middleware import Middleware
from triode.middleware.compression import CompressionMiddleware
from triode.middleware.cors import CORSMiddleware
from triode.middleware.rate_limit import RateLimitMiddleware
from triode.middleware.timeout import TimeoutMiddleware
from triode.routing import Router


class Own:
    """A middleware of ours that writes its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wrap(self, run: Any) -> Any:
        async def named(call: Call) -> Reply:
            call.extras = {**(call.extras or {}), "seen": [*_seen(call), self.name]}
            outcome = run(call)
            reply: Reply = outcome if isinstance(outcome, Reply) else await outcome
            reply.add_header(b"x-left", self.name.encode())
            return reply

        return named

    def wrap_socket(self, run: Any) -> Any:
        async def named(call: Call) -> Any:
            call.extras = {**(call.extras or {}), "seen": [*_seen(call), self.name]}
            return await run(call)

        return named


class Foreign:
    """An ASGI middleware that writes its name."""

    def __init__(self, app: Any, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def named(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-left", self.name.encode())]
            await send(message)

        scope["foreign"] = [*scope.get("foreign", []), self.name]
        await self.app(scope, receive, named)


def _seen(call: Call) -> list[str]:
    return (call.extras or {}).get("seen", [])


def routes(app: Any) -> Any:
    """Add routes that tell who stood around them."""

    @app.get("/")
    async def home(request: Request) -> list[list[str]]:
        return [request.scope.get("seen", []), request.scope.get("foreign", [])]

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError("lost")

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json([socket.scope.get("seen", []), socket.scope.get("foreign", [])])

    return app


@pytest.mark.parametrize(
    "order", ["OOO", "FOO", "OFO", "OOF", "FOF", "OFOFO", "FF"], ids=lambda order: order
)
def test_the_order_of_addition_is_the_order(serve: Any, order: str) -> None:
    app = routes(App())
    for index, kind in enumerate(order):
        app.add_middleware(Own if kind == "O" else Foreign, name=f"{kind}{index}")
    client = serve(app)
    added = [f"{kind}{index}" for index, kind in enumerate(order)]
    assert app.is_on_lane is ("F" not in order)
    response = client.get("/")
    assert response.json() == [
        [name for name in reversed(added) if name[0] == "O"],
        [name for name in reversed(added) if name[0] == "F"],
    ]
    for path in ("/", "/nowhere", "/fail"):
        assert client.get(path).headers["x-left"] == ", ".join(added)
    with client.websocket_connect("/socket") as socket:
        assert socket.receive_json() == response.json()


def test_the_constructor_takes_them_outermost_first(serve: Any) -> None:
    given = [Middleware(Own, name="outer"), Middleware(Foreign, name="middle"), Own("inner")]
    client = serve(routes(App(middleware=given)))
    assert client.get("/").headers["x-left"] == "inner, middle, outer"


def test_a_router_and_a_route_have_their_own(serve: Any) -> None:
    router = Router(prefix="/in", middleware=[Middleware(Own, name="router")])
    routes(router)

    @router.get("/one", middleware=[Own("route")])
    async def one(request: Request) -> list[str]:
        return request.scope["seen"]  # type: ignore[no-any-return]

    app = routes(App())
    app.add_middleware(Own, name="app")
    app.include_router(router, prefix="/there")
    client = serve(app)
    assert client.get("/there/in/one").json() == ["app", "router", "route"]
    assert client.get("/there/in/").json()[0] == ["app", "router"]
    assert client.get("/").json()[0] == ["app"]
    assert client.put("/there/in/").headers["x-left"] == "router, app"
    assert client.put("/").headers["x-left"] == "app"
    with client.websocket_connect("/there/in/socket") as socket:
        assert socket.receive_json()[0] == ["app", "router"]


def test_a_mounted_application_is_inside(serve: Any) -> None:
    app = routes(App())
    app.add_middleware(Own, name="outer")
    app.mount("/below", routes(App(middleware=[Own("inner")])))
    client = serve(app)
    for path in ("/below/", "/below/nowhere", "/below/fail"):
        assert client.get(path).headers["x-left"] == "inner, outer"


def test_a_foreign_one_around_a_route_is_refused() -> None:
    app = App()
    app.add_api_route("/", lambda: None, middleware=[Middleware(Foreign, name="a")])
    with pytest.raises(ConfigError) as caught:
        _ = app.table
    assert caught.value.code == "middleware-foreign-route"


def test_an_object_in_place_of_a_class_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        App().add_middleware(Own("a"))  # type: ignore[arg-type]
    assert caught.value.code == "middleware-object"


class Stamp(BaseHTTPMiddleware):
    """A class as FastAPI's users write it."""

    def __init__(self, app: Any, name: str = "stamp") -> None:
        super().__init__(app)
        self.name = name

    async def dispatch(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if "stop" in request.query_params:
            return PlainTextResponse("stopped", 503)
        response = await call_next(request)
        response.headers["X-Stamp"] = self.name
        return response


def test_a_class_of_starlettes_keeps_the_lane(serve: Any) -> None:
    app = routes(App())
    app.add_middleware(Stamp, name="mine")
    client = serve(app)
    assert app.is_on_lane
    assert client.get("/").headers["x-stamp"] == "mine"
    assert client.get("/nowhere").headers["x-stamp"] == "mine"
    assert client.get("/?stop=1").text == "stopped"
    with client.websocket_connect("/socket") as socket:
        assert socket.receive_json() == [[], []]


class Row:
    """What a handler may wait for without a task, as the database's models are."""

    __statements__ = frozenset({"get"})

    @classmethod
    async def get(cls, row_id: int) -> None: ...


@pytest.mark.parametrize(
    ("middleware", "may_step"),
    [
        ([], True),
        ([Middleware(CORSMiddleware), Middleware(TimeoutMiddleware)], True),
        ([Middleware(RateLimitMiddleware), Middleware(CompressionMiddleware)], True),
        ([Middleware(CORSMiddleware), Middleware(Own, name="asks for a task, perhaps")], False),
    ],
)
def test_what_asks_for_no_task_leaves_a_handler_without(
    middleware: list[Any], may_step: bool
) -> None:
    app = App(middleware=middleware)

    @app.get("/rows/{row_id}")
    async def row(row_id: int) -> None:
        await Row.get(row_id)

    served, _ = app.table.resolve("GET", "/rows/1")
    assert served.may_step is may_step
