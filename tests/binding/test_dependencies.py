"""Dependencies: nested, cached, with clean-up, on routes, routers and applications."""

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from tests.conftest import eventually
from triode.app import App
from triode.binding import SecurityScopes
from triode.binding.markers import Depends, Header, Query, Security
from triode.errors import BindingError
from triode.http import HTTPException
from triode.routing import Router


def app_with(handler: Any, path: str = "/", **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route(path, handler, **options)
    return app


def test_dependency_has_parameters_of_its_own(serve: Any) -> None:
    async def paging(skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> dict[str, int]:
        return {"skip": skip, "limit": limit}

    async def handler(page: Annotated[dict[str, int], Depends(paging)]) -> dict[str, int]:
        return page

    client = serve(app_with(handler))
    assert client.get("/?skip=2").json() == {"skip": 2, "limit": 10}
    assert client.get("/?limit=101").json()["detail"][0]["loc"] == ["query", "limit"]


def test_kinds_of_callables(serve: Any) -> None:
    class Paging:
        def __init__(self, skip: int = 0) -> None:
            self.skip = skip

    class Checker:
        def __init__(self, word: str) -> None:
            self.word = word

        def __call__(self, q: str = "") -> bool:
            return self.word in q

        async def method(self, q: str = "") -> str:
            return self.word + q

    checker = Checker("a")

    def plain(q: str = "") -> str:
        return q.upper()

    async def handler(
        paging: Annotated[Paging, Depends()],
        has: Annotated[bool, Depends(checker)],
        joined: Annotated[str, Depends(checker.method)],
        upper: str = Depends(plain),
    ) -> list[Any]:
        return [paging.skip, has, joined, upper]

    assert serve(app_with(handler)).get("/?skip=2&q=abc").json() == [2, True, "aabc", "ABC"]


def test_dependency_runs_once_per_request(serve: Any) -> None:
    runs: list[str] = []

    async def base() -> int:
        runs.append("base")
        return len(runs)

    async def one(value: Annotated[int, Depends(base)]) -> int:
        return value

    async def handler(
        a: Annotated[int, Depends(one)],
        b: Annotated[int, Depends(base)],
        c: Annotated[int, Depends(base, use_cache=False)],
    ) -> list[int]:
        return [a, b, c]

    client = serve(app_with(handler))
    assert [client.get("/").json(), client.get("/").json()] == [[1, 1, 2], [3, 3, 4]]


def test_kinds_of_callables_that_yield(serve: Any) -> None:
    events: list[str] = []

    class Resource:
        def __call__(self) -> Iterator[str]:
            yield "call"
            events.append("call")

        async def method(self) -> AsyncIterator[str]:
            yield "method"
            events.append("method")

    resource = Resource()

    async def named(name: str) -> AsyncIterator[str]:
        yield name
        events.append(name)

    async def handler(
        a: Annotated[str, Depends(resource)],
        b: Annotated[str, Depends(resource.method)],
        c: Annotated[str, Depends(functools.partial(named, name="partial"))],
    ) -> list[str]:
        return [a, b, c]

    assert serve(app_with(handler)).get("/?name=partial").json() == ["call", "method", "partial"]
    expected = ["partial", "method", "call"]
    assert eventually(lambda: events, expected) == expected


@pytest.mark.parametrize("is_plain", [False, True])
def test_clean_up_runs_in_reverse_after_the_handler(serve: Any, is_plain: bool) -> None:
    events: list[str] = []

    async def outer() -> AsyncIterator[str]:
        events.append("outer in")
        yield "outer"
        events.append("outer out")

    def inner(value: Annotated[str, Depends(outer)]) -> Iterator[str]:
        events.append("inner in")
        yield value + " inner"
        events.append("inner out")

    async def handler(value: Annotated[str, Depends(inner)]) -> str:
        events.append("handler")
        return value

    def plain(value: Annotated[str, Depends(inner)]) -> str:
        events.append("handler")
        return value

    client = serve(app_with(plain if is_plain else handler))
    assert client.get("/").json() == "outer inner"
    expected = ["outer in", "inner in", "handler", "inner out", "outer out"]
    assert eventually(lambda: events, expected) == expected


def test_clean_up_sees_the_exception_and_may_replace_it(serve: Any) -> None:
    events: list[str] = []

    async def outer() -> AsyncIterator[None]:
        try:
            yield
        except HTTPException as exc:
            events.append(f"outer {exc.status_code}")
            raise
        finally:
            events.append("outer out")

    async def inner(_: Annotated[None, Depends(outer)]) -> AsyncIterator[None]:
        try:
            yield
        except LookupError as exc:
            events.append(f"inner {exc}")
            raise HTTPException(418, "teapot") from exc

    async def handler(_: Annotated[None, Depends(inner)]) -> None:
        raise LookupError("lost")

    response = serve(app_with(handler)).get("/")
    assert (response.status_code, response.json()) == (418, {"detail": "teapot"})
    expected = ["inner lost", "outer 418", "outer out"]
    assert eventually(lambda: events, expected) == expected


def test_clean_up_runs_when_a_later_dependency_fails(serve: Any) -> None:
    events: list[str] = []

    async def resource() -> AsyncIterator[None]:
        try:
            yield
        finally:
            events.append("out")

    async def failing(_: Annotated[None, Depends(resource)]) -> None:
        raise HTTPException(403, "no")

    async def handler(_: Annotated[None, Depends(failing)]) -> None: ...

    assert serve(app_with(handler)).get("/").status_code == 403
    expected = ["out"]
    assert eventually(lambda: events, expected) == expected


def test_clean_up_runs_when_the_request_is_wrong(serve: Any) -> None:
    events: list[str] = []

    async def resource() -> AsyncIterator[None]:
        yield
        events.append("out")

    async def handler(n: int, _: Annotated[None, Depends(resource)]) -> None: ...

    assert serve(app_with(handler)).get("/?n=x").status_code == 422
    assert events in ([], ["out"])


def test_swallowed_exception_is_a_server_error(serve: Any) -> None:
    async def swallowing() -> AsyncIterator[None]:
        with contextlib.suppress(LookupError):
            yield

    async def handler(_: Annotated[None, Depends(swallowing)]) -> None:
        raise LookupError("lost")

    assert serve(app_with(handler)).get("/").status_code == 500


def test_dependency_that_raises_keeps_the_handler_from_running(serve: Any) -> None:
    runs: list[str] = []

    async def check(x_token: Annotated[str, Header()]) -> None:
        if x_token != "secret":
            raise HTTPException(400, "X-Token header invalid")

    async def handler() -> str:
        runs.append("handler")
        return "in"

    client = serve(app_with(handler, dependencies=[Depends(check)]))
    assert client.get("/").status_code == 422
    assert client.get("/", headers={"X-Token": "a"}).status_code == 400
    assert (client.get("/", headers={"X-Token": "secret"}).json(), runs) == ("in", ["handler"])


def test_dependency_does_not_run_if_its_own_parameters_are_wrong(serve: Any) -> None:
    runs: list[int] = []

    async def number(n: int) -> int:
        runs.append(n)
        return n

    async def twice(n: Annotated[int, Depends(number)]) -> int:
        return n * 2

    async def handler(n: Annotated[int, Depends(twice)]) -> int:
        return n

    client = serve(app_with(handler))
    assert len(client.get("/?n=x").json()["detail"]) == 1
    assert (client.get("/?n=2").json(), runs) == (4, [2])


def test_dependencies_of_application_router_and_inclusion_run_in_order(serve: Any) -> None:
    events: list[str] = []

    def noting(text: str) -> Any:
        async def note() -> None:
            events.append(text)

        return Depends(note)

    router = Router(dependencies=[noting("router")])

    @router.get("/", dependencies=[noting("route")])
    async def handler(_: Annotated[None, noting("parameter")]) -> str:
        return "done"

    app = App(openapi_url=None, dependencies=[noting("app")])
    app.include_router(router, prefix="/x", dependencies=[noting("inclusion")])
    assert serve(app).get("/x/").json() == "done"
    expected = ["app", "inclusion", "router", "route", "parameter"]
    assert eventually(lambda: events, expected) == expected


def test_override(serve: Any) -> None:
    async def database() -> str:
        return "real"

    async def user(name: Annotated[str, Depends(database)]) -> str:
        return f"user of {name}"

    async def fake(q: str = "fake") -> AsyncIterator[str]:
        yield q

    async def handler(value: Annotated[str, Depends(user)]) -> str:
        return value

    app = app_with(handler)
    client = serve(app)
    assert client.get("/").json() == "user of real"
    app.dependency_overrides[database] = fake
    assert client.get("/?q=other").json() == "user of other"
    app.dependency_overrides = {}
    assert client.get("/").json() == "user of real"


def test_override_with_a_lambda_and_of_a_route_dependency(serve: Any) -> None:
    async def forbid() -> None:
        raise HTTPException(403)

    async def handler() -> str:
        return "in"

    app = app_with(handler, dependencies=[Depends(forbid)])
    client = serve(app)
    assert client.get("/").status_code == 403
    app.dependency_overrides[forbid] = lambda: None
    assert client.get("/").json() == "in"
    del app.dependency_overrides[forbid]
    assert client.get("/").status_code == 403


def test_security_scopes_add_up(serve: Any) -> None:
    async def user(scopes: SecurityScopes) -> str:
        return scopes.scope_str

    async def active(found: Annotated[str, Security(user, scopes=["me"])]) -> str:
        return found

    async def handler(
        found: Annotated[str, Security(active, scopes=["items"])],
        other: Annotated[str, Security(active, scopes=["other"])],
    ) -> list[str]:
        return [found, other]

    assert serve(app_with(handler)).get("/").json() == ["items me", "other me"]


def test_dependency_may_set_headers_and_cookies(serve: Any) -> None:
    async def stamp(response: Response, request: Request) -> None:
        response.headers["X-Path"] = request.url.path
        response.set_cookie("seen", "yes")
        response.status_code = 202

    async def handler() -> str:
        return "body"

    response = serve(app_with(handler, dependencies=[Depends(stamp)])).get("/")
    assert (response.status_code, response.headers["X-Path"]) == (202, "/")
    assert (response.cookies["seen"], response.json()) == ("yes", "body")


def test_circle_is_refused() -> None:
    def first(value: Any) -> None: ...

    def second(value: Annotated[None, Depends(first)]) -> None: ...

    first.__annotations__["value"] = Annotated[None, Depends(second)]
    here = "tests.binding.test_dependencies.test_circle_is_refused.<locals>."
    with pytest.raises(BindingError) as caught:
        app_with(first)
    line = first.__code__.co_firstlineno
    assert str(caught.value) == (
        f"{__file__}:{line}: Dependencies need each other: {here}first -> {here}second -> "
        f"{here}first. Break the circle. [binding-circle]"
    )


def test_dependency_that_cannot_be_called_is_refused() -> None:
    async def handler(value: Any = Depends(3)) -> None: ...  # type: ignore[arg-type]  # noqa: B008

    with pytest.raises(BindingError) as caught:
        app_with(handler)
    assert str(caught.value) == (
        f"{__file__}:{handler.__code__.co_firstlineno}: Parameter 'value' of "
        "tests.binding.test_dependencies.test_dependency_that_cannot_be_called_is_refused."
        "<locals>.handler depends on nothing that can be called. Write Depends(function). "
        "[binding-parameter]"
    )


def test_override_is_told_the_scopes_of_what_it_replaces(serve: Any) -> None:
    async def user() -> str:
        return "real"

    async def inner(scopes: SecurityScopes) -> str:
        return scopes.scope_str

    async def fake(found: Annotated[str, Security(inner, scopes=["more"])]) -> str:
        return found

    async def handler(found: Annotated[str, Security(user, scopes=["me"])]) -> str:
        return found

    app = app_with(handler)
    app.dependency_overrides[user] = fake
    assert serve(app).get("/").json() == "me more"


def test_override_in_a_websocket(serve: Any) -> None:
    async def name() -> str:
        return "real"

    async def greeting(found: Annotated[str, Depends(name)]) -> str:
        return f"hello {found}"

    async def fake(q: str) -> AsyncIterator[str]:
        yield q

    app = App(openapi_url=None)

    @app.websocket("/")
    async def talk(websocket: WebSocket, text: Annotated[str, Depends(greeting)]) -> None:
        await websocket.accept()
        await websocket.send_text(text)

    app.dependency_overrides[name] = fake
    with serve(app).websocket_connect("/?q=fake") as session:
        assert session.receive_text() == "hello fake"


def test_two_that_one_override_replaces_are_two(serve: Any) -> None:
    runs: list[int] = []

    async def one() -> int: ...
    async def two() -> int: ...

    async def fake() -> int:
        runs.append(1)
        return len(runs)

    async def handler(
        a: Annotated[int, Depends(one)], b: Annotated[int, Depends(two)]
    ) -> list[int]:
        return [a, b]

    app = app_with(handler)
    app.dependency_overrides = {one: fake, two: fake}
    assert serve(app).get("/").json() == [1, 2]


def test_scopes_of_its_own_make_another_value(serve: Any) -> None:
    runs: list[int] = []

    async def base() -> int:
        runs.append(1)
        return len(runs)

    async def handler(
        a: Annotated[int, Security(base, scopes=["a"])],
        b: Annotated[int, Security(base, scopes=["b"])],
        again: Annotated[int, Security(base, scopes=["a"])],
    ) -> list[int]:
        return [a, b, again]

    assert serve(app_with(handler)).get("/").json() == [1, 2, 1]


def test_dependency_that_failed_once_keeps_all_from_running_that_need_it(serve: Any) -> None:
    async def number(n: int) -> int:
        return n

    async def twice(n: Annotated[int, Depends(number)]) -> int:
        return n * 2

    async def other(q: str = "") -> str:
        raise HTTPException(401)

    async def handler(
        n: Annotated[int, Depends(number)], m: Annotated[int, Depends(twice)]
    ) -> list[int]:
        return [n, m]

    assert serve(app_with(handler)).get("/?n=x").status_code == 422
    client = serve(app_with(handler, dependencies=[Depends(number), Depends(other)]))
    assert client.get("/?n=x").status_code == 401


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"scope": "session"}, "binding-scope"),
        ({"max_concurrency": 0}, "binding-max-concurrency"),
        ({"max_concurrency": True}, "binding-max-concurrency"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: Any, code: str) -> None:
    with pytest.raises(BindingError) as caught:
        Depends(test_override, **options)
    assert caught.value.code == code


def test_scopes_as_one_text_are_refused() -> None:
    with pytest.raises(BindingError) as caught:
        Security(test_override, scopes="me")
    assert caught.value.message == "The scopes 'me' are one text. Write a list: scopes=['me']."


def test_depends_that_say_the_same_are_equal() -> None:
    assert {Depends(test_override), Depends(test_override)} == {Depends(test_override)}
    assert Depends(test_override) != Depends(test_override, scope="function")
    assert Depends(test_override, max_concurrency=1) != Depends(test_override, max_concurrency=1)


def test_request_is_refused_in_a_websocket() -> None:
    async def path(request: Request) -> str:
        return request.url.path

    async def talk(websocket: WebSocket, found: Annotated[str, Depends(path)]) -> None: ...

    here = "tests.binding.test_dependencies.test_request_is_refused_in_a_websocket.<locals>."
    with pytest.raises(BindingError) as caught:
        App(openapi_url=None).websocket("/")(talk)
    assert caught.value.message == (
        f"Parameter 'request' of {here}path is a Request, which a WebSocket route has not "
        f"({here}talk). Write HTTPConnection, which both have, or give it the default None."
    )
    with pytest.raises(BindingError, match="which an HTTP route has not"):
        app_with(talk)


def test_dependency_of_both_kinds_of_route(serve: Any) -> None:
    async def kind(
        request: Request = None,  # type: ignore[assignment]
        websocket: WebSocket = None,  # type: ignore[assignment]
    ) -> list[bool]:
        return [request is not None, websocket is not None]

    async def handler(found: Annotated[list[bool], Depends(kind)]) -> list[bool]:
        return found

    app = app_with(handler)

    @app.websocket("/")
    async def talk(websocket: WebSocket, found: Annotated[Any, Depends(kind)]) -> None:
        await websocket.accept()
        await websocket.send_json(found)

    client = serve(app)
    assert client.get("/").json() == [True, False]
    with client.websocket_connect("/") as session:
        assert session.receive_json() == [False, True]
