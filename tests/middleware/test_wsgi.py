"""WSGI applications inside: what they see of a request, and how their bodies travel."""

from __future__ import annotations

import sys
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from triode.app import App
from triode.middleware.environ import build_environ
from triode.middleware.wsgi import WSGIMiddleware, is_wsgi
from triode.testing import TestClient

MEGABYTE = 1024 * 1024


def mounted(wsgi: Any, path: str = "/old") -> App:
    app = App(openapi_url=None)
    app.mount(path, wsgi)
    return app


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer what the query string asks of the environ."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(environ.get(environ["QUERY_STRING"])).encode()]


# --- what is a WSGI application


def test_wsgi_is_recognised() -> None:
    class Application:
        def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
            return []

    async def asgi(scope: Any, receive: Any, send: Any) -> None: ...

    async def of_two(scope: Any, receive: Any) -> None: ...

    assert [is_wsgi(given) for given in (echo, Application())] == [True, True]
    others = [asgi, of_two, Application, App(), WSGIMiddleware(echo), lambda *given: None, 3]
    assert [is_wsgi(other) for other in others] == [False] * len(others)


# --- the environ


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/old/a%20b/%C3%A9", "PATH_INFO", "/a b/Ã©"),
        ("/old/%FF", "PATH_INFO", "/ÿ"),
        ("/old/a%2Fb", "PATH_INFO", "/a/b"),
        ("/old/a%20b", "SCRIPT_NAME", "/old"),
        ("/old/a%20b", "REQUEST_URI", "/old/a%20b?REQUEST_URI"),
        ("/old/", "PATH_INFO", "/"),
        ("/old/a", "REQUEST_METHOD", "GET"),
        ("/old/a", "SERVER_PROTOCOL", "HTTP/1.1"),
        ("/old/a", "wsgi.url_scheme", "http"),
        ("/old/a", "CONTENT_LENGTH", None),
    ],
)
def test_environ(serve: Any, path: str, name: str, value: Any) -> None:
    assert serve(mounted(echo)).get(f"{path}?{name}").text == repr(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_X_TOKEN", "'a'"),
        ("HTTP_X_TWICE", "'a, b'"),
        ("HTTP_COOKIE", "'a=1; b=2'"),
        ("HTTP_PROXY", "None"),
        ("CONTENT_TYPE", "'text/x'"),
        ("HTTP_CONTENT_TYPE", "None"),
    ],
)
def test_headers(serve: Any, name: str, value: str) -> None:
    headers = [
        ("X-Token", "a"),
        ("X_Token", "forged"),
        ("X-Twice", "a"),
        ("X-Twice", "b"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("Proxy", "http://evil.example"),
        ("Content-Type", "text/x"),
    ]
    assert serve(mounted(echo)).get(f"/old/?{name}", headers=headers).text == value


def test_environ_without_what_a_server_may_leave_out() -> None:
    scope = {"type": "http", "method": "GET", "path": "/a/é", "root_path": "/a", "headers": []}
    environ = build_environ(scope, None)
    names = ("SCRIPT_NAME", "PATH_INFO", "SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR")
    assert [environ[name] for name in names] == ["/a", "/Ã©", "localhost", "80", ""]


def test_root_path_that_is_no_prefix_of_the_path() -> None:
    scope = {"type": "http", "method": "GET", "path": "/ab", "root_path": "/a", "headers": []}
    assert build_environ(scope, None)["PATH_INFO"] == "/ab"


# --- bodies


def read_all(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"]
    parts = [body.readline(), body.read(3), *body]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(parts).encode()]


def test_body_is_read_as_a_file(serve: Any) -> None:
    client = serve(mounted(read_all))
    found = client.post("/old/", content=b"one\ntwothree\nfour").text
    assert found == repr([b"one\n", b"two", b"three\n", b"four"])
    assert client.post("/old/").text == repr([b"", b""])


def test_body_without_a_length(serve: Any) -> None:
    parts = iter([b"one\ntw", b"o", b"three"])
    found = serve(mounted(read_all)).post("/old/", content=parts).text
    assert found == repr([b"one\n", b"two", b"three"])


def test_bodies_are_streamed_in_bounded_memory(serve: Any) -> None:
    peak = 0

    def there_and_back(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        nonlocal peak
        size = 0
        while chunk := environ["wsgi.input"].read(65536):
            size += len(chunk)
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        for _ in range(size // 65536):
            yield b"x" * 65536
        peak = tracemalloc.get_traced_memory()[1]

    app = App(openapi_url=None, max_body_size=None)
    app.mount("/", there_and_back)
    if type(client := serve(app)) is TestClient:
        pytest.skip("the test client itself holds both bodies whole")
    size = 0
    tracemalloc.start()
    try:
        parts = (b"x" * 65536 for _ in range(16 * 32))
        with client.stream("POST", "/", content=parts) as response:
            for part in response.iter_bytes():
                size += len(part)
    finally:
        tracemalloc.stop()
    assert size == 32 * MEGABYTE
    assert peak < 8 * MEGABYTE


def test_response_is_sent_as_it_is_made(serve: Any) -> None:
    goes_on = threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        assert goes_on.wait(5)
        yield b"second"

    if type(client := serve(mounted(slow))) is TestClient:
        pytest.skip("the test client waits for the whole response")
    with client.stream("GET", "/old/") as response:
        parts = response.iter_bytes()
        assert next(parts) == b"first"
        goes_on.set()
        assert b"".join(parts) == b"second"


def test_client_that_leaves_ends_the_response(serve: Any) -> None:
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 65536

        def close(self) -> None:
            closed.set()

    def endless(environ: dict[str, Any], start_response: Any) -> Endless:
        start_response("200 OK", [])
        return Endless()

    if type(client := serve(mounted(endless))) is TestClient:
        pytest.skip("the test client waits for the whole response")
    with client.stream("GET", "/old/") as response:
        next(response.iter_bytes())
    assert closed.wait(5)


def test_requests_are_served_side_by_side(serve: Any) -> None:
    barrier = threading.Barrier(3, timeout=5)

    def meet(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        barrier.wait()
        start_response("200 OK", [])
        return [b"met"]

    client = serve(mounted(meet))
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.get("/old/").text)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["met"] * 3


# --- start_response


def test_headers_and_write(serve: Any) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        write = start_response("201 Created", headers)
        write(b"written ")
        return [b"", b"returned"]

    response = serve(mounted(app)).get("/old/")
    assert (response.status_code, response.text) == (201, "written returned")
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_error_before_the_body_replaces_the_head(serve: Any) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-First", "1")])
        try:
            raise LookupError
        except LookupError:
            start_response("503 Sorry", [("X-Second", "2")], sys.exc_info())
        return [b"sorry"]

    response = serve(mounted(app)).get("/old/")
    assert (response.status_code, response.text) == (503, "sorry")
    assert "x-first" not in response.headers


def raising(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise LookupError("lost")


def twice(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def silent(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return [b"body"]


def hopping(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Connection", "close")])
    return []


def splitting(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("X-A", "b\r\nSet-Cookie: c=d")])
    return []


def without_reason(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("OK", [])
    return []


@pytest.mark.parametrize("app", [raising, twice, silent, hopping, splitting, without_reason])
def test_broken_application_is_a_500(serve: Any, app: Any) -> None:
    response = serve(mounted(app)).get("/old/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_websocket_is_refused(serve: Any) -> None:
    client = serve(mounted(echo))
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/old/"):
        pass
