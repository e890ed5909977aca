"""What a client may ask: sizes, times and numbers; and that those who ask too much harm nobody."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from triode.app import App
from triode.errors import ConfigError
from triode.server import Limits
from triode.testing import LiveServer

from .conftest import RawClient
from .corpus import chunked, post, request

app = App(openapi_url=None)
produced: list[int] = []


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/q/{rest:path}")
async def q(rest: str) -> str:
    return rest


@app.post("/size")
async def size(request: Request) -> int:
    return len(await request.body())


@app.post("/json")
async def read_json(data: list[int]) -> int:
    return len(data)


@app.post("/unread")
async def unread() -> str:
    return "unread"


@app.get("/large")
async def large() -> Response:
    return Response(b"x" * 1_000_000)


@app.get("/endless")
async def endless() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            produced.append(1)
            yield b"x" * 10_000
            await asyncio.sleep(0)

    return StreamingResponse(parts())


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    await Response(b"%d" % len(await Request(scope, receive).body()))(scope, receive, send)


app.mount("/mounted", mounted)

TARGETS = [b"/size", b"/json", b"/mounted"]


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hundredth of a second pass for a second."""
    monkeypatch.setattr("triode.server.sweeper.INTERVAL", 0.01)


HURRIED = Limits(head_seconds=5, body_seconds=5, write_seconds=5, min_rate=100)


# --- sizes


@pytest.mark.parametrize(
    ("limits", "status", "data"),
    [
        (Limits(max_target=20), 414, request(b"/q/" + b"a" * 18)),
        (Limits(max_head=100), 431, request(lines=b"X: " + b"a" * 100 + b"\r\n")),
        (Limits(max_head=100), 431, request(lines=b"X: " + b"a" * 100)),
        (Limits(max_headers=3), 431, request(lines=b"A: b\r\n" * 3)),
        (Limits(max_body=5), 413, post(b"/size", b"123456")),
        (Limits(max_body=5), 413, post(b"/json", b"[1,2,3]")),
        (Limits(max_body=5), 413, post(b"/mounted", b"123456")),
        (Limits(max_body=5), 413, chunked(b"/size", b"6\r\n123456\r\n0\r\n\r\n")),
        (Limits(max_body=5), 413, chunked(b"/mounted", b"6\r\n123456\r\n0\r\n\r\n")),
    ],
    ids=str,
)
def test_limit_can_be_set(start: Any, limits: Limits, status: int, data: bytes) -> None:
    connect = start(app, limits=limits)
    client = connect(data)
    assert client.answer().status == status
    assert client.rest() == b""
    assert connect(request()).answer().body == b'"pong"'


def test_target_limit_holds_for_repeated_headers_too(start: Any) -> None:
    client = start(app, limits=Limits(max_target=20))(request())
    assert client.answer().status == 200
    client.send(request(b"/q/" + b"a" * 17))
    assert client.answer().status == 200
    client.send(request(b"/q/" + b"a" * 18))
    assert client.answer().status == 414


@pytest.mark.parametrize("name", ["max_target", "max_body", "head_seconds", "min_rate"])
def test_limit_that_lets_nothing_through_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Limits(**{name: 0})
    message = f"The server limit {name} is 0. It must be 1 or more. [server-limit]"
    assert str(caught.value) == message


def test_answer_to_a_body_that_is_still_being_sent_arrives(start: Any) -> None:
    client = start(app, limits=Limits(max_body=1000))()
    client.send(request(b"/size", b"Content-Length: 5000000\r\n", method=b"POST"))
    for _ in range(50):
        client.send(b"x" * 100_000)
    assert client.answer().status == 413
    assert client.rest() == b""


# --- time


def test_slow_head_is_refused(start: Any, hurry: None) -> None:
    client = start(app, limits=HURRIED)(b"GET /ping HTTP/1.1\r\nHost:")
    assert client.answer().status == 408
    assert client.rest() == b""


def test_head_in_drops_is_refused(start: Any, hurry: None) -> None:
    client = start(app, limits=HURRIED)()
    assert 3 < _drip(client, b"GET /ping HTTP/1.1\r\nHost: " + b"a" * 1000) < 60
    assert client.answer().status == 408


def test_line_breaks_before_a_request_keep_no_connection_alive(start: Any, hurry: None) -> None:
    client = start(app, timeout_keep_alive=5)()
    assert _drip(client, b"\r\n" * 500) < 60


@pytest.mark.parametrize("target", TARGETS)
def test_body_that_stops_is_refused(target: bytes, start: Any, hurry: None) -> None:
    client = start(app, limits=HURRIED)(post(target, b"[1]")[:-1])
    assert client.answer().status == 408
    assert client.rest() == b""


@pytest.mark.parametrize("target", TARGETS)
def test_body_in_drops_is_refused(target: bytes, start: Any, hurry: None) -> None:
    client = start(app, limits=HURRIED)(post(target, b" " * 10_000)[:-10_000])
    assert _drip(client, b" " * 1000) < 60
    assert client.answer().status == 408


@pytest.mark.parametrize("target", TARGETS)
def test_slow_body_of_the_least_rate_is_read(target: bytes, start: Any, hurry: None) -> None:
    limits = Limits(body_seconds=5, min_rate=1)
    client = start(app, limits=limits)(post(target, b"[1]" + b" " * 97)[:-100])
    for byte in b"[1]" + b" " * 97:
        client.send(bytes([byte]))
        time.sleep(0.005)
    assert client.answer().body in (b"100", b"1")


def test_slow_rest_of_an_answered_body_ends_the_connection(start: Any, hurry: None) -> None:
    client = start(app, limits=HURRIED)(post(b"/unread", b"abc")[:-1])
    assert client.answer().body == b'"unread"'
    assert client.rest() == b""


def test_idle_connection_is_closed(start: Any, hurry: None) -> None:
    client = start(app, timeout_keep_alive=2)(request())
    assert client.answer().body == b'"pong"'
    assert client.rest() == b""


def test_client_that_does_not_read_is_given_up(start: Any, hurry: None) -> None:
    client = start(app, limits=HURRIED)(request(b"/large") * 50)
    time.sleep(0.3)
    with pytest.raises((EOFError, ConnectionResetError)):
        [client.answer() for _ in range(50)]


def test_client_that_reads_in_drops_is_given_up(hurry: None) -> None:
    with LiveServer(app, limits=HURRIED) as server:
        client = RawClient(server.port).send(request(b"/endless"))
        for _ in range(200):
            client.socket.recv(1)
            time.sleep(0.005)
            if not server.connections:
                break
        assert server.connections == 0
        client.close()


def _drip(client: RawClient, data: bytes) -> int:
    """Send a byte a "second" until the server answers or closes; return how many it took."""
    client.socket.settimeout(0.01)
    for sent, byte in enumerate(data):
        try:
            client.send(bytes([byte]))
            client.kept += client.socket.recv(65536)
        except TimeoutError:
            continue
        except ConnectionError:
            pass
        client.socket.settimeout(5)
        return sent
    raise AssertionError("the server took every byte")


# --- attacks


@pytest.fixture
def attackers() -> Iterator[Any]:
    """Connections that send a byte every now and then: `attack(port, number, start)`."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []

    def run(own: list[socket.socket], more: bytes) -> None:
        while not stop.wait(0.05):
            for one in own:
                try:
                    one.send(more)
                except OSError:
                    continue

    def attack(port: int, number: int, begin: bytes, more: bytes) -> None:
        own = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
        for one in own:
            one.setblocking(False)
            one.send(begin)
        sockets.extend(own)
        threads.append(threading.Thread(target=run, args=(own, more)))
        threads[-1].start()

    yield attack
    stop.set()
    for thread in threads:
        thread.join()
    for one in sockets:
        one.close()


ATTACKS = {
    "head": (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"a"),
    "body": (request(b"/json", b"Content-Length: 9999\r\n", method=b"POST"), b" "),
    "stream": (request(b"/size", b"Content-Length: 9999\r\n", method=b"POST"), b" "),
    "chunks": (chunked(b"/size", b""), b"1\r\na\r\n"),
    "extensions": (chunked(b"/size", b"1;"), b"a"),
    "mounted": (request(b"/mounted", b"Content-Length: 9999\r\n", method=b"POST"), b" "),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_hundreds_of_slow_clients_hold_nobody_up(
    name: str, attackers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triode.server.guarded.LINGER_SECONDS", 1)
    limits = Limits(head_seconds=2, body_seconds=2, min_rate=1000)
    with LiveServer(app, limits=limits) as server:
        attackers(server.port, 300, *ATTACKS[name])
        took = []
        for _ in range(100):
            client = RawClient(server.port)
            began = time.monotonic()
            assert client.send(request()).answer().body == b'"pong"'
            took.append(time.monotonic() - began)
            client.close()
            time.sleep(0.02)
        time.sleep(4)
        left = server.connections
    assert sorted(took)[90] < 0.1, took
    assert left == 0


FLOODS = {
    "pipeline": request() * 40_000,
    "chunks": chunked(b"/json", b"1\r\n \r\n" * 50_000),
    "heads": request()[:-2] + b"a:\r\n" * 250_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOODS)
def test_flood_of_tiny_pieces_leaves_others_their_turn(name: str) -> None:
    with LiveServer(app) as server:
        sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        for one in sockets:
            one.setblocking(False)
            one.send(FLOODS[name])
        began = time.process_time()
        client = RawClient(server.port).send(request())
        assert client.answer().body == b'"pong"'
        # Processor time of server and client together: others on this machine do not count.
        took = time.process_time() - began
        for one in (*sockets, client.socket):
            one.close()
    assert took < 1


def test_longest_silent_connection_makes_room_for_a_new_one(start: Any) -> None:
    connect = start(app, limits=Limits(max_connections=3))
    first, *others = [connect(request()) for _ in range(3)]
    assert [client.answer().status for client in (first, *others)] == [200] * 3
    assert connect(request()).answer().body == b'"pong"'
    assert sum(client.is_open for client in (first, *others)) == 2


def test_connections_that_work_are_not_closed_for_new_ones(start: Any) -> None:
    connect = start(app, limits=Limits(max_connections=2))
    streams = [connect(request(b"/endless")) for _ in range(2)]
    assert [stream.socket.recv(10)[:9] for stream in streams] == [b"HTTP/1.1 "] * 2
    client = connect(request())
    assert client.answer().status == 503
    assert client.rest() == b""


def test_flood_of_connections_keeps_no_client_out(start: Any) -> None:
    connect = start(app, limits=Limits(max_connections=20))
    flood = [connect() for _ in range(200)]
    assert connect(request()).answer().body == b'"pong"'
    with selectors.DefaultSelector() as selector:
        for client in flood:
            selector.register(client.socket, selectors.EVENT_READ)
        assert len(selector.select(1)) >= 180


# --- back-pressure


def test_producer_waits_for_a_client_that_does_not_read(start: Any) -> None:
    produced.clear()
    client = start(app)(request(b"/endless"))
    counts = []
    for _ in range(4):
        time.sleep(0.1)
        counts.append(len(produced))
    assert counts[1] == counts[3]
    client.socket.recv(100)
    _read(client, 10_000_000)
    assert len(produced) > counts[3] + 500


def _read(client: RawClient, size: int) -> None:
    while size > 0:
        size -= len(client.socket.recv(1_000_000))
