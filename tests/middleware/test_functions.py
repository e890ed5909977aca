"""`@app.middleware("http")` as FastAPI's users know it: what `call_next` gives and takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from triode.app import App


def around(app: App, function: Any) -> App:
    """Add a function middleware, and return the application."""
    app.middleware("http")(function)
    return app


async def upper(parts: Any) -> AsyncIterator[bytes]:
    async for part in parts:
        yield (part.encode() if isinstance(part, str) else part).upper()


def test_the_body_may_be_read_and_replaced(serve: Any, make_app: Any) -> None:
    async def rewrite(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        body = b"".join([part async for part in response.body_iterator])
        return Response(body.upper(), response.status_code, {"X-Size": str(len(body))})

    response = serve(around(make_app(), rewrite)).get("/")
    assert (response.text, response.headers["x-size"]) == ('{"HELLO":"WORLD"}', "17")


def test_the_body_may_be_passed_through_an_iterator(
    serve: Any, make_app: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("some text")
    app = make_app()

    async def rewrite(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.body_iterator = upper(response.body_iterator)
        return response  # type: ignore[no-any-return]

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(iter(["a", "b"]), 201)

    @app.get("/file")
    async def file() -> Response:
        return FileResponse(tmp_path / "a.txt")

    client = serve(around(app, rewrite))
    assert client.get("/").text == '{"HELLO":"WORLD"}'
    assert (client.get("/stream").status_code, client.get("/stream").text) == (201, "AB")
    assert client.get("/file").text == "SOME TEXT"


def test_status_cookies_and_background_are_those_of_a_response(serve: Any, make_app: Any) -> None:
    ran = []

    async def change(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.status_code = 202
        response.set_cookie("a", "b")
        del response.headers["content-type"]
        response.background = BackgroundTask(ran.append, "ran")
        return response  # type: ignore[no-any-return]

    response = serve(around(make_app(), change)).get("/")
    assert (response.status_code, dict(response.cookies)) == (202, {"a": "b"})
    assert "content-type" not in response.headers
    assert response.json() == {"hello": "world"}
    deadline = time.monotonic() + 5
    while not ran and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ran == ["ran"]


def test_a_mounted_application_has_its_own_status(serve: Any) -> None:
    below = App()
    below.add_api_route("/made", lambda: "made", status_code=201)
    app = App()
    app.mount("/below", below)

    async def look(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["X-Status"] = str(response.status_code)
        return response  # type: ignore[no-any-return]

    client = serve(around(app, look))
    for path, status in (("/below/made", 201), ("/below/nowhere", 404)):
        response = client.get(path)
        assert (response.status_code, response.headers["x-status"]) == (status, str(status))


def test_a_stream_that_is_not_sent_is_stopped(serve: Any) -> None:
    stopped = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    app = App()
    app.mount("/endless", endless)

    async def replace(request: Request, call_next: Any) -> Response:
        await call_next(request)
        return PlainTextResponse("instead")

    client = serve(around(app, replace))
    assert client.get("/endless").text == "instead"
    assert client.get("/endless").text == "instead"
    assert stopped


def test_headers_and_query_may_be_changed(serve: Any) -> None:
    app = App()

    async def change(request: Request, call_next: Any) -> Response:
        request.scope["headers"].append((b"x-added", b"yes"))
        request.scope["query_string"] = b"q=changed"
        return await call_next(request)  # type: ignore[no-any-return]

    @app.get("/")
    async def read(request: Request, q: str) -> list[Any]:
        return [q, request.headers.getlist("x-added")]

    client = serve(around(app, change))
    assert client.get("/?q=sent").json() == ["changed", ["yes"]]
    assert client.get("/?q=sent").json() == ["changed", ["yes"]]


def test_another_path_is_an_error_and_not_ignored(serve: Any, make_app: Any, caplog: Any) -> None:
    async def change(request: Request, call_next: Any) -> Response:
        request.scope["path"] = "/large"
        return await call_next(request)  # type: ignore[no-any-return]

    response = serve(around(make_app(), change)).get("/")
    assert response.status_code == 500


def test_another_request_brings_another_body(serve: Any) -> None:
    app = App()

    async def change(request: Request, call_next: Any) -> Response:
        body = (await request.body()).replace(b"1", b"2")

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        return await call_next(Request(request.scope, receive))  # type: ignore[no-any-return]

    @app.post("/")
    async def double(item: dict[str, int]) -> dict[str, int]:
        return item

    assert serve(around(app, change)).post("/", json={"a": 1}).json() == {"a": 2}


def test_what_it_leaves_in_the_request_reaches_a_mounted_application(
    serve: Any, make_app: Any
) -> None:
    async def leave(request: Request, call_next: Any) -> Response:
        request.state.tenant = "a"
        request.scope["region"] = "north"
        return await call_next(request)  # type: ignore[no-any-return]

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        text = f"{request.state.tenant} {request.scope['region']} {request.scope['root_path']}"
        await PlainTextResponse(text)(scope, receive, send)

    app = make_app()
    app.mount("/inside", inside, lifespan=False)
    assert serve(around(app, leave)).get("/inside").text == "a north /inside"


def test_an_error_after_a_whole_response_does_not_cut_it(serve: Any, make_app: Any) -> None:
    async def inside(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"all of it"})
        raise LookupError("logged, and raised again")

    async def pass_on(request: Request, call_next: Any) -> Response:
        return await call_next(request)  # type: ignore[no-any-return]

    app = make_app()
    app.mount("/inside", inside, lifespan=False)
    response = serve(around(app, pass_on)).get("/inside")
    assert (response.status_code, response.text) == (500, "all of it")


def test_refused_body_passes_what_need_not_wait(serve: Any, make_app: Any) -> None:
    async def mark(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Mark"] = "1"
        return response

    app = around(App(openapi_url=None, max_body_size=50), mark)

    @app.post("/items")
    async def count(items: list[str]) -> int:
        return len(items)

    response = serve(app).post("/items", json=["x" * 100])
    assert (response.status_code, response.headers["x-mark"]) == (413, "1")
