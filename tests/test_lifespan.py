"""Start-up and shut-down of an application."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request

from triode.app import App
from triode.testing import LaneClient, TestClient


def open_client(app: App, way: str) -> Any:
    return LaneClient(app) if way == "lane" else TestClient(app)


def test_hooks_run_around_the_lifespan_and_in_reverse_at_the_end(way: str) -> None:
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        events.append("lifespan in")
        yield
        events.append("lifespan out")

    app = App(openapi_url=None, lifespan=lifespan)
    for name in ("a", "b"):
        app.add_startup(lambda name=name: events.append(f"start {name}"))
        app.add_shutdown(lambda name=name: events.append(f"stop {name}"))
    with open_client(app, way):
        events.append("serving")
    assert events == [
        "start a", "start b", "lifespan in", "serving", "lifespan out", "stop b", "stop a",
    ]  # fmt: skip


def test_failing_shutdown_hook_does_not_keep_others_from_running(way: str) -> None:
    events: list[str] = []
    app = App(openapi_url=None)

    async def fail() -> None:
        raise LookupError("lost")

    app.add_shutdown(lambda: events.append("first"))
    app.add_shutdown(fail)
    app.add_shutdown(lambda: events.append("last"))
    with pytest.raises(LookupError, match="lost"), open_client(app, way):
        pass
    assert events == ["last", "first"]


def test_mistake_in_the_routes_is_found_at_the_start(way: str) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/{a}", lambda a: a)
    app.add_api_route("/{b}", lambda b: b)
    with pytest.raises(Exception, match="is already taken"), open_client(app, way):
        pass


def test_lifespan_runs_again(way: str) -> None:
    events: list[str] = []
    app = App(openapi_url=None)
    app.add_startup(lambda: events.append("start"))
    for _ in range(2):
        with open_client(app, way) as client:
            assert client.get("/nowhere").status_code == 404
    assert events == ["start", "start"]


def test_state_of_one_request_is_not_that_of_another(way: str) -> None:
    @contextlib.asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[dict[str, Any]]:
        yield {"shared": []}

    app = App(openapi_url=None, lifespan=lifespan)

    @app.get("/")
    async def count(request: Request) -> list[Any]:
        request.state.shared.append(1)
        seen = getattr(request.state, "own", None)
        request.state.own = "mine"
        return [len(request.state.shared), seen]

    with open_client(app, way) as client:
        assert [client.get("/").json(), client.get("/").json()] == [[1, None], [2, None]]
