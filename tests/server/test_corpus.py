"""What the lane answers to the raw requests of `corpus.py`, written to a socket as they stand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from triode.app import App

from .corpus import EXPECT, REFUSED, SERVED, post, request

app = App(openapi_url=None, max_body_size=1000)


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/late")
async def late() -> str:
    await asyncio.sleep(0.02)
    return "late"


@app.get("/plain")
def plain() -> str:
    return "plain"


@app.post("/raw")
async def raw(request: Request) -> Response:
    return Response(await request.body())


@app.post("/deep", max_body_size=1000_000)
@app.post("/json")
async def read_json(data: dict[str, Any]) -> dict[str, Any]:
    return data


@app.post("/headers")
@app.get("/headers")
async def headers(request: Request) -> list[str]:
    await request.body()
    return sorted(request.headers)


@app.get("/")
async def root(request: Request) -> list[Any]:
    return await q("", request)


@app.get("/q/{rest:path}")
@app.get("//q/{rest:path}")
async def q(rest: str, request: Request) -> list[Any]:
    return [rest, dict(request.query_params), request.scope["raw_path"].decode()]


@app.post("/small", max_body_size=10)
async def small(request: Request) -> int:
    return len(await request.body())


@app.post("/unread")
async def unread() -> str:
    return "unread"


@app.get("/host")
async def host(request: Request) -> str:
    return request.headers["host"]


@app.get("/dir/{name}/")
async def directory(name: str) -> str:
    return name


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]))


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send({**start, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


app.mount("/mounted", mounted)


@pytest.fixture
def connect(live: Any) -> Any:
    return live(app)


@pytest.mark.parametrize("name", REFUSED)
def test_request_is_refused_and_the_connection_closed(name: str, connect: Any) -> None:
    _, status, data = REFUSED[name]
    client = connect(data)
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert list(answer.headers) == [
        *("date", "server", "content-type", "content-length", "connection")
    ]
    assert client.rest() == b""


@pytest.mark.parametrize("name", REFUSED)
def test_request_is_refused_the_same_in_the_midst_of_a_connection(name: str, connect: Any) -> None:
    _, status, data = REFUSED[name]
    client = connect(request())
    assert client.answer().body == b'"pong"'
    client.send(data)
    assert client.answer().status == status
    assert client.rest() == b""


@pytest.mark.parametrize("name", SERVED)
def test_request_is_answered_and_the_connection_kept(name: str, connect: Any) -> None:
    _, data, body = SERVED[name]
    client = connect(data)
    answer = client.answer(head_only=name == "head")
    assert (answer.status, answer.body) == (200, body)
    assert client.is_open


@pytest.mark.parametrize("name", [name for name in SERVED if name != "head"])
def test_request_in_single_bytes_is_answered_alike(name: str, connect: Any) -> None:
    _, data, body = SERVED[name]
    client = connect()
    for index in range(len(data)):
        client.send(data[index : index + 1])
    answer = client.answer()
    assert (answer.status, answer.body) == (200, body)


CLIENT_ERRORS = {
    "not-found": (404, request(b"/nowhere")),
    "wrong-method": (405, request(method=b"POST")),
    "webdav-method": (405, request(method=b"PROPFIND")),
    "json-deep": (422, post(b"/deep", b'{"a":' + b"[" * 50000 + b"]" * 50000 + b"}")),
    "json-not-utf8": (422, post(b"/json", b'{"a": "\xff"}')),
    "json-lone-surrogate": (422, post(b"/json", b'{"a": "\\ud800"}')),
    "json-lone-surrogate-in-key": (422, post(b"/json", b'{"\\ud800": 1}')),
    "json-nan": (422, post(b"/json", b'{"a": NaN}')),
    "json-cut-off": (422, post(b"/json", b'{"a": ')),
    "json-empty": (422, post(b"/json", b"")),
    "line-break-in-path": (307, request(b"/dir/%0d%0aSet-Cookie:%20a=b")),
    "redirect-of-any-letters": (307, request(b"/dir/%E6%97%A5%22")),
}


@pytest.mark.parametrize("name", CLIENT_ERRORS)
def test_bad_request_is_no_server_error(name: str, connect: Any) -> None:
    status, data = CLIENT_ERRORS[name]
    client = connect(data)
    assert client.answer().status == status
    assert client.is_open


def test_redirect_keeps_the_path_encoded(connect: Any) -> None:
    answer = connect(request(b"/dir/%E6%97%A5%0d%0aX:%20y?q=%41")).answer()
    assert answer.headers["location"] == "http://a/dir/%E6%97%A5%0D%0AX:%20y/?q=%41"


def test_body_is_asked_for_only_when_it_is_wanted(connect: Any) -> None:
    head = b"Content-Length: 3\r\nExpect: 100-Continue\r\n"
    for target in (b"/raw", b"/mounted"):
        client = connect(request(target, head, method=b"POST"))
        assert client.answer().status == 100
        assert client.send(b"abc").answer().body == b"abc"
        assert client.is_open


def test_options_of_the_server_are_answered(connect: Any) -> None:
    client = connect(request(b"*", method=b"OPTIONS"))
    answer = client.answer()
    assert (answer.status, answer.headers["allow"][:11]) == (204, "DELETE, GET")
    assert client.is_open


def test_body_that_nobody_asked_for_is_not_waited_for(connect: Any) -> None:
    client = connect(request(b"/ping", b"Content-Length: 3\r\n" + EXPECT))
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.rest() == b""


def test_every_rule_has_its_cases() -> None:
    sections = {case.section for case in REFUSED.values()}
    assert len(REFUSED) >= 130
    assert {"2.2", "3.2", "3.2.2", "3.2.3", "3.2.4", "5.1", "5.2", "6.1", "6.3", "7.1"} <= sections
