"""Handlers of validation errors, and the usual answers called from them."""

from typing import Annotated, Any

import msgspec
import pytest

from triode.app import App
from triode.binding.markers import Form, Query
from triode.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from triode.exceptions import (
    HTTPException,
    RequestValidationError,
    ResponseValidationError,
    StarletteHTTPException,
    WebSocketRequestValidationError,
)
from triode.requests import Request
from triode.responses import JSONResponse
from triode.testing import TestClient
from triode.websockets import WebSocket, WebSocketDisconnect


class Item(msgspec.Struct):
    size: int


def test_body_of_a_validation_error(serve: Any) -> None:
    app = App(openapi_url=None)

    @app.exception_handler(RequestValidationError)
    async def show(request: Request, exc: RequestValidationError) -> JSONResponse:
        body = exc.body.decode() if isinstance(exc.body, bytes) else exc.body
        return JSONResponse({"body": body, "count": len(exc.errors())}, status_code=400)

    @app.post("/json")
    async def read(item: Item) -> None: ...

    @app.post("/form")
    async def form(size: Annotated[int, Form()]) -> None: ...

    client = serve(app)
    assert client.post("/json", json={"size": "x"}).json() == {"body": {"size": "x"}, "count": 1}
    broken = client.post("/json", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.json() == {"body": "{", "count": 1}
    assert client.post("/form", data={"size": "x"}).json() == {"body": "size=x", "count": 1}


@pytest.mark.parametrize("problem_details", [False, True])
def test_usual_answers_are_those_without_a_handler(serve: Any, problem_details: bool) -> None:
    def make(*, handled: bool) -> App:
        app = App(openapi_url=None, problem_details=problem_details)
        if handled:
            app.add_exception_handler(StarletteHTTPException, http_exception_handler)
            app.add_exception_handler(RequestValidationError, request_validation_exception_handler)

        @app.get("/{n}")
        async def read(n: int) -> None:
            raise HTTPException(n, headers={"X-A": "b"})

        return app

    plain, own = serve(make(handled=False)), serve(make(handled=True))
    for path in ("/404", "/x", "/304"):
        expected, found = plain.get(path), own.get(path)
        assert (found.status_code, found.content) == (expected.status_code, expected.content)
        assert found.headers.get("content-type") == expected.headers.get("content-type")


def test_wrong_answer_is_told_to_its_handler(serve: Any) -> None:
    app = App(openapi_url=None)

    @app.exception_handler(ResponseValidationError)
    async def show(request: Request, exc: ResponseValidationError) -> JSONResponse:
        places = [each["loc"] for each in exc.errors()]
        return JSONResponse({"places": places, "body": exc.body}, status_code=500)

    @app.get("/")
    async def read() -> Item:
        return {"size": "x"}  # type: ignore[return-value]

    response = serve(app).get("/")
    assert response.json() == {"places": [["response", "size"]], "body": {"size": "x"}}


def socket_app() -> App:
    app = App(openapi_url=None)

    @app.websocket("/")
    async def talk(websocket: WebSocket, n: Annotated[int, Query()]) -> None: ...

    return app


def test_connection_that_does_not_fit_has_an_error_of_its_own() -> None:
    app = socket_app()
    seen: list[Any] = []

    @app.exception_handler(WebSocketRequestValidationError)
    async def close(websocket: WebSocket, exc: WebSocketRequestValidationError) -> None:
        seen.extend(exc.errors())
        await websocket.close(code=4000, reason="no")

    with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/?n=x"):
        pass
    assert (caught.value.code, seen[0]["loc"]) == (4000, ("query", "n"))


def test_usual_way_to_close_a_connection_says_why() -> None:
    app = socket_app()
    handler = websocket_request_validation_exception_handler
    app.add_exception_handler(WebSocketRequestValidationError, handler)
    with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/"):
        pass
    assert caught.value.code == 1008
    assert "missing" in caught.value.reason


def test_text_of_a_validation_error_names_the_handler_and_no_input(serve: Any) -> None:
    app = App(openapi_url=None)

    @app.exception_handler(RequestValidationError)
    async def show(request: Request, exc: RequestValidationError) -> JSONResponse:
        return JSONResponse(str(exc))

    @app.get("/")
    async def read(secret: int) -> None: ...

    text = serve(app).get("/?secret=hunter2").json()
    assert "test_exception_handlers.py:" in text
    assert "1 problem in the request: $.query.secret: Input should be a valid integer" in text
    assert "hunter2" not in text
