"""The headers of responses: none twice, none that a value could break apart."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import Response, StreamingResponse

from triode.app import App

from .corpus import request

app = App(openapi_url=None)
FORGED = {
    "Date": "yesterday",
    "Server": "mine",
    "Content-Length": "1",
    "Transfer-Encoding": "chunked",
}


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/response")
async def as_response() -> Response:
    response = Response("body", headers={"Date": "yesterday", "Server": "mine"})
    response.raw_headers.append((b"Transfer-Encoding", b"chunked"))
    return response


@app.get("/injected")
async def injected(response: Response) -> str:
    response.headers.update(FORGED)
    return "body"


@app.get("/stream")
async def stream() -> StreamingResponse:
    headers = {"Date": "yesterday", "Server": "mine", "Transfer-Encoding": "chunked"}
    return StreamingResponse(iter(["bo", "dy"]), headers=headers)


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    headers = [(name.encode(), value.encode()) for name, value in FORGED.items()]
    headers[2] = (b"Content-Length", b"4")
    if scope["path"].endswith("broken"):
        headers.append((b"x-a", b"b\r\nx-evil: c"))
    status = 999 if scope["path"].endswith("999") else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"body"})


app.mount("/mounted", mounted)


@pytest.fixture
def connect(live: Any) -> Any:
    return live(app)


def test_date_and_server_are_sent(connect: Any) -> None:
    headers = connect(request()).answer().headers
    assert list(headers)[:2] == ["date", "server"]
    assert headers["server"] == "triode"
    assert headers["date"].endswith(" GMT")


def test_server_name_can_be_left_out(start: Any) -> None:
    assert "server" not in start(app, headers=[])(request()).answer().headers


@pytest.mark.parametrize("target", [b"/response", b"/injected", b"/stream", b"/mounted"])
def test_header_of_the_response_takes_the_place_of_the_servers(target: bytes, connect: Any) -> None:
    client = connect(request(target))
    answer = client.answer()  # which fails for a header that comes twice
    assert (answer.headers["date"], answer.headers["server"]) == ("yesterday", "mine")
    assert answer.body in (b"body", b'"body"')
    assert client.is_open


@pytest.mark.parametrize("target", [b"/response", b"/injected", b"/mounted"])
def test_framing_is_the_servers(target: bytes, connect: Any) -> None:
    headers = connect(request(target)).answer().headers
    assert "transfer-encoding" not in headers
    assert headers["content-length"] in ("4", "6")


@pytest.mark.parametrize("target", [b"/mounted/broken", b"/mounted/999"])
def test_mounted_application_cannot_break_a_response_apart(
    target: bytes, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = connect(request(target)).answer()
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert "x-evil" not in answer.headers
