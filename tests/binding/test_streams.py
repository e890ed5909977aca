"""Handlers with `yield`: JSON Lines, server-sent events, text and bytes."""

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import httpx2
import msgspec
import pydantic
import pytest

from triode.app import App
from triode.binding.markers import Depends
from triode.http import HTTPException
from triode.responses import EventSourceResponse, HTMLResponse, Response, StreamingResponse
from triode.sse import ServerSentEvent
from triode.testing import LaneClient


class Public(msgspec.Struct):
    name: str


class Private(Public):
    password: str = "secret"


class Item(pydantic.BaseModel):
    name: str
    price: float | None = None


async def typed() -> AsyncIterable[Public]:
    yield Private("a")
    yield {"name": "b", "password": "c"}  # type: ignore[misc]


def typed_in_a_thread() -> Iterable[Public]:
    yield Private("a")
    yield Public("b")


async def untyped():  # type: ignore[no-untyped-def]
    yield Item(name="a", price=1)
    yield None


def app_with(handler: Any, **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route("/", handler, **options)
    return app


@pytest.mark.parametrize(
    ("handler", "body"),
    [
        (typed, b'{"name":"a"}\n{"name":"b"}\n'),
        (typed_in_a_thread, b'{"name":"a"}\n{"name":"b"}\n'),
        (untyped, b'{"name":"a","price":1.0}\nnull\n'),
    ],
)
def test_json_lines(serve: Any, handler: Any, body: bytes) -> None:
    response = serve(app_with(handler, status_code=201)).get("/")
    assert (response.status_code, response.headers["content-type"], response.content) == (
        201,
        "application/jsonl",
        body,
    )


def test_trimmed_json_lines(serve: Any) -> None:
    async def handler() -> AsyncIterable[Item]:
        yield Item(name="a")

    assert serve(app_with(handler, response_model_exclude_none=True)).get("/").text == (
        '{"name":"a"}\n'
    )


def test_server_sent_events(serve: Any) -> None:
    async def handler() -> AsyncIterable[Public]:
        yield Private("a")
        yield ServerSentEvent(  # type: ignore[misc]
            data={"a": 1}, event="e", id="7", retry=5, comment="c\r\nd"
        )
        yield ServerSentEvent(raw_data="x\ny\rz\u2028")  # type: ignore[misc]

    response = serve(app_with(handler, response_class=EventSourceResponse)).get("/")
    assert response.content.decode() == (
        'data: {"name":"a"}\n\n'
        ': c\n: d\nevent: e\ndata: {"a":1}\nid: 7\nretry: 5\n\n'
        "data: x\ndata: y\ndata: z\u2028\n\n"
    )
    assert {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
    }.items() <= dict(response.headers).items()


@pytest.mark.parametrize("chunk", ["é\n", "é\n".encode(), bytearray("é\n".encode())])
def test_text_and_bytes(serve: Any, chunk: Any) -> None:
    async def handler():  # type: ignore[no-untyped-def]
        yield chunk
        yield ""
        yield chunk

    response = serve(app_with(handler, response_class=StreamingResponse)).get("/")
    assert (response.text, "content-type" in response.headers) == ("é\né\n", False)


def test_class_of_text_gives_the_media_type(serve: Any) -> None:
    def handler() -> Iterable[str]:
        yield "<p>"

    response = serve(app_with(handler, response_class=HTMLResponse)).get("/")
    assert (response.text, response.headers["content-type"]) == (
        "<p>",
        "text/html; charset=utf-8",
    )


def test_error_before_the_first_item_is_answered(serve: Any) -> None:
    async def handler() -> AsyncIterable[int]:
        await asyncio.sleep(0)
        raise HTTPException(404, "no such list")
        yield 1

    response = serve(app_with(handler)).get("/")
    assert (response.status_code, response.json()) == (404, {"detail": "no such list"})


def test_wrong_first_item_is_a_500(serve: Any) -> None:
    def handler() -> Iterable[int]:
        yield "no number"  # type: ignore[misc]

    assert serve(app_with(handler)).get("/").status_code == 500


def test_dependency_sets_status_and_headers(serve: Any) -> None:
    def dependency(response: Response) -> None:
        response.status_code = 202
        response.headers["X-A"] = "b"

    async def handler(_: Annotated[None, Depends(dependency)]) -> AsyncIterable[int]:
        yield 1

    response = serve(app_with(handler)).get("/")
    assert (response.status_code, response.headers["x-a"], response.text) == (202, "b", "1\n")


variable: ContextVar[str] = ContextVar("variable", default="unset")


def test_dependencies_stay_open_until_the_stream_has_ended(serve: Any) -> None:
    log: list[str] = []

    async def dependency() -> AsyncIterator[str]:
        token = variable.set("set")
        try:
            async with asyncio.timeout(10):
                yield "value"
        finally:
            variable.reset(token)
            log.append("closed")

    async def handler(value: Annotated[str, Depends(dependency)]) -> AsyncIterable[str]:
        for _ in range(2):
            yield f"{value} {variable.get()}"
            await asyncio.sleep(0.01)
        log.append("ended")

    assert serve(app_with(handler)).get("/").text == '"value set"\n"value set"\n'
    wait_for(lambda: log == ["ended", "closed"])


def test_dependency_sees_the_error_of_the_stream(serve: Any) -> None:
    log: list[str] = []

    async def dependency() -> AsyncIterator[None]:
        try:
            yield
        except KeyError as exc:
            log.append(repr(exc))
            raise

    async def handler(_: Annotated[None, Depends(dependency)]) -> AsyncIterable[int]:
        yield 1
        raise KeyError("broken")

    read_cut_response(serve(app_with(handler)))
    wait_for(lambda: log == ["KeyError('broken')"])


def test_error_in_the_middle_cuts_the_connection(
    serve: Any, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    def handler() -> Iterable[int]:
        yield 1
        time.sleep(0.02)
        raise KeyError("broken")

    body, is_cut = read_cut_response(serve(app_with(handler)))
    assert (body, is_cut) == (b"1\n", way == "lane")  # in-process ASGI has no connection to cut
    if way == "lane":
        assert "Exception in GET /" in caplog.text
        assert "KeyError: 'broken'" in caplog.text


def read_cut_response(client: Any) -> tuple[bytes, bool]:
    """Return the body as far as it came, and whether the connection broke."""
    body = b""
    try:
        with client.stream("GET", "/") as response:
            for chunk in response.iter_raw():
                body += chunk
    except httpx2.RemoteProtocolError:
        return body, True
    return body, False


def wait_for(is_true: Any) -> None:
    end = time.monotonic() + 3
    while not is_true() and time.monotonic() < end:
        time.sleep(0.005)
    assert is_true()


def test_head_runs_the_dependencies_and_not_the_generator(serve: Any) -> None:
    log: list[str] = []

    @asynccontextmanager
    async def unused() -> AsyncIterator[None]:
        yield

    async def dependency() -> AsyncIterator[None]:
        log.append("opened")
        yield
        log.append("closed")

    async def handler(_: Annotated[None, Depends(dependency)]) -> AsyncIterable[int]:
        log.append("ran")
        yield 1

    response = serve(app_with(handler)).head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert "content-length" not in response.headers
    wait_for(lambda: log == ["opened", "closed"])


@pytest.mark.parametrize("is_async", [True, False])
def test_client_that_leaves_stops_the_generator(is_async: bool) -> None:
    ended = threading.Event()

    async def forever() -> AsyncIterable[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0.001)
        finally:
            ended.set()

    def forever_in_a_thread() -> Iterable[int]:
        try:
            while True:
                yield 1
                time.sleep(0.001)
        finally:
            ended.set()

    with LaneClient(app_with(forever if is_async else forever_in_a_thread)) as client:
        with client.stream("GET", "/") as response:
            next(response.iter_raw())
        assert ended.wait(3)


@pytest.mark.parametrize("is_async", [True, False])
def test_generator_waits_for_a_client_that_reads_nothing(is_async: bool) -> None:
    made: list[int] = []

    async def endless() -> AsyncIterable[bytes]:
        while True:
            made.append(1)
            yield bytes(10_000)

    def endless_in_a_thread() -> Iterable[bytes]:
        while True:
            made.append(1)
            yield bytes(10_000)

    handler = endless if is_async else endless_in_a_thread
    app = app_with(handler, response_class=StreamingResponse)
    app.add_api_route("/other", lambda: "here")
    with LaneClient(app) as client, client.stream("GET", "/") as response:
        next(response.iter_raw())
        time.sleep(0.1)
        before = len(made)
        assert client.get("/other").json() == "here"
        time.sleep(0.1)
        assert len(made) - before <= 1
        assert before < 1500  # what the sockets of both sides hold, and what runs ahead


def test_returned_streaming_response_runs_plain_iterators_in_a_thread(serve: Any) -> None:
    threads: set[str] = set()

    def parts() -> Iterable[str]:
        for part in "abc":
            threads.add(threading.current_thread().name)
            yield part

    async def handler() -> StreamingResponse:
        return StreamingResponse(parts(), media_type="text/plain")

    assert serve(app_with(handler)).get("/").text == "abc"
    assert threads == {"triode-worker"}


def test_silent_event_stream_is_kept_alive(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventSourceResponse, "silence_seconds", 0.05)

    async def handler():  # type: ignore[no-untyped-def]
        yield 1
        await asyncio.sleep(0.2)
        yield 2

    text = serve(app_with(handler, response_class=EventSourceResponse)).get("/").text
    assert text.startswith("data: 1\n\n: ping\n\n")
    assert text.endswith(": ping\n\ndata: 2\n\n")


def test_wrong_chunk_says_what_to_do(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def handler():  # type: ignore[no-untyped-def]
        yield {"a": 1}

    client = serve(app_with(handler, response_class=StreamingResponse))
    assert client.get("/").status_code == 500


@pytest.mark.parametrize("is_async", [True, False])
def test_clean_up_of_a_stream_may_use_its_dependencies(is_async: bool) -> None:
    log: list[str] = []

    async def connection() -> AsyncIterator[list[str]]:
        log.append("opened")
        yield log
        log.append("closed")

    async def forever(log: Annotated[list[str], Depends(connection)]) -> AsyncIterable[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0.02)
            log.append("cleaned up")

    def forever_in_a_thread(log: Annotated[list[str], Depends(connection)]) -> Iterable[int]:
        try:
            while True:
                yield 1
                time.sleep(0.001)
        finally:
            time.sleep(0.02)
            log.append("cleaned up")

    with LaneClient(app_with(forever if is_async else forever_in_a_thread)) as client:
        with client.stream("GET", "/") as response:
            next(response.iter_raw())
        wait_for(lambda: len(log) == 3)
    assert log == ["opened", "cleaned up", "closed"]
