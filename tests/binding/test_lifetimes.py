"""When dependencies that yield are cleaned up, and what they see of exceptions."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import anyio
import pytest
from starlette.responses import StreamingResponse

from tests.conftest import eventually
from triode.app import App
from triode.binding import BackgroundTasks
from triode.binding.markers import Depends
from triode.errors import BindingError
from triode.http import HTTPException
from triode.testing import TestClient


class Session:
    def __init__(self) -> None:
        self.is_open = True


async def waiting_session() -> AsyncIterator[Session]:
    session = Session()
    await anyio.sleep(0)
    yield session
    session.is_open = False


async def session() -> AsyncIterator[Session]:
    session = Session()
    yield session
    session.is_open = False


def plain_session() -> Iterator[Session]:
    session = Session()
    yield session
    session.is_open = False


def app_with(handler: Any, **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route("/", handler, **options)
    return app


KINDS = [session, waiting_session, plain_session]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize(("scope", "found"), [("request", "True"), ("function", "False")])
def test_a_stream_is_sent_before_the_clean_up(
    serve: Any, kind: Any, is_plain: bool, scope: Any, found: str
) -> None:
    def reply(session: Session) -> StreamingResponse:
        return StreamingResponse(str(each.is_open) for each in [session])

    async def handler(session: Annotated[Session, Depends(kind, scope=scope)]) -> Any:
        return reply(session)

    def plain(session: Annotated[Session, Depends(kind, scope=scope)]) -> Any:
        return reply(session)

    client = serve(app_with(plain if is_plain else handler))
    assert [client.get("/").text, client.get("/").text] == [found, found]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_plain", [False, True])
def test_background_tasks_run_before_the_clean_up(serve: Any, kind: Any, is_plain: bool) -> None:
    seen: list[Any] = []

    def note(session: Session) -> None:
        seen.append(session.is_open)
        seen.append(session)

    async def handler(tasks: BackgroundTasks, session: Annotated[Session, Depends(kind)]) -> None:
        tasks.add_task(note, session)

    def plain(tasks: BackgroundTasks, session: Annotated[Session, Depends(kind)]) -> None:
        tasks.add_task(note, session)

    assert serve(app_with(plain if is_plain else handler)).get("/").json() is None
    assert eventually(lambda: seen[:1], [True]) == [True]
    assert eventually(lambda: seen[1].is_open, False) is False


@pytest.mark.parametrize("is_plain", [False, True])
def test_exception_after_the_response_is_logged(
    serve: Any, caplog: Any, way: str, is_plain: bool
) -> None:
    async def breaking() -> AsyncIterator[None]:
        yield
        raise HTTPException(503, "too late")

    def plain_breaking() -> Iterator[None]:
        yield
        raise HTTPException(503, "too late")

    async def handler(_: Annotated[None, Depends(breaking)]) -> str:
        return "fine"

    def plain(_: Annotated[None, Depends(plain_breaking)]) -> str:
        return "fine"

    with caplog.at_level(logging.ERROR):
        response = serve(app_with(plain if is_plain else handler)).get("/")
        assert (response.status_code, response.json()) == (200, "fine")
        if way == "lane":
            expected = ["Exception after GET / was answered"]
            assert (
                eventually(lambda: [each.message for each in caplog.records], expected) == expected
            )


@pytest.mark.parametrize("is_plain", [False, True])
def test_exception_in_scope_function_is_the_response(serve: Any, is_plain: bool) -> None:
    async def breaking() -> AsyncIterator[None]:
        yield
        raise HTTPException(503, "in time")

    def plain_breaking() -> Iterator[None]:
        yield
        raise HTTPException(503, "in time")

    async def handler() -> None: ...

    kind = plain_breaking if is_plain else breaking
    client = serve(app_with(handler, dependencies=[Depends(kind, scope="function")]))
    response = client.get("/")
    assert (response.status_code, response.json()) == (503, {"detail": "in time"})


@pytest.mark.parametrize("is_plain", [False, True])
def test_dependency_sees_what_breaks_a_stream(serve: Any, is_plain: bool) -> None:
    seen: list[str] = []

    async def watching() -> AsyncIterator[None]:
        try:
            yield
        except LookupError as exc:
            seen.append(str(exc))
            raise

    def plain_watching() -> Iterator[None]:
        try:
            yield
        except LookupError as exc:
            seen.append(str(exc))
            raise

    async def handler(_: Annotated[None, Depends(plain_watching if is_plain else watching)]) -> Any:
        async def body() -> AsyncIterator[str]:
            yield "a"
            raise LookupError("lost")

        return StreamingResponse(body())

    with pytest.raises(Exception, match=r".*"):
        serve(app_with(handler)).get("/").raise_for_status().json()
    assert eventually(lambda: seen, ["lost"]) == ["lost"]


def test_order_of_the_two_scopes(serve: Any) -> None:
    events: list[str] = []

    async def outer() -> AsyncIterator[None]:
        yield
        events.append("request")

    def early(_: Annotated[None, Depends(outer)]) -> Iterator[None]:
        yield
        events.append("function")

    async def later() -> AsyncIterator[None]:
        yield
        events.append("later request")

    async def handler(
        _: Annotated[None, Depends(early, scope="function")], __: Annotated[None, Depends(later)]
    ) -> None:
        events.append("handler")

    serve(app_with(handler)).get("/")
    expected = ["handler", "function", "later request", "request"]
    assert eventually(lambda: events, expected) == expected


def test_both_scopes_of_one_dependency_are_two_values(serve: Any) -> None:
    async def handler(
        a: Annotated[Session, Depends(session)],
        b: Annotated[Session, Depends(session, scope="request")],
        c: Annotated[Session, Depends(session, scope="function")],
    ) -> list[bool]:
        return [a is b, b is c]

    assert serve(app_with(handler)).get("/").json() == [True, False]


def test_a_longer_life_cannot_depend_on_a_shorter() -> None:
    def early() -> Iterator[None]:
        yield

    def late(_: Annotated[None, Depends(early, scope="function")]) -> Iterator[None]:
        yield

    def handler(_: Annotated[None, Depends(late)]) -> None: ...

    here = "tests.binding.test_lifetimes.test_a_longer_life_cannot_depend_on_a_shorter.<locals>."
    with pytest.raises(BindingError) as caught:
        app_with(handler)
    assert caught.value.message == (
        'The dependency "late" has a scope of "request", it cannot depend on dependencies with '
        f'scope "function": {here}early would be cleaned up before it. Give both the same scope.'
    )


def test_context_variable_is_set_back_in_the_context_it_was_set_in(serve: Any) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="")
    problems: list[Exception] = []

    async def setting() -> AsyncIterator[None]:
        token = variable.set("async")
        yield
        variable.reset(token)

    def plain_setting() -> Iterator[None]:
        token = variable.set(variable.get() + " plain")
        yield
        try:
            variable.reset(token)
        except ValueError as exc:
            problems.append(exc)

    def handler(
        _: Annotated[None, Depends(setting)], __: Annotated[None, Depends(plain_setting)]
    ) -> str:
        return variable.get()

    client = serve(app_with(handler))
    assert [client.get("/").json(), client.get("/").json()] == ["async plain", "async plain"]
    assert problems == []


def test_task_group_is_left_in_the_task_that_entered_it(serve: Any) -> None:
    events: list[str] = []

    async def group() -> AsyncIterator[Any]:
        async with anyio.create_task_group() as tasks:
            yield tasks
        events.append("left")

    async def note() -> None:
        events.append("ran")

    async def handler(tasks: Annotated[Any, Depends(group)]) -> None:
        tasks.start_soon(note)

    assert serve(app_with(handler)).get("/").status_code == 200
    assert eventually(lambda: events, ["ran", "left"]) == ["ran", "left"]


def test_functions_that_are_context_managers_already(serve: Any) -> None:
    events: list[str] = []

    @contextmanager
    def plain() -> Iterator[str]:
        yield "plain"
        events.append("plain")

    @asynccontextmanager
    async def waiting(first: Annotated[str, Depends(plain)]) -> AsyncIterator[str]:
        yield first + " async"
        events.append("async")

    async def handler(value: Annotated[str, Depends(waiting)]) -> str:
        return value

    assert serve(app_with(handler)).get("/").json() == "plain async"
    assert eventually(lambda: events, ["async", "plain"]) == ["async", "plain"]


@pytest.mark.parametrize("is_plain", [False, True])
def test_generators_that_yield_never_or_twice(is_plain: bool) -> None:
    async def never() -> AsyncIterator[None]:
        if events:
            yield

    def twice() -> Iterator[None]:
        yield
        yield

    events: list[str] = []

    async def handler() -> None: ...

    kind = twice if is_plain else never
    code = "dependency-two-yields" if is_plain else "dependency-no-yield"
    client = TestClient(app_with(handler, dependencies=[Depends(kind)]))
    with pytest.raises(Exception, match=code):
        client.get("/")


def test_next_request_of_a_pipeline_sees_nothing_of_the_last(serve: Any) -> None:
    variable: ContextVar[int] = ContextVar("variable", default=0)

    async def counting() -> AsyncIterator[int]:
        variable.set(variable.get() + 1)
        await anyio.sleep(0)
        yield variable.get()

    async def handler(count: Annotated[int, Depends(counting)]) -> int:
        return count

    client = serve(app_with(handler))
    assert [client.get("/").json() for _ in range(3)] == [1, 1, 1]
