"""Calls that an ASGI server brings, message by message."""

import asyncio
from typing import Annotated, Any

import pytest
from starlette.requests import Request

from triode.app import App
from triode.binding.markers import Form

app = App(openapi_url=None, max_body_size=10)


@app.post("/json")
async def read_json(data: list[int]) -> int:
    return sum(data)


@app.post("/form")
async def read_form(a: Annotated[int, Form()]) -> int:
    return a


@app.post("/raw")
async def read_raw(request: Request) -> int:
    return len(await request.body())


def play(path: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the application sends when it receives these messages."""
    types = {"/form": b"application/x-www-form-urlencoded", "/json": b"application/json"}
    headers = [(b"content-type", types[path])] if path in types else []
    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers,
    }  # fmt: skip
    sent: list[dict[str, Any]] = []
    queue = iter(messages)

    async def receive() -> Any:
        return next(queue, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("path", "pieces", "body"),
    [
        ("/json", [b"[1", b"", b",2]"], b"3"),
        ("/form", [b"a", b"=", b"7"], b"7"),
        ("/raw", [b"abc", b"de"], b"5"),
    ],
)
def test_body_in_pieces(path: str, pieces: list[bytes], body: bytes) -> None:
    start, end = play(path, *[part(piece) for piece in pieces], part(b"", more=False))
    assert (start["status"], end["body"]) == (200, body)


@pytest.mark.parametrize("path", ["/json", "/form", "/raw"])
def test_client_that_leaves_in_mid_body_is_no_server_error(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    start, _ = play(path, part(b"[1"))
    assert (start["status"], caplog.messages) == (400, [])


@pytest.mark.parametrize("path", ["/json", "/form", "/raw"])
def test_body_over_the_limit_is_refused_at_once(path: str) -> None:
    start, _ = play(path, part(b"x" * 6), part(b"x" * 6))
    assert start["status"] == 413


def test_declared_length_over_the_limit_is_refused_before_the_body_comes() -> None:
    async def never() -> Any:
        raise AssertionError("nothing of the body is needed")

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"11")]
    scope = {"type": "http", "method": "POST", "path": "/json", "query_string": b""}
    asyncio.run(app({**scope, "headers": headers}, never, send))
    assert sent[0]["status"] == 413
