"""Streams on a real connection: framing, HTTP/1.0, lengths, and a real EventSource."""

import asyncio
import socket
import time
from collections.abc import AsyncIterable
from typing import Annotated, Any

import pytest

from triode.app import App
from triode.binding.markers import Header
from triode.responses import EventSourceResponse, HTMLResponse, StreamingResponse
from triode.sse import ServerSentEvent
from triode.testing import LaneClient

PAGE = """<!doctype html><title>events</title><pre></pre><script>
const source = new EventSource("/events");
const write = (text) => document.querySelector("pre").append(text + "\\n");
source.onopen = () => write("open");
source.onmessage = (event) => write(event.lastEventId + " " + JSON.parse(event.data).text);
source.addEventListener("bye", () => { write("bye"); source.close(); document.title = "done"; });
</script>"""


def raw_answer(port: int, request: bytes) -> bytes:
    """Return all that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer


def app_with(response: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route("/", lambda: response())
    return app


def get(version: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET / HTTP/{version}", "Host: a", *lines, "", ""]).encode()


def test_chunks_are_framed() -> None:
    with LaneClient(app_with(lambda: StreamingResponse(["ab", "", "c" * 20]))) as client:
        answer = raw_answer(client.server.port, get("1.1", "Connection: close"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.endswith(b"connection: close")
    assert b"transfer-encoding: chunked" in head
    assert b"".join(body.split(b"\r\n")[1::2]) == b"ab" + b"c" * 20
    assert body.endswith(b"\r\n0\r\n\r\n")


def test_http_1_0_client_gets_no_chunks() -> None:
    with LaneClient(app_with(lambda: StreamingResponse(["ab", "c"]))) as client:
        head, _, body = raw_answer(client.server.port, get("1.0")).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == b"abc"


def test_length_that_is_given_is_kept() -> None:
    def response() -> StreamingResponse:
        return StreamingResponse(["ab", "c"], headers={"Content-Length": "3"})

    with LaneClient(app_with(response)) as client:
        answer = client.get("/")
        assert (answer.content, "transfer-encoding" in answer.headers) == (b"abc", False)
        assert client.get("/").content == b"abc"


@pytest.mark.parametrize("length", ["2", "4"])
def test_length_that_is_wrong_ends_the_connection(
    length: str, caplog: pytest.LogCaptureFixture
) -> None:
    def response() -> StreamingResponse:
        return StreamingResponse(["ab", "c"], headers={"Content-Length": length})

    with LaneClient(app_with(response)) as client:
        raw_answer(client.server.port, get("1.1"))
    assert "BodyMismatchError" in caplog.text


def test_connection_serves_on_after_a_stream() -> None:
    with LaneClient(app_with(lambda: StreamingResponse(["a"]))) as client:
        request = get("1.1") * 2 + get("1.1", "Connection: close")
        assert raw_answer(client.server.port, request).count(b"1\r\na\r\n0\r\n\r\n") == 3


def test_header_of_a_stream_cannot_hold_a_line_end(caplog: pytest.LogCaptureFixture) -> None:
    def response() -> StreamingResponse:
        return StreamingResponse(["a"], headers={"X-A": "b\r\nX-Evil: c"})

    with LaneClient(app_with(response)) as client:
        answer = client.get("/")
    assert (answer.status_code, "x-evil" in answer.headers) == (500, False)


def test_event_stream_ends_well_when_the_server_does() -> None:
    cleaned_up: list[bool] = []

    async def endless() -> AsyncIterable[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0.01)
        finally:
            cleaned_up.append(True)

    app = App(openapi_url=None)
    app.add_api_route("/", endless, response_class=EventSourceResponse)
    with LaneClient(app) as client:
        connection = socket.create_connection(("127.0.0.1", client.server.port), timeout=5)
        connection.sendall(get("1.1"))
        answer = connection.recv(65536)
        began = time.monotonic()
    with connection:
        while data := connection.recv(65536):
            answer += data
    assert time.monotonic() - began < 2
    assert answer.endswith(b"\r\n0\r\n\r\n")
    assert cleaned_up == [True]


@pytest.mark.browser
def test_event_source_comes_back_where_it_was(chromium: Any) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/", lambda: HTMLResponse(PAGE))

    async def events(
        last_event_id: Annotated[int, Header()] = 0,
    ) -> AsyncIterable[ServerSentEvent]:
        if last_event_id == 4:
            yield ServerSentEvent(data=None, raw_data="", event="bye")
            return
        for number in range(last_event_id + 1, last_event_id + 3):
            yield ServerSentEvent(data={"text": "a\nb"}, id=str(number), retry=10)
            await asyncio.sleep(0.01)

    app.add_api_route("/events", events, response_class=EventSourceResponse)
    with LaneClient(app) as client:
        chromium.get(client.server.url)
        for _ in range(100):
            if chromium.title == "done":
                break
            time.sleep(0.05)
        text = chromium.find_element("tag name", "pre").text
    assert text.split("\n") == [
        "open", "1 a", "b", "2 a", "b", "open", "3 a", "b", "4 a", "b", "open", "bye",
    ]  # fmt: skip
