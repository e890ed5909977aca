"""MessagePack beside JSON, by `Accept` and `Content-Type`."""

import datetime
from typing import Any

import msgspec
import pytest

from triode.app import App
from triode.middleware import MessagePack, Middleware
from triode.responses import PlainTextResponse, Response

PACK = "application/msgpack"
REGISTERED = "application/vnd.msgpack"


class Item(msgspec.Struct):
    name: str
    day: datetime.date | None = None


def shop(**options: Any) -> App:
    app = App(openapi_url="/openapi.json", **options)
    app.add_middleware(MessagePack)

    @app.get("/item")
    async def read(response: Response) -> Item:
        response.headers["ETag"] = '"1"'
        return Item("a", datetime.date(2024, 2, 29))

    @app.post("/item", status_code=201)
    async def write(item: Item) -> Item:
        return item

    @app.put("/items")
    def several(item: Item, number: int) -> list[Any]:
        return [item, number]

    @app.get("/text")
    async def text() -> PlainTextResponse:
        return PlainTextResponse("text")

    return app


SENT = {"name": "a", "day": "2024-02-29"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (f"{PACK}, application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        (PACK, PACK),
        (REGISTERED, REGISTERED),
        (f"{PACK};q=0.9, application/json;q=0.8", PACK),
        (f"{PACK};q=0.5, application/json;q=0.8", "application/json"),
        (f"application/json;q=0, {PACK}", PACK),
        ("application/json;q=0, */*", REGISTERED),
    ],
)
def test_format_of_the_answer(serve: Any, accept: str | None, media_type: str) -> None:
    client = serve(shop())
    client.headers.pop("accept")
    response = client.get("/item", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    is_json = media_type == "application/json"
    assert (response.json() if is_json else msgspec.msgpack.decode(response.content)) == SENT
    assert response.headers["vary"] == "accept"
    assert response.headers["etag"] == ('"1"' if is_json else 'W/"1"')


def test_nothing_that_is_accepted_is_offered(serve: Any) -> None:
    client = serve(shop())
    response = client.get("/item", headers={"Accept": "application/xml"})
    assert (response.status_code, response.json()) == (
        406,
        {
            "detail": "Not acceptable: this is offered as application/json, "
            "application/vnd.msgpack, application/msgpack."
        },
    )
    # What was done cannot be undone because of how its result would have to be written.
    made = client.post("/item", json=SENT, headers={"Accept": "application/xml"})
    assert (made.status_code, made.json()) == (201, SENT)


def test_what_is_no_json_is_left_alone(serve: Any) -> None:
    response = serve(shop()).get("/text", headers={"Accept": PACK})
    assert (response.text, "vary" in response.headers) == ("text", False)


def test_errors_are_in_the_format_too(serve: Any) -> None:
    response = serve(shop()).get("/missing", headers={"Accept": PACK})
    assert response.status_code == 404
    assert msgspec.msgpack.decode(response.content) == {"detail": "Not Found"}


def packed(client: Any, method: str, path: str, value: Any, content_type: str = PACK) -> Any:
    content = value if isinstance(value, bytes) else msgspec.msgpack.encode(value)
    headers = {"Content-Type": content_type}
    return client.request(method, path, content=content, headers=headers)


@pytest.mark.parametrize("content_type", [PACK, REGISTERED, "Application/X-MsgPack; v=5"])
def test_body(serve: Any, content_type: str) -> None:
    client = serve(shop())
    response = packed(client, "POST", "/item", SENT, content_type)
    assert (response.status_code, response.json()) == (201, SENT)
    response = packed(client, "PUT", "/items?number=1", SENT, content_type)
    assert (response.status_code, response.json()) == (200, [SENT, 1])


def test_body_that_does_not_fit(serve: Any) -> None:
    response = packed(serve(shop()), "POST", "/item", {"name": 5})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "name"]


@pytest.mark.parametrize(
    "body", [b"\xc1", b"\x81", b"\xd4\x05a", b"\x81\x90\x01", b"\x91" * 100_000 + b"\x01", b"ab"]
)
def test_body_that_is_no_messagepack(serve: Any, body: bytes) -> None:
    response = packed(serve(shop()), "POST", "/item", body)
    assert (response.status_code, response.json()) == (
        400,
        {"detail": "The body is no MessagePack that JSON could say."},
    )


def test_body_that_is_too_large(serve: Any) -> None:
    response = packed(serve(shop(max_body_size=100)), "POST", "/item", {"name": "a" * 200})
    assert response.status_code == 413


def test_document_offers_both(serve: Any) -> None:
    paths = serve(shop()).get("/openapi.json").json()["paths"]
    assert list(paths["/item"]["get"]["responses"]["200"]["content"]) == ["application/json", PACK]
    assert list(paths["/item"]["post"]["requestBody"]["content"]) == ["application/json", PACK]
    assert list(paths["/text"]["get"]["responses"]["200"]["content"]) == ["text/plain"]


def test_one_route_alone(serve: Any) -> None:
    app = App()
    around = [Middleware(MessagePack)]
    app.add_api_route("/both", lambda: {"a": 1}, middleware=around)
    app.add_api_route("/json", lambda: {"a": 1})
    client = serve(app, headers={"Accept": PACK})
    assert msgspec.msgpack.decode(client.get("/both").content) == {"a": 1}
    assert client.get("/json").json() == {"a": 1}
    paths = app.openapi()["paths"]
    content = [paths[path]["get"]["responses"]["200"]["content"] for path in ("/both", "/json")]
    assert [list(each) for each in content] == [["application/json", PACK], ["application/json"]]
