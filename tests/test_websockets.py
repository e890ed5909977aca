"""WebSockets: what a handler gets, and what the client sees at the end."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from selenium.webdriver.support.wait import WebDriverWait
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from triode.app import App
from triode.binding.markers import Cookie, Depends, Header, Query
from triode.http import HTTPException, WebSocketException, WebSocketRequestValidationError
from triode.http.sockets import WebSocket
from triode.routing import Router


@dataclass
class Move:
    x: int
    y: int = 0


@dataclass
class Chat:
    text: str


def make_app(**options: Any) -> App:
    return App(openapi_url=None, **options)


# --- what is bound


def test_parameters_and_dependencies(serve: Any) -> None:
    events: list[str] = []

    async def resource(socket: WebSocket) -> AsyncIterator[str]:
        events.append("open")
        yield f"resource of {socket.path_params['room']}"
        events.append("closed")

    def both(connection: HTTPConnection) -> list[str]:
        return [connection.url.path, connection.headers["x-token"]]

    app = make_app()

    @app.websocket("/rooms/{room}")
    async def chat(
        socket: WebSocket,
        room: int,
        made: Annotated[str, Depends(resource)],
        seen: Annotated[list[str], Depends(both)],
        x_token: Annotated[str, Header()],
        who: Annotated[str, Cookie()],
        tags: Annotated[list[int], Query()],
    ) -> None:
        await socket.accept()
        await socket.send_json([room, made, seen, x_token, who, tags])

    client = serve(app)
    headers = {"X-Token": "t", "Cookie": "who=me"}
    with client.websocket_connect("/rooms/3?tags=1&tags=2", headers=headers) as session:
        assert session.receive_json() == [
            3, "resource of 3", ["/rooms/3", "t"], "t", "me", [1, 2],
        ]  # fmt: skip
        with pytest.raises(WebSocketDisconnect):
            session.receive_text()
    assert events == ["open", "closed"]


def test_dependency_may_accept(serve: Any) -> None:
    async def accepted(socket: WebSocket) -> None:
        await socket.accept(subprotocol="v2")

    router = Router(dependencies=[Depends(accepted)])

    @router.websocket("/")
    async def hello(socket: WebSocket) -> None:
        await socket.send_text("hello")

    app = make_app()
    app.include_router(router, prefix="/chat")
    with serve(app).websocket_connect("/chat/", subprotocols=["v1", "v2"]) as session:
        assert (session.accepted_subprotocol, session.receive_text()) == ("v2", "hello")


def test_overrides_and_state(serve: Any) -> None:
    def who() -> str:
        return "nobody"

    app = make_app()
    app.state.word = "hello"

    @app.websocket("/")
    async def hello(socket: WebSocket, name: Annotated[str, Depends(who)]) -> None:
        await socket.accept()
        await socket.send_text(f"{socket.app.state.word} {name} {socket.url_for('hello').scheme}")

    app.dependency_overrides[who] = lambda: "somebody"
    with serve(app).websocket_connect("/") as session:
        assert session.receive_text() == "hello somebody ws"


# --- messages of a type


def typed() -> App:
    app = make_app()

    @app.websocket("/moves")
    async def moves(socket: WebSocket) -> None:
        await socket.accept()
        async for move in socket.iter_as(Move):
            await socket.send_as(Move(move.x + 1, move.y))

    @app.websocket("/either")
    async def either(socket: WebSocket) -> None:
        await socket.accept()
        try:
            message = await socket.receive_as(Move | Chat)
        except WebSocketRequestValidationError as exc:
            await socket.send_as(exc.errors()[0]["loc"])
        else:
            await socket.send_as({"got": type(message).__name__}, binary=True)

    return app


def test_typed_messages(serve: Any) -> None:
    with serve(typed()).websocket_connect("/moves") as session:
        session.send_text('{"x": 1}')
        assert session.receive_json() == {"x": 2, "y": 0}
        session.send_bytes(b'{"x": "4", "y": 5}')
        assert session.receive_json() == {"x": 5, "y": 5}


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ('{"x": "far"}', "message.x: Input should be a valid integer"),
        ("nonsense", "message.0: JSON decode error"),
        ('{"y": 1}', "message.x: Field required"),
    ],
)
def test_message_that_does_not_fit_closes(serve: Any, sent: str, reason: str) -> None:
    with serve(typed()).websocket_connect("/moves") as session:
        session.send_text(sent)
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
    assert caught.value.code == 1008
    assert str(caught.value.reason).startswith(reason)


def test_messages_of_a_union(serve: Any) -> None:
    client = serve(typed())
    with client.websocket_connect("/either") as session:
        session.send_text('{"text": "hi"}')
        assert session.receive_json(mode="binary") == {"got": "Chat"}
    with client.websocket_connect("/either") as session:
        session.send_text('{"z": 1}')
        assert session.receive_json()[0] == "message"


# --- how it ends


def ending(exception: Exception, *, accepts: bool = True, **options: Any) -> App:
    app = make_app(**options)

    @app.websocket("/")
    async def end(socket: WebSocket) -> None:
        if accepts:
            await socket.accept()
        raise exception

    return app


@pytest.mark.parametrize(
    ("exception", "code", "reason"),
    [
        (WebSocketException(4001, "enough"), 4001, "enough"),
        (WebSocketException(4001, "é" * 200), 4001, "é" * 61),
        (HTTPException(404, "no such room"), 1008, "no such room"),
        (WebSocketDisconnect(), 1000, ""),
    ],
)
def test_exceptions_close(serve: Any, exception: Exception, code: int, reason: str) -> None:
    session = serve(ending(exception)).websocket_connect("/")
    with session, pytest.raises(WebSocketDisconnect) as caught:
        session.receive_text()
    assert (caught.value.code, caught.value.reason or "") == (code, reason)


def test_exceptions_before_it_is_open_are_responses(serve: Any) -> None:
    client = serve(ending(HTTPException(404, "no such room", {"X-A": "b"}), accepts=False))
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect("/"):
        pass
    assert (caught.value.status_code, caught.value.json()) == (404, {"detail": "no such room"})
    assert caught.value.headers["x-a"] == "b"


def test_opening_request_that_does_not_fit(serve: Any) -> None:
    app = make_app()

    @app.websocket("/{number}")
    async def numbered(socket: WebSocket, number: int) -> None: ...

    with pytest.raises(WebSocketDenialResponse) as caught, serve(app).websocket_connect("/x"):
        pass
    (problem,) = caught.value.json()["detail"]
    assert (caught.value.status_code, problem["loc"]) == (422, ["path", "number"])


@pytest.mark.parametrize("way", ["lane"])  # the test client raises the exception itself
def test_unexpected_exception_closes_with_1011(serve: Any) -> None:
    session = serve(ending(LookupError("lost"))).websocket_connect("/")
    with session, pytest.raises(WebSocketDisconnect) as caught:
        session.receive_text()
    assert caught.value.code == 1011


def test_handler_that_returns_closes_with_1000(serve: Any) -> None:
    app = make_app()

    @app.websocket("/")
    async def hello(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")

    with serve(app).websocket_connect("/") as session:
        assert session.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
    assert caught.value.code == 1000


def test_handlers_of_exceptions_get_the_connection(serve: Any) -> None:
    async def custom(socket: WebSocket, exc: LookupError) -> None:
        await socket.close(4004, f"handled {exc.args[0]}")

    app = ending(LookupError("lost"), exception_handlers={LookupError: custom})
    session = serve(app).websocket_connect("/")
    with session, pytest.raises(WebSocketDisconnect) as caught:
        session.receive_text()
    assert (caught.value.code, caught.value.reason) == (4004, "handled lost")


def test_handler_of_validation_errors(serve: Any) -> None:
    app = typed()

    @app.exception_handler(WebSocketRequestValidationError)
    def invalid(socket: WebSocket, exc: WebSocketRequestValidationError) -> None:
        app.state.errors = [error["type"] for error in exc.errors()]

    with serve(app).websocket_connect("/moves") as session:
        session.send_text("{}")
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
    assert (caught.value.code, app.state.errors) == (1011, ["missing"])


def test_connection_that_nothing_serves(serve: Any) -> None:
    with pytest.raises(WebSocketDisconnect), serve(make_app()).websocket_connect("/nowhere"):
        pass


# --- a browser


PAGE = """<!doctype html><title>Moves</title><p id=seen></p><script>
const seen = [], show = (word) => { seen.push(word); document.getElementById("seen").textContent = seen.join(" "); };
const socket = new WebSocket(`ws://${location.host}/moves`);
socket.onopen = () => socket.send('{"x": 1}');
socket.onmessage = (event) => { show(JSON.parse(event.data).x); socket.send('{"x": "far"}'); };
socket.onclose = (event) => show(`${event.code}:${event.reason.split(":")[0]}`);
</script>"""  # noqa: E501


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("way", ["lane"])
def test_messages_and_close_in_a_browser(serve: Any, chromium: Any) -> None:
    app = typed()

    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    chromium.get(str(serve(app).base_url))
    seen = chromium.find_element("id", "seen")
    WebDriverWait(chromium, 10).until(lambda _: "1008" in seen.text)
    assert seen.text == "2 1008:message.x"
