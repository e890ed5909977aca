"""Responses that stream a query: a client that leaves gives the connection back."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterable, Iterable

import pytest

from tests.conftest import eventually
from tests.db.models import Team
from tests.db.test_interruptions import connections_in_use
from tests.db.test_streaming import fill
from triode.app import App
from triode.db import Database
from triode.responses import StreamingResponse
from triode.testing import LiveServer

PADDING = "x" * 2000


@pytest.fixture
def app(database: Database) -> App:
    database.make_default()  # the server has a thread of its own
    made = App()

    @made.get("/lines")
    async def lines() -> AsyncIterable[str]:
        async for team in Team.order_by(Team.id):
            yield team.name + PADDING

    @made.get("/plain", response_class=StreamingResponse)
    def plain() -> Iterable[str]:
        for team in Team.order_by(Team.id):
            yield team.name + PADDING

    return made


def leave_early(url: str, path: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", ["/lines", "/plain"])
def test_client_that_leaves_gives_the_connection_back(
    database: Database, app: App, path: str
) -> None:
    fill(database, 5000)
    with LiveServer(app) as server:
        for _ in range(12):  # more than the pool has
            leave_early(server.url, path)
        assert eventually(lambda: connections_in_use(database), 0) == 0
