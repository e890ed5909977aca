"""Plain functions: on which thread they run, in how many hops, and what they see."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from tests.conftest import eventually
from triode.app import App
from triode.binding import BackgroundTasks
from triode.binding.markers import Depends
from triode.binding.plan import Mode
from triode.concurrency import ThreadPool
from triode.http import HTTPException


def app_with(handler: Any, **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route("/", handler, **options)
    return app


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each piece of work for a thread."""
    counted: list[int] = []
    submit = ThreadPool.submit

    def count(self: ThreadPool, function: Any) -> Any:
        counted.append(1)
        return submit(self, function)

    monkeypatch.setattr(ThreadPool, "submit", count)
    return counted


def thread() -> int:
    return threading.get_ident()


def test_plain_dependencies_and_handler_are_one_hop(hops: list[int], serve: Any) -> None:
    def one() -> int:
        return thread()

    def two(first: Annotated[int, Depends(one)], q: int) -> list[int]:
        return [first, thread(), q]

    def handler(found: Annotated[list[int], Depends(two)]) -> bool:
        return found[:2] == [thread(), thread()]

    assert serve(app_with(handler)).get("/?q=1").json() is True
    assert len(hops) == 1


def test_plain_generators_and_handler_are_one_hop_on_one_thread(
    hops: list[int], serve: Any
) -> None:
    threads: list[int] = []

    def connection() -> Iterator[sqlite3.Connection]:
        found = sqlite3.connect(":memory:")
        threads.append(thread())
        yield found
        threads.append(thread())
        found.close()  # refused by sqlite3 on another thread

    def cursor(found: Annotated[sqlite3.Connection, Depends(connection)]) -> Iterator[Any]:
        yield found.cursor()
        threads.append(thread())

    def handler(found: Annotated[sqlite3.Cursor, Depends(cursor)]) -> list[Any]:
        threads.append(thread())
        return found.execute("SELECT 1").fetchall()

    assert serve(app_with(handler)).get("/").json() == [[1]]
    assert eventually(lambda: len(threads), 4) == 4
    assert (len(set(threads)), len(hops)) == (1, 1)


def test_error_of_a_plain_handler_is_one_hop(hops: list[int], serve: Any) -> None:
    events: list[str] = []

    def resource() -> Iterator[None]:
        try:
            yield
        except HTTPException as exc:
            events.append(str(exc.detail))
            raise

    def handler(_: Annotated[None, Depends(resource)]) -> None:
        raise HTTPException(404, "none")

    assert serve(app_with(handler)).get("/").status_code == 404
    assert (events, len(hops)) == (["none"], 1)


def test_async_dependencies_between_plain_ones_run_on_the_loop(hops: list[int], serve: Any) -> None:
    async def first() -> int:
        asyncio.get_running_loop()
        return thread()

    def second(before: Annotated[int, Depends(first)]) -> tuple[int, int]:
        return before, thread()

    def third(before: Annotated[Any, Depends(second)], q: int = 3) -> tuple[int, int, int, int]:
        return (*before, thread(), q)

    async def fourth(before: Annotated[Any, Depends(third)]) -> list[int]:
        return [*before, thread()]

    def handler(found: Annotated[list[int], Depends(fourth)]) -> list[Any]:
        loop, second, third, q, again = found
        return [loop == again, loop in (second, third, thread()), second == third, q]

    assert serve(app_with(handler)).get("/?q=4").json() == [True, False, True, 4]
    assert len(hops) == 2


def test_context_variables_go_all_the_way(serve: Any) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="")

    async def first() -> None:
        variable.set("loop")

    def second(_: Annotated[None, Depends(first)]) -> None:
        variable.set(variable.get() + " thread")

    async def third(_: Annotated[None, Depends(second)]) -> None:
        variable.set(variable.get() + " loop")

    def handler(_: Annotated[None, Depends(third)]) -> str:
        return variable.get()

    client = serve(app_with(handler))
    assert [client.get("/").json(), client.get("/").json()] == ["loop thread loop"] * 2


def test_wrong_parameters_across_hops(serve: Any) -> None:
    def number(n: int) -> int:
        return n

    async def twice(n: Annotated[int, Depends(number)]) -> int:
        return n * 2

    def handler(
        n: Annotated[int, Depends(number)], m: Annotated[int, Depends(twice)], q: int
    ) -> list[int]:
        return [n, m, q]

    client = serve(app_with(handler))
    assert client.get("/?n=2&q=1").json() == [2, 4, 1]
    places = [error["loc"] for error in client.get("/?n=x&q=y").json()["detail"]]
    assert places == [["query", "n"], ["query", "q"]]


def test_inline_handler_and_dependencies_take_no_hop(hops: list[int], serve: Any) -> None:
    events: list[str] = []

    def resource() -> Iterator[str]:
        yield "in"
        events.append("out")

    def handler(value: Annotated[str, Depends(resource)]) -> str:
        return value

    app = app_with(handler, sync_to_thread=False)
    assert serve(app).get("/").json() == "in"
    assert eventually(lambda: events, ["out"]) == ["out"]
    assert (len(hops), app.routes[0].compiled.mode) == (0, Mode.INLINE)  # type: ignore[union-attr]


def test_background_work_of_a_plain_handler_may_use_its_dependency(serve: Any) -> None:
    events: list[str] = []

    def resource() -> Iterator[list[str]]:
        yield events
        events.append("out")

    def handler(tasks: BackgroundTasks, found: Annotated[Any, Depends(resource)]) -> None:
        tasks.add_task(found.append, "task")

    serve(app_with(handler)).get("/")
    assert eventually(lambda: events, ["task", "out"]) == ["task", "out"]


def test_no_more_requests_use_a_dependency_than_it_allows(serve: Any) -> None:
    using: list[int] = []
    most: list[int] = []

    async def scarce() -> Any:
        using.append(1)
        most.append(len(using))
        await asyncio.sleep(0.01)
        yield
        using.pop()

    async def handler(_: Annotated[None, Depends(scarce, max_concurrency=2)]) -> str:
        return "done"

    client = serve(app_with(handler))
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.get("/").json())) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (found, max(most)) == (["done"] * 8, 2)
