"""What a connection leaves behind: nothing."""

from __future__ import annotations

import gc
from typing import Any

from tests.conftest import eventually
from triode.app import App
from triode.server.lane import LaneProtocol

app = App(openapi_url=None)


@app.get("/")
async def home() -> str:
    return "hello"


def connections() -> int:
    gc.collect()
    return sum(isinstance(each, LaneProtocol) for each in gc.get_objects())


def test_a_closed_connection_is_freed(start: Any) -> None:
    connect = start(app)
    before = connections()
    for _ in range(30):
        client = connect(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.rest().endswith(b'"hello"')
        client.close()
    # The last request of all may stay, until the next one comes.
    assert eventually(lambda: connections() - before <= 1, True) is True
