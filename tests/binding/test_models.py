"""Objects of query parameters, headers, cookies and form fields."""

from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from triode.app import App
from triode.binding.markers import Cookie, Form, Header, Query


class Filters(msgspec.Struct):
    limit: Annotated[int, msgspec.Meta(gt=0, le=100)] = 100
    tags: list[str] = []
    order: Literal["created", "updated"] = "created"


class Strict(pydantic.BaseModel):
    model_config = {"extra": "forbid"}
    limit: int = pydantic.Field(10, gt=0)
    tags: list[int] = []


class Common(msgspec.Struct):
    host: str
    x_tag: list[str] = []
    if_modified: str | None = None


class Login(msgspec.Struct):
    username: str
    age: int = 3
    tags: list[str] = []


def app_with(handler: Any, method: str = "GET", **options: Any) -> App:
    app = App(**options)
    app.add_api_route("/", handler, methods=[method])
    return app


def places(response: Any) -> list[Any]:
    assert response.status_code == 422
    return [(found["type"], found["loc"]) for found in response.json()["detail"]]


def test_query(serve: Any) -> None:
    async def handler(filters: Annotated[Filters, Query()], q: str = "") -> Filters:
        return filters

    client = serve(app_with(handler))
    assert client.get("/?q=x").json() == {"limit": 100, "tags": [], "order": "created"}
    assert client.get("/?limit=3&tags=a&tags=b").json() == {
        "limit": 3,
        "tags": ["a", "b"],
        "order": "created",
    }
    assert places(client.get("/?limit=0&order=x")) == [
        ("greater_than", ["query", "limit"]),
        ("literal_error", ["query", "order"]),
    ]


def test_query_of_a_class_that_forbids_others(serve: Any) -> None:
    async def handler(filters: Annotated[Strict, Query()]) -> Strict:
        return filters

    client = serve(app_with(handler))
    assert client.get("/?limit=3&tags=1").json() == {"limit": 3, "tags": [1]}
    assert places(client.get("/?limit=3&tool=a")) == [("extra_forbidden", ["query", "tool"])]


def test_headers(serve: Any) -> None:
    async def handler(headers: Annotated[Common, Header()]) -> list[Any]:
        return [headers.x_tag, headers.if_modified]

    headers = [("X-Tag", "a"), ("X-Tag", "b"), ("If-Modified", "now")]
    assert serve(app_with(handler)).get("/", headers=headers).json() == [["a", "b"], "now"]


def test_cookies(serve: Any) -> None:
    async def handler(cookies: Annotated[Login, Cookie()]) -> Login:
        return cookies

    client = serve(app_with(handler))
    headers = {"Cookie": "username=a; age=4"}
    assert client.get("/", headers=headers).json() == {"username": "a", "age": 4, "tags": []}
    assert places(client.get("/")) == [("missing", ["cookie", "username"])]


@pytest.mark.parametrize("is_multipart", [False, True])
def test_form(serve: Any, is_multipart: bool) -> None:
    async def handler(login: Annotated[Login, Form()]) -> Login:
        return login

    def send(**values: Any) -> Any:
        pairs = [(name, value) for name, each in values.items() for value in each]
        if is_multipart:
            return client.post("/", files=[(name, (None, value)) for name, value in pairs])
        return client.post("/", data=values)

    client = serve(app_with(handler, "POST"))
    sent = send(username=["a"], age=[""], tags=["x", "y"])
    assert sent.json() == {"username": "a", "age": 3, "tags": ["x", "y"]}
    assert places(send(age=["x"])) == [
        ("missing", ["body", "username"]),
        ("int_parsing", ["body", "age"]),
    ]


def test_fields_are_documented_as_parameters_of_their_own() -> None:
    async def handler(
        filters: Annotated[Filters, Query()], common: Annotated[Common, Header()]
    ) -> None: ...

    operation = app_with(handler).openapi()["paths"]["/"]["get"]
    found = [(each["in"], each["name"], each["required"]) for each in operation["parameters"]]
    assert found == [
        ("query", "limit", False),
        ("query", "tags", False),
        ("query", "order", False),
        ("header", "host", True),
        ("header", "x-tag", False),
        ("header", "if-modified", False),
    ]


class Headers(pydantic.BaseModel):
    model_config = {"extra": "allow", "populate_by_name": True}
    x_token: str
    count: int = pydantic.Field(0, alias="X-Count")


def test_header_model_keeps_what_it_does_not_name(serve: Any) -> None:
    async def read(headers: Annotated[Headers, Header()]) -> list[Any]:
        return [headers.x_token, headers.count, headers.model_extra["x-other"]]  # type: ignore[index]

    client = serve(app_with(read))
    sent = {"X-Token": "a", "X-Count": "3", "X-Other": "b"}
    assert client.get("/", headers=sent).json() == ["a", 3, "b"]
    problem = client.get("/", headers={"X-Count": "x", "x_token": "a"}).json()["detail"]
    assert [each["loc"] for each in problem] == [["header", "x-token"], ["header", "X-Count"]]


def test_optional_model_is_absent_where_none_of_it_was_sent(serve: Any) -> None:
    async def read(login: Annotated[Login | None, Query()] = None) -> str:
        return login.username if login else "nobody"

    client = serve(app_with(read))
    assert [client.get(f"/{query}").json() for query in ("", "?other=1")] == ["nobody", "nobody"]
    assert client.get("/?username=a").json() == "a"
    assert client.get("/?age=3").json()["detail"][0]["loc"] == ["query", "username"]


class Mail(msgspec.Struct):
    mail: str


def test_form_of_one_of_two_models_beside_a_field(serve: Any) -> None:
    async def read(
        who: Annotated[Login | Mail, Form()], note: Annotated[str, Form()] = "-"
    ) -> list[str]:
        return [type(who).__name__, note]

    client = serve(app_with(read, "POST"))
    assert client.post("/", data={"mail": "a", "note": "b"}).json() == ["Mail", "b"]
    assert client.post("/", data={"username": "a"}).json() == ["Login", "-"]
    places = [each["loc"] for each in client.post("/", data={}).json()["detail"]]
    assert places == [["body", "Login", "username"], ["body", "Mail", "mail"]]
