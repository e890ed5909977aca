"""A client that writes bytes to the lane and reads whole responses from it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple, TypeAlias

import pytest

from triode.app import App
from triode.testing import LiveServer


class Answer(NamedTuple):
    """One response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """One connection."""

    def __init__(self, port: int, *, timeout: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.kept = b""

    def send(self, data: bytes) -> RawClient:
        self.socket.sendall(data)
        return self

    def _more(self) -> bool:
        data = self.socket.recv(65536)
        self.kept += data
        return bool(data)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.kept:
            if not self._more():
                raise EOFError(self.kept)
        found, _, self.kept = self.kept.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self.kept) < size:
            if not self._more():
                raise EOFError(self.kept)
        found, self.kept = self.kept[:size], self.kept[size:]
        return found

    def answer(self, *, head_only: bool = False) -> Answer:
        """Return the next response."""
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        assert len({name for name, _ in pairs}) == len(pairs), lines
        headers = dict(pairs)
        status = int(first.split(" ")[1])
        if head_only or status in (100, 204, 304):
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self._chunks())
        if "content-length" in headers:
            return Answer(status, headers, self._exactly(int(headers["content-length"])))
        return Answer(status, headers, self.rest())

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._until(b"\r\n"), 16):
            body += self._exactly(size + 2)[:-2]
        self._until(b"\r\n")
        return body

    def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        found, self.kept = self.kept, b""
        return found

    @property
    def is_open(self) -> bool:
        """Whether a further request on this connection is answered."""
        try:
            self.send(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
            return self.answer().body == b'"pong"'
        except (EOFError, ConnectionError):
            return False

    def close(self) -> None:
        self.socket.close()


Connect: TypeAlias = Callable[..., RawClient]


@pytest.fixture
def start() -> Iterator[Callable[..., Connect]]:
    """Serve an application on the lane: `connect = start(app, **server_options)`."""
    with ExitStack() as stack:

        def start_server(app: App, **options: Any) -> Connect:
            server = stack.enter_context(LiveServer(app, **options))

            def connect(data: bytes = b"", *, timeout: float = 5.0) -> RawClient:
                client = RawClient(server.port, timeout=timeout)
                stack.callback(client.close)
                return client.send(data)

            return connect

        yield start_server


@pytest.fixture(scope="module")
def live() -> Iterator[Callable[[App], Connect]]:
    """Serve an application for all tests of a module; each connection is closed at its end."""
    with ExitStack() as stack:
        servers: dict[int, LiveServer] = {}

        def serve_once(app: App) -> Connect:
            if id(app) not in servers:
                servers[id(app)] = stack.enter_context(LiveServer(app))
            port = servers[id(app)].port

            def connect(data: bytes = b"", *, timeout: float = 5.0) -> RawClient:
                client = RawClient(port, timeout=timeout)
                stack.callback(client.close)
                return client.send(data)

            return connect

        yield serve_once
