"""Errors in the form of RFC 9457, by one option."""

from typing import Any

import msgspec

from triode.app import App
from triode.http import HTTPException

PROBLEM = "application/problem+json"


class Item(msgspec.Struct):
    name: str
    tags: list[int] = []


def make_app() -> App:
    app = App(problem_details=True)

    @app.post("/items/{number}")
    async def create(number: int, item: Item) -> Item:
        return item

    @app.get("/raise/{status}")
    async def refuse(status: int) -> None:
        detail: Any = {400: {"detail": "why", "balance": 3, "status": 9}, 404: "No such item"}
        raise HTTPException(status, detail.get(status), headers={"X-A": "b"})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret")

    return app


def members(kind: str, status: int, instance: str, **more: Any) -> dict[str, Any]:
    return {"type": "about:blank", "title": kind, "status": status, "instance": instance} | more


def test_http_exception(serve: Any) -> None:
    response = serve(make_app()).get("/raise/404")
    assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM)
    assert response.headers["x-a"] == "b"
    assert response.json() == members("Not Found", 404, "/raise/404", detail="No such item")


def test_mapping_gives_members_of_its_own(serve: Any) -> None:
    expected = members("Bad Request", 400, "/raise/400", detail="why", balance=3)
    assert serve(make_app()).get("/raise/400").json() == expected


def test_validation_lists_every_problem_with_its_place(serve: Any) -> None:
    response = serve(make_app()).post("/items/x", json={"tags": [1, "y"]})
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)
    found = response.json()
    errors = found.pop("errors")
    assert found == members(
        "Unprocessable Content", 422, "/items/x", detail="3 problems in the request.",
        code="request-validation",
    )  # fmt: skip
    places = [(each["loc"], each.get("pointer"), each.get("parameter")) for each in errors]
    assert places == [
        (["path", "number"], None, "number"),
        (["body", "name"], "#/name", None),
        (["body", "tags", 1], "#/tags/1", None),
    ]
    assert errors[1]["detail"] == errors[1]["msg"] == "Field required"


def test_what_no_route_answers(serve: Any) -> None:
    client = serve(make_app())
    assert client.get("/nothing").json() == members("Not Found", 404, "/nothing")
    response = client.put("/broken")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert response.json() == members("Method Not Allowed", 405, "/broken")


def test_unexpected_error_tells_nothing(serve: Any) -> None:
    response = serve(make_app()).get("/broken")
    assert response.headers["content-type"] == PROBLEM
    assert response.json() == members("Internal Server Error", 500, "/broken")


def test_document_says_so(serve: Any) -> None:
    document = serve(make_app()).get("/openapi.json").json()
    responses = document["paths"]["/items/{number}"]["post"]["responses"]
    assert {status: list(each["content"]) for status, each in responses.items()} == {
        "200": ["application/json"], "413": [PROBLEM], "422": [PROBLEM],
    }  # fmt: skip
    assert {"ProblemDetails", "ValidationProblem"} <= document["components"]["schemas"].keys()


def test_without_the_option_nothing_changes(serve: Any) -> None:
    response = serve(App(openapi_url=None)).get("/")
    assert (response.headers["content-type"], response.json()) == (
        "application/json",
        {"detail": "Not Found"},
    )
