"""What a handler returns, and the response it becomes."""

import datetime
import enum
import time
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pydantic
import pytest
from starlette.background import BackgroundTask

from triode.app import App
from triode.binding import BackgroundTasks
from triode.binding.markers import Depends
from triode.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    ORJSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
    UJSONResponse,
)


class Public(msgspec.Struct):
    name: str


class Private(Public):
    password: str = "secret"


class PublicPydantic(pydantic.BaseModel):
    name: str


class PrivatePydantic(PublicPydantic):
    password: str = "secret"


@dataclass
class Point:
    x: int
    y: int = 0


class Color(enum.Enum):
    RED = "red"


def app_with(handler: Any, path: str = "/", **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route(path, handler, **options)
    return app


def returning(value: Any, annotation: Any = ...) -> Any:
    async def handler():  # type: ignore[no-untyped-def]
        return value

    if annotation is not ...:
        handler.__annotations__["return"] = annotation
    return handler


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (None, b"null"),
        ({"a": [1, 2.5, True, None, "é"]}, '{"a":[1,2.5,true,null,"é"]}'.encode()),
        (Point(1), b'{"x":1,"y":0}'),
        (Private("a"), b'{"name":"a","password":"secret"}'),
        (PrivatePydantic(name="a"), b'{"name":"a","password":"secret"}'),
        ([PublicPydantic(name="a")], b'[{"name":"a"}]'),
        ({"p": PublicPydantic(name="a")}, b'{"p":{"name":"a"}}'),
        (Color.RED, b'"red"'),
        (Decimal("1.10"), b'"1.10"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (datetime.date(2026, 1, 2), b'"2026-01-02"'),
        ((1, "a", None), b'[1,"a",null]'),
        ({1}, b"[1]"),
        (b"", b'""'),
        (float("inf"), b"null"),
        ({1: 2}, b'{"1":2}'),
        (range(3), b"[0,1,2]"),
    ],
)
def test_result_without_a_contract_is_sent_as_it_is(serve: Any, value: Any, body: bytes) -> None:
    response = serve(app_with(returning(value))).get("/")
    assert (response.status_code, response.content) == (200, body)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("annotation", "value", "body"),
    [
        (Public, Private("a"), {"name": "a"}),
        (Public, {"name": "a", "password": "b"}, {"name": "a"}),
        (list[Public], [Private("a")], [{"name": "a"}]),
        (Public | None, None, None),
        (Public | None, Private("a"), {"name": "a"}),
        (dict[str, Public], {"k": Private("a")}, {"k": {"name": "a"}}),
        (PublicPydantic, PrivatePydantic(name="a"), {"name": "a"}),
        (list[PublicPydantic], [PrivatePydantic(name="a")], [{"name": "a"}]),
        (Point, {"x": 1}, {"x": 1, "y": 0}),
        (Any, {"a": 1}, {"a": 1}),
        (None, None, None),
        (tuple[int, str], (200, "a"), [200, "a"]),
        (tuple[str, int], ("a", 404), ["a", 404]),
    ],
)
def test_return_type_is_the_contract(serve: Any, annotation: Any, value: Any, body: Any) -> None:
    response = serve(app_with(returning(value, annotation))).get("/")
    assert (response.status_code, response.json()) == (200, body)


def test_response_model_goes_before_the_return_type(serve: Any) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/public", returning(Private("a"), Private), response_model=Public)
    app.add_api_route("/none", returning(Private("a"), Public), response_model=None)
    client = serve(app)
    assert client.get("/public").json() == {"name": "a"}
    assert client.get("/none").json() == {"name": "a", "password": "secret"}


def test_broken_contract_is_a_server_error_that_tells_nothing(serve: Any) -> None:
    client = serve(app_with(returning({"nom": "a"}, Public)))
    response = client.get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_what_json_cannot_hold_is_a_server_error(serve: Any) -> None:
    assert serve(app_with(returning(object()))).get("/").status_code == 500


@pytest.mark.parametrize("status", [201, 202, 400, 418, 503])
def test_status_code(serve: Any, status: int) -> None:
    response = serve(app_with(returning({"a": 1}), status_code=status)).get("/")
    assert (response.status_code, response.json()) == (status, {"a": 1})


@pytest.mark.parametrize("status", [204, 205, 304])
def test_status_without_a_body(serve: Any, status: int) -> None:
    response = serve(app_with(returning(None), status_code=status)).get("/")
    assert (response.status_code, response.content) == (status, b"")
    assert "content-type" not in response.headers


@pytest.mark.parametrize(
    ("result", "status", "headers", "body"),
    [
        (("made", 201), 201, {}, b'"made"'),
        (({"a": 1}, 202, {"X-A": "b"}), 202, {"x-a": "b"}, b'{"a":1}'),
        ((None, 204), 204, {}, b""),
        ((PlainTextResponse("text"), 404), 404, {}, b"text"),
        (("a", 200, [("X-A", "1")]), 200, {"x-a": "1"}, b'"a"'),
        (("a", HTTPStatus.CREATED), 201, {}, b'"a"'),
        (({"a": 1}, {"X-A": "b"}), 200, {"x-a": "b"}, b'{"a":1}'),
        (("a", [("X-A", "1"), ("X-B", "2")]), 200, {"x-a": "1", "x-b": "2"}, b'"a"'),
        (("a", 200, {"Content-Length": "99", "X-A": 5}), 200, {"x-a": "5"}, b'"a"'),
        (("a", True), 200, {}, b'["a",true]'),
        ((1, 2), 200, {}, b"[1,2]"),
        (("a", 600), 200, {}, b'["a",600]'),
        (({"a": 1}, {"b": 2}), 200, {}, b'[{"a":1},{"b":2}]'),
        (("a", {}), 200, {}, b'["a",{}]'),
        (("a", [("b", 1)]), 200, {}, b'["a",[["b",1]]]'),
    ],
)
def test_flask_tuples(
    serve: Any, result: Any, status: int, headers: dict[str, str], body: bytes
) -> None:
    response = serve(app_with(returning(result))).get("/")
    assert (response.status_code, response.content) == (status, body)
    assert headers.items() <= dict(response.headers).items()


def test_class_with_a_status_of_its_own(serve: Any) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/a", returning("/b"), response_class=RedirectResponse)
    app.add_api_route("/c", returning("/b"), response_class=RedirectResponse, status_code=302)
    client = serve(app, follow_redirects=False)
    assert [client.get(path).status_code for path in ("/a", "/c")] == [307, 302]


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_and_a_class(serve: Any, status: int) -> None:
    class Api(JSONResponse):
        media_type = "application/vnd.api+json"

    app = App(openapi_url=None)
    app.add_api_route("/a", returning(None), status_code=status)
    app.add_api_route("/b", returning({"a": 1}), status_code=status, response_class=Api)
    for path in ("/a", "/b"):
        response = serve(app).get(path)
        assert (response.status_code, response.content) == (status, b"")
        assert "content-length" not in response.headers


def test_other_status_than_one_without_a_body(serve: Any) -> None:
    async def handler(response: Response, q: int | None = None) -> Any:
        response.status_code = q  # type: ignore[assignment]
        return {"a": 1}

    client = serve(app_with(handler, status_code=204, response_model=None))
    assert (client.get("/").status_code, client.get("/").content) == (204, b"")
    assert (client.get("/?q=400").status_code, client.get("/?q=400").json()) == (400, {"a": 1})


def test_tuple_around_a_stream(serve: Any) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/", lambda: (StreamingResponse(iter(["s"])), 202, {"X-A": "b"}))
    response = serve(app).get("/")
    assert (response.status_code, response.text, response.headers["x-a"]) == (202, "s", "b")


def test_tuple_is_a_value_where_one_is_declared(serve: Any) -> None:
    handler = returning(("a", 201), tuple[str, int])
    response = serve(app_with(handler)).get("/")
    assert (response.status_code, response.json()) == (200, ["a", 201])


def test_contract_holds_for_the_body_of_a_tuple(serve: Any) -> None:
    response = serve(app_with(returning((Private("a"), 201), Public))).get("/")
    assert (response.status_code, response.json()) == (201, {"name": "a"})


@pytest.mark.parametrize("kind", [JSONResponse, ORJSONResponse, UJSONResponse])
def test_json_classes_write_what_json_has_no_word_for(serve: Any, kind: Any) -> None:
    value = {"day": datetime.date(2024, 2, 29), 1: UUID(int=0), "point": Point(1)}
    body = {"day": "2024-02-29", "1": str(UUID(int=0)), "point": {"x": 1, "y": 0}}
    client = serve(app_with(returning(kind(value, 201))))
    assert (client.get("/").status_code, client.get("/").json()) == (201, body)
    assert serve(app_with(returning(value), response_class=kind)).get("/").json() == body


def test_trimmed_result_reaches_a_response_class(serve: Any) -> None:
    class Wrapped(JSONResponse):
        def render(self, content: Any) -> bytes:
            return super().render({"data": content})

    app = app_with(
        returning({"a": 1, "b": None}), response_class=Wrapped, response_model_exclude_none=True
    )
    assert serve(app).get("/").json() == {"data": {"a": 1}}


def test_response_class(serve: Any) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/html", returning("<b>"), response_class=HTMLResponse)
    app.add_api_route("/text", returning("text"), response_class=PlainTextResponse, status_code=201)
    app.add_api_route("/json", returning({"a": 1}), response_class=JSONResponse)
    client = serve(app)
    assert client.get("/html").headers["content-type"] == "text/html; charset=utf-8"
    text = client.get("/text")
    assert (text.status_code, text.text) == (201, "text")
    assert client.get("/json").json() == {"a": 1}


def test_response_class_of_its_own(serve: Any) -> None:
    class Loud(Response):
        media_type = "text/loud"

        def render(self, content: Any) -> bytes:
            return str(content).upper().encode()

    response = serve(app_with(returning("a"), response_class=Loud)).get("/")
    assert (response.text, response.headers["content-type"]) == ("A", "text/loud; charset=utf-8")


def test_response_class_that_streams(serve: Any) -> None:
    response = serve(app_with(returning(iter(["a", "b"])), response_class=StreamingResponse)).get(
        "/"
    )
    assert response.text == "ab"


def test_response_objects(serve: Any, tmp_path: Any) -> None:
    file = tmp_path / "a.txt"
    file.write_text("content")
    app = App(openapi_url=None)
    app.add_api_route("/json", returning(JSONResponse({"a": 1}, 201, {"X-A": "b"})))
    app.add_api_route("/redirect", returning(RedirectResponse("/json")))
    app.add_api_route("/file", returning(FileResponse(file)))
    client = serve(app, follow_redirects=False)
    made = client.get("/json")
    assert (made.status_code, made.json(), made.headers["x-a"]) == (201, {"a": 1}, "b")
    moved = client.get("/redirect")
    assert (moved.status_code, moved.headers["location"]) == (307, "/json")
    part = client.get("/file", headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.text) == (206, "con")


def test_annotation_with_a_response_in_it_is_no_contract(serve: Any) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/one", returning({"a": 1}, Response | dict[str, str]))
    app.add_api_route("/two", returning(HTMLResponse("x"), HTMLResponse))
    client = serve(app)
    assert client.get("/one").json() == {"a": 1}
    assert client.get("/two").text == "x"


def test_response_parameter(serve: Any) -> None:
    async def handler(response: Response, q: int = 200) -> dict[str, int]:
        response.headers["X-A"] = "b"
        response.set_cookie("c", "d")
        response.set_cookie("e", "f")
        response.status_code = q
        return {"q": q}

    response = serve(app_with(handler)).get("/?q=203")
    assert (response.status_code, response.json()) == (203, {"q": 203})
    assert response.headers["x-a"] == "b"
    assert dict(response.cookies) == {"c": "d", "e": "f"}


def test_content_type_set_on_the_response_parameter_is_the_only_one(serve: Any) -> None:
    async def handler(response: Response) -> dict[str, int]:
        response.headers["Content-Type"] = "application/vnd.api+json"
        return {}

    response = serve(app_with(handler)).get("/")
    assert response.headers.get_list("content-type") == ["application/vnd.api+json"]


def test_headers_of_a_flask_tuple_replace_ours(serve: Any) -> None:
    response = serve(app_with(returning(("a", 200, {"Content-Type": "text/x"})))).get("/")
    assert response.headers.get_list("content-type") == ["text/x"]


def test_response_parameter_counts_beside_a_returned_response(serve: Any) -> None:
    async def handler(response: Response) -> Response:
        response.headers["X-A"] = "b"
        return PlainTextResponse("text", 201)

    answer = serve(app_with(handler)).get("/")
    assert (answer.status_code, answer.text, answer.headers["x-a"]) == (201, "text", "b")


def test_background_tasks_run_after_the_response(serve: Any) -> None:
    done: list[str] = []

    async def note(text: str, *, twice: bool = False) -> None:
        done.append(text * (2 if twice else 1))

    def dependency(tasks: BackgroundTasks) -> None:
        tasks.add_task(done.append, "dependency")

    async def handler(tasks: BackgroundTasks, _: Annotated[None, Depends(dependency)]) -> list[str]:
        tasks.add_task(note, "handler", twice=True)
        return list(done)

    client = serve(app_with(handler))
    assert client.get("/").json() == []
    _until(lambda: len(done) == 2)
    assert done == ["dependency", "handlerhandler"]


def _until(is_true: Any) -> None:
    end = time.monotonic() + 2
    while not is_true() and time.monotonic() < end:
        time.sleep(0.005)


def test_background_task_of_a_response(serve: Any) -> None:
    done: list[str] = []
    response = PlainTextResponse("a", background=BackgroundTask(done.append, "ran"))
    assert serve(app_with(returning(response))).get("/").text == "a"
    _until(lambda: done)
    assert done == ["ran"]


def test_upstream_headers_copied_to_a_response_do_not_break_it(serve: Any) -> None:
    headers = {"Transfer-Encoding": "chunked", "Content-Length": "1", "X-A": "b"}
    response = serve(app_with(returning(Response(b"body", headers=headers)))).get("/")
    assert (response.content, response.headers["x-a"]) == (b"body", "b")
