"""Handlers whose time is over."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from triode.app import App
from triode.errors import ConfigError
from triode.middleware import Middleware
from triode.middleware.timeout import RequestTimeout, TimeoutMiddleware

SHORT = 0.25


def app_with(**options: Any) -> App:
    app = App()
    app.add_middleware(TimeoutMiddleware, **{"seconds": SHORT, **options})

    @app.get("/quick")
    async def quick() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return "quick"

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    return app


def test_a_slow_handler_is_cancelled(serve: Any) -> None:
    app = app_with()
    ended = []

    @app.get("/watched")
    async def watched() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    client = serve(app)
    response = client.get("/watched")
    assert (response.status_code, response.json()) == (
        503,
        {"detail": "The server did not answer within 0.25 seconds."},
    )
    assert ended == ["cancelled"]
    assert client.get("/quick").json() == "quick"


def test_the_status_may_be_that_of_a_gateway(serve: Any) -> None:
    assert serve(app_with(status_code=504)).get("/slow").status_code == 504


def test_a_route_may_have_more_time_or_none_at_all(serve: Any) -> None:
    app = app_with()

    async def late() -> str:
        await asyncio.sleep(3 * SHORT)
        return "late"

    for path, seconds in (("/longer", 10), ("/endless", None)):
        own = Middleware(TimeoutMiddleware, seconds=seconds)
        app.add_api_route(path, late, middleware=[own])
    client = serve(app)
    assert [client.get(path).json() for path in ("/longer", "/endless")] == ["late", "late"]


def test_a_handler_that_spins_between_its_waits_is_ended(serve: Any) -> None:
    app = app_with()

    @app.get("/")
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    assert serve(app).get("/").status_code == 503


def test_a_handler_may_clean_up(serve: Any) -> None:
    app = app_with()
    steps = []

    @app.get("/")
    async def careful() -> None:
        try:
            async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(20))
                await asyncio.sleep(20)
        finally:
            await asyncio.sleep(0.01)
            steps.append("cleaned up")

    assert serve(app).get("/").status_code == 503
    assert steps == ["cleaned up"]


def test_a_handlers_own_timeout_is_its_own(serve: Any) -> None:
    app = app_with(seconds=10)

    @app.get("/")
    async def impatient() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(20)
        except TimeoutError:
            return "own"
        return "none"

    assert serve(app).get("/").json() == "own"


def test_a_thread_runs_on_but_what_waits_for_one_never_begins(serve: Any) -> None:
    app = app_with(seconds=0.2)
    done, gate = [], threading.Event()

    @app.get("/thread")
    def blocking() -> str:
        gate.wait(5)
        done.append("ran on")
        return "late"

    client = serve(app)
    assert client.get("/thread").status_code == 503
    assert done == []
    gate.set()
    deadline = time.monotonic() + 5
    while not done and time.monotonic() < deadline:
        time.sleep(0.01)
    assert done == ["ran on"]


def pass_on(app: Any) -> Any:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return serve


def test_what_is_mounted_or_foreign_is_timed_as_well(serve: Any) -> None:
    below = app_with(seconds=None)
    app = app_with()
    app.mount("/below", below)
    foreign = App(middleware=[Middleware(TimeoutMiddleware, seconds=SHORT), Middleware(pass_on)])
    foreign.mount("/below", below)
    for client in (serve(app), serve(foreign)):
        assert client.get("/below/quick").json() == "quick"
        response = client.get("/below/slow")
        assert (response.status_code, response.json()) == (
            503,
            {"detail": "The server did not answer within 0.25 seconds."},
        )


def test_a_stream_may_last(serve: Any) -> None:
    app = app_with()

    async def parts() -> Any:
        for part in ("a", "b"):
            await asyncio.sleep(2 * SHORT)
            yield part

    app.add_api_route("/", lambda: StreamingResponse(parts()))
    assert serve(app).get("/").text == "ab"


def test_an_exception_handler_may_answer(serve: Any) -> None:
    app = app_with()

    @app.exception_handler(RequestTimeout)
    async def sorry(request: Request, exc: RequestTimeout) -> JSONResponse:
        return JSONResponse({"sorry": True}, exc.status_code)

    response = serve(app).get("/slow")
    assert (response.status_code, response.json()) == (503, {"sorry": True})


@pytest.mark.parametrize("options", [{"seconds": 0}, {"seconds": -1}, {"status_code": 500}])
def test_an_option_that_cannot_work_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        TimeoutMiddleware(**options)
    assert caught.value.code == "timeout"
