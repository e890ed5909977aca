"""Background tasks: when they run, in which order, and what becomes of their errors."""

import logging
import threading
from typing import Annotated, Any

import pytest
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response, StreamingResponse

from tests.conftest import client_for
from triode.app import App
from triode.binding import BackgroundTasks
from triode.binding.markers import Depends
from triode.testing import LaneClient


def make_app() -> App:
    return App(openapi_url=None)


def test_tasks_run_in_order_after_the_response(way: str) -> None:
    events: list[str] = []
    app = make_app()

    async def later(name: str) -> None:
        events.append(name)

    def noted(tasks: BackgroundTasks) -> None:
        tasks.add_task(events.append, "dependency")

    @app.get("/")
    async def work(tasks: BackgroundTasks, _: Annotated[None, Depends(noted)]) -> str:
        tasks.add_task(later, name="async")
        tasks.add_task(events.append, "plain")
        events.append("handler")
        return "done"

    with client_for(app, way) as client:
        assert client.get("/").json() == "done"
    assert events == ["handler", "dependency", "async", "plain"]


def of_response(task: Any) -> Response:
    return JSONResponse("done", background=task)


def of_stream(task: Any) -> Response:
    return StreamingResponse(iter([b'"done"']), background=task)


@pytest.mark.parametrize("make", [of_response, of_stream])
def test_tasks_of_the_response_and_of_the_handler(way: str, make: Any) -> None:
    events: list[str] = []
    app = make_app()

    @app.get("/")
    async def work(tasks: BackgroundTasks) -> Any:
        tasks.add_task(events.append, "handler's")
        return make(BackgroundTask(events.append, "response's"))

    with client_for(app, way) as client:
        assert client.get("/").json() == "done"
    assert sorted(events) == ["handler's", "response's"]


def test_errors_are_logged_and_keep_nobody_from_running(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[str] = []
    app = make_app()

    def fail(word: str) -> None:
        raise LookupError(word)

    @app.get("/")
    async def work(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail, "first")
        tasks.add_task(fail, "second")
        tasks.add_task(events.append, "third")
        return "done"

    caplog.set_level(logging.ERROR)
    with client_for(app, way) as client:
        assert client.get("/").json() == "done"
    assert events == ["third"]
    told = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    wanted = ["second"] if way == "asgi" else ["second", "first"]  # the test client has the first
    assert told == wanted


@pytest.mark.parametrize("way", ["asgi"])
def test_test_client_raises_the_error_of_a_task(way: str) -> None:
    app = make_app()

    def fail() -> None:
        raise LookupError("lost")

    @app.get("/")
    async def work(tasks: BackgroundTasks) -> None:
        tasks.add_task(fail)

    with client_for(app, way) as client:
        client._transport.raise_server_exceptions = True  # type: ignore[union-attr]
        with pytest.raises(LookupError, match="lost"):
            client.get("/")


def test_tasks_run_though_the_client_has_left() -> None:
    begun, left, done = threading.Event(), threading.Event(), threading.Event()
    app = make_app()

    @app.get("/")
    def work(tasks: BackgroundTasks) -> str:
        tasks.add_task(done.set)
        begun.set()
        left.wait(5)
        return "done"

    with LaneClient(app) as client:
        threading.Thread(target=lambda: _give_up(str(client.base_url)), daemon=True).start()
        assert begun.wait(5)
        left.wait(1)  # the client waits for half a second
        left.set()
        assert done.wait(5)


def _give_up(url: str) -> None:
    import httpx2

    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(url, timeout=0.3, trust_env=False)


def test_shutdown_waits_for_tasks() -> None:
    begun, events = threading.Event(), []
    app = make_app()

    def slow() -> None:
        begun.set()
        threading.Event().wait(0.3)
        events.append("task")

    @app.get("/")
    async def work(tasks: BackgroundTasks) -> str:
        tasks.add_task(slow)
        return "done"

    app.add_shutdown(lambda: events.append("shutdown"))
    with LaneClient(app) as client:
        client.get("/")
        assert begun.wait(5)
    assert events == ["task", "shutdown"]
