"""Fixtures of every room: above all `serve`, which runs a test on both ways to an application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any, TypeAlias

import pytest

from triode.testing import LaneClient, TestClient

Client: TypeAlias = TestClient | LaneClient
Serve: TypeAlias = Callable[..., Client]


def lane_options() -> dict[str, Any]:
    """Return what makes uvicorn use the lane; skips the test while there is none."""
    if find_spec("triode.server") is None:
        pytest.skip("the lane (triode.server) is not there yet")
    from triode.server import LaneProtocol

    return {"http": LaneProtocol}


def client_for(app: Any, way: str, **options: Any) -> Client:
    """Return a client of `app`, not yet entered; `way` is "asgi" or "lane"."""
    if way == "lane":
        return LaneClient(app, server_options=lane_options(), **options)
    return TestClient(app, raise_server_exceptions=False, **options)


@pytest.fixture(params=["asgi", "lane"])
def way(request: pytest.FixtureRequest) -> str:
    """Return how the application is reached: "asgi" in this process, "lane" over a socket."""
    return str(request.param)


@pytest.fixture
def serve(way: str) -> Iterator[Serve]:
    """Start applications and return their clients: `client = serve(app)`.

    A handler's exception is the 500 that a client would get, on both ways. Options are those of
    httpx: `headers`, `cookies`, `follow_redirects`.
    """
    with ExitStack() as stack:

        def start(app: Any, **options: Any) -> Client:
            return stack.enter_context(client_for(app, way, **options))

        yield start
