"""JSON bodies: one, several, embedded, of every kind of type."""

from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

import attrs
import msgspec
import pydantic
import pytest
from starlette.requests import Request

from triode.app import App
from triode.binding.markers import Body, Depends
from triode.routing import Router


class Item(msgspec.Struct):
    name: str
    price: Annotated[float, msgspec.Meta(gt=0)]
    tags: list[str] = []


class User(msgspec.Struct):
    name: str
    items: list[Item] = []


@dataclass
class DataItem:
    name: str
    tags: list[str] = field(default_factory=list)


class DictItem(TypedDict):
    name: str


@attrs.define
class AttrsItem:
    name: str


class PydanticItem(pydantic.BaseModel):
    name: str
    count: int = pydantic.Field(default=1, ge=1)


def app_with(handler: Any, path: str = "/", **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route(path, handler, methods=["POST"], **options)
    return app


JSON = {"Content-Type": "application/json"}


def missing(*loc: Any, value: Any = None) -> dict[str, Any]:
    return {"type": "missing", "loc": list(loc), "msg": "Field required", "input": value}


@pytest.mark.parametrize(
    ("kind", "sent", "got"),
    [
        (Item, {"name": "a", "price": 1}, {"name": "a", "price": 1.0, "tags": []}),
        (DataItem, {"name": "a", "other": 1}, {"name": "a", "tags": []}),
        (DictItem, {"name": "a"}, {"name": "a"}),
        (AttrsItem, {"name": "a"}, {"name": "a"}),
        (PydanticItem, {"name": "a"}, {"name": "a", "count": 1}),
        (list[Item], [{"name": "a", "price": 2}], [{"name": "a", "price": 2.0, "tags": []}]),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict[int, float], {"1": 2.5}, {"1": 2.5}),
        (list[int], [1, 2], [1, 2]),
        (Any, {"a": [1, None]}, {"a": [1, None]}),
        (dict, {"a": 1}, {"a": 1}),
        (list, [1], [1]),
    ],
)
def test_body_is_decoded(serve: Any, kind: Any, sent: Any, got: Any) -> None:
    async def handler(value):  # type: ignore[no-untyped-def]
        return value

    handler.__annotations__["value"] = Annotated[kind, Body()]
    response = serve(app_with(handler)).post("/", json=sent)
    assert (response.status_code, response.json()) == (200, got)


def test_type_without_marker_is_the_body(serve: Any) -> None:
    async def handler(item_id: int, item: Item, q: str | None = None) -> list[Any]:
        return [item_id, item.name, q]

    client = serve(app_with(handler, "/{item_id}"))
    response = client.post("/3?q=x", json={"name": "a", "price": 1})
    assert response.json() == [3, "a", "x"]


def test_every_problem_of_a_body_is_listed(serve: Any) -> None:
    async def handler(user: User) -> None: ...

    sent = {"items": [{"name": 1, "price": -1}, {"price": "x"}]}
    problems = serve(app_with(handler)).post("/", json=sent).json()["detail"]
    assert [(found["type"], found["loc"]) for found in problems] == [
        ("missing", ["body", "name"]),
        ("string_type", ["body", "items", 0, "name"]),
        ("greater_than", ["body", "items", 0, "price"]),
        ("missing", ["body", "items", 1, "name"]),
        ("float_parsing", ["body", "items", 1, "price"]),
    ]


def test_body_and_parameters_are_checked_together(serve: Any) -> None:
    async def handler(n: int, item: Item) -> None: ...

    sent = {"name": "a", "price": 0}
    problems = serve(app_with(handler)).post("/?n=x", json=sent).json()["detail"]
    assert [found["loc"] for found in problems] == [["query", "n"], ["body", "price"]]


def test_several_bodies_are_keys(serve: Any) -> None:
    async def handler(
        item: Item, user: User, importance: Annotated[int, Body()], note: str = Body("none")
    ) -> list[Any]:
        return [item.name, user.name, importance, note]

    client = serve(app_with(handler))
    sent = {"item": {"name": "a", "price": 1}, "user": {"name": "b"}, "importance": 5}
    assert client.post("/", json=sent).json() == ["a", "b", 5, "none"]
    assert client.post("/", json={**sent, "note": "x"}).json() == ["a", "b", 5, "x"]


def test_missing_keys_of_several_bodies_are_named(serve: Any) -> None:
    async def handler(item: Item, user: User, importance: Annotated[int, Body()]) -> None: ...

    client = serve(app_with(handler))
    problems = client.post("/", json={"item": {"name": "a"}}).json()["detail"]
    assert [found["loc"] for found in problems] == [
        ["body", "item", "price"],
        ["body", "user"],
        ["body", "importance"],
    ]
    problems = client.post("/").json()["detail"]
    assert [found["loc"] for found in problems] == [
        ["body", "item"],
        ["body", "user"],
        ["body", "importance"],
    ]


def test_embedded_body(serve: Any) -> None:
    async def handler(item: Annotated[Item, Body(embed=True)]) -> str:
        return item.name

    client = serve(app_with(handler))
    assert client.post("/", json={"item": {"name": "a", "price": 1}}).json() == "a"
    sent = {"name": "a", "price": 1}
    assert client.post("/", json=sent).json() == {"detail": [missing("body", "item")]}


def test_single_scalar_body_is_the_whole_body(serve: Any) -> None:
    async def handler(n: Annotated[int, Body(gt=0)]) -> int:
        return n

    client = serve(app_with(handler))
    assert client.post("/", json=3).json() == 3
    assert client.post("/", json=0).json()["detail"][0]["loc"] == ["body"]


def test_optional_body(serve: Any) -> None:
    async def handler(item: Item | None = None) -> str:
        return item.name if item else "none"

    client = serve(app_with(handler))
    assert client.post("/").json() == "none"
    assert client.post("/", content=b"null", headers=JSON).json() == "none"
    assert client.post("/", json={"name": "a", "price": 1}).json() == "a"


def test_missing_body(serve: Any) -> None:
    async def handler(item: Item) -> None: ...

    assert serve(app_with(handler)).post("/").json() == {"detail": [missing("body")]}


def test_body_of_a_dependency_and_of_the_handler(serve: Any) -> None:
    async def owner(user: User) -> str:
        return user.name

    async def handler(item: Item, name: Annotated[str, Depends(owner)]) -> list[str]:
        return [item.name, name]

    sent = {"item": {"name": "a", "price": 1}, "user": {"name": "b"}}
    assert serve(app_with(handler)).post("/", json=sent).json() == ["a", "b"]


def test_same_body_in_a_dependency_and_the_handler_is_one(serve: Any) -> None:
    async def first(item: Item) -> str:
        return item.name

    async def handler(item: Item, name: Annotated[str, Depends(first)]) -> list[str]:
        return [item.name, name]

    sent = {"name": "a", "price": 1}
    assert serve(app_with(handler)).post("/", json=sent).json() == ["a", "a"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{", "json_invalid"), (b"\xff", "json_invalid"), (b"[1]", "model_attributes_type")],
)
def test_body_that_is_not_json_is_422(serve: Any, content: bytes, kind: str) -> None:
    async def handler(item: Item) -> None: ...

    response = serve(app_with(handler)).post("/", content=content, headers=JSON)
    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == kind


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "application/x-www-form-urlencoded"]
)
def test_body_of_another_media_type_is_no_object(serve: Any, media: str) -> None:
    async def handler(item: Item) -> None: ...

    client = serve(app_with(handler))
    response = client.post("/", content=b'{"name":"a","price":1}', headers={"Content-Type": media})
    assert response.status_code == 422
    problem = response.json()["detail"][0]
    assert (problem["loc"], problem["input"]) == (["body"], '{"name":"a","price":1}')


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "application/geo+json"])
def test_body_of_a_json_media_type_is_read(serve: Any, media: str) -> None:
    async def handler(item: Item) -> str:
        return item.name

    client = serve(app_with(handler))
    response = client.post("/", content=b'{"name":"a","price":1}', headers={"Content-Type": media})
    assert response.json() == "a"


def test_body_of_bytes_and_of_text(serve: Any) -> None:
    async def size(data: Annotated[bytes, Body()]) -> int:
        return len(data)

    async def text(data: Annotated[str, Body(media_type="text/plain")]) -> str:
        return data

    app = app_with(size, "/size")
    app.add_api_route("/text", text, methods=["POST"])
    client = serve(app)
    binary = {"Content-Type": "application/octet-stream"}
    assert client.post("/size", content=b"\xff\x00a", headers=binary).json() == 3
    plain = {"Content-Type": "text/plain"}
    assert client.post("/text", content="é".encode(), headers=plain).json() == "é"


def test_several_bodies_that_are_no_object(serve: Any) -> None:
    async def handler(a: Annotated[int, Body()], b: Annotated[int, Body()]) -> None: ...

    client = serve(app_with(handler))
    nothing = {"detail": [missing("body", "a"), missing("body", "b")]}
    assert client.post("/", json=[1]).json() == nothing
    broken = client.post("/", content=b"{", headers=JSON).json()["detail"]
    assert [problem["type"] for problem in broken] == ["json_invalid"]
    plain = client.post("/", content=b'{"a":1,"b":2}', headers={"Content-Type": "text/plain"})
    assert plain.json() == nothing


def test_dependencies_share_a_body_of_which_one_part_is_wrong(serve: Any) -> None:
    def double(n: Annotated[int, Body()]) -> int:
        return 2 * n

    async def handler(
        item: PydanticItem, number: Annotated[int, Depends(double)], q: int
    ) -> None: ...

    client = serve(app_with(handler))
    sent = {"item": {"name": "a"}, "n": "x"}
    places = [each["loc"] for each in client.post("/?q=y", json=sent).json()["detail"]]
    assert places == [["body", "n"], ["query", "q"]]
    sent = {"item": {}, "n": 1}
    places = [each["loc"] for each in client.post("/", json=sent).json()["detail"]]
    assert places == [["query", "q"], ["body", "item", "name"]]


def test_body_without_a_content_type_is_no_json(serve: Any) -> None:
    async def handler(item: Item) -> str:
        return item.name

    app = app_with(handler)
    content = b'{"name":"a","price":1}'
    refused = serve(app).post("/", content=content)
    assert (refused.status_code, refused.json()["detail"][0]["input"]) == (422, content.decode())


def test_body_too_large_is_413(serve: Any) -> None:
    async def handler(item: list[int]) -> int:
        return len(item)

    client = serve(app_with(handler, max_body_size=10))
    assert client.post("/", json=[1, 2]).json() == 2
    response = client.post("/", json=[1] * 10)
    assert response.status_code == 413
    assert response.json() == {"detail": "The request body is larger than 10 bytes."}


def test_body_too_large_for_a_handler_that_reads_the_request(serve: Any) -> None:
    async def handler(request: Request) -> int:
        return len(await request.body())

    client = serve(app_with(handler, max_body_size=10))
    assert client.post("/", content=b"x" * 10).json() == 10
    assert client.post("/", content=b"x" * 11).status_code == 413
    assert client.post("/", content=iter([b"x" * 6] * 2)).status_code == 413


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'"\\ud800"',
        b'{"\\ud800": "\\udfff"}',
        b"9" * 10_000,
        b"-1e-99999",
        b"1e99999",
        b'"\\u0000"',
        b"\xef\xbb\xbf1",
        b"[1,]",
        b"nul",
        b"NaN",
        b"-Infinity",
        b"{'a': 1}",
        b"\x00",
        b" ",
    ],
)
@pytest.mark.parametrize("kind", [Any, dict, list[int], Item, int, str, PydanticItem, float])
def test_no_body_is_a_server_error(kind: Any, content: bytes) -> None:
    async def handler(value):  # type: ignore[no-untyped-def]
        return value

    handler.__annotations__["value"] = Annotated[kind, Body()]
    from triode.testing import TestClient

    client = TestClient(app_with(handler), raise_server_exceptions=False)
    assert client.post("/", content=content).status_code in (200, 422)


def test_router_and_route_say_whether_json_needs_a_content_type(serve: Any) -> None:
    async def handler(item: Item) -> str:
        return item.name

    app, lenient = App(openapi_url=None), Router(strict_content_type=False)
    app.add_api_route("/app", handler, methods=["POST"])
    lenient.add_api_route("/router", handler, methods=["POST"])
    lenient.add_api_route("/route", handler, methods=["POST"], strict_content_type=True)
    app.include_router(lenient)
    client = serve(app)
    content = b'{"name":"a","price":1}'
    statuses = [
        client.post(path, content=content).status_code for path in ("/app", "/router", "/route")
    ]
    assert statuses == [422, 200, 422]
    app = App(openapi_url=None, strict_content_type=False)
    app.add_api_route("/", handler, methods=["POST"])
    assert serve(app).post("/", content=content).json() == "a"
