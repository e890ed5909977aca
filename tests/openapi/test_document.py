"""The document as a whole, and what each option does to it."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from tests.openapi.shop import shop_document
from triode.app import App
from triode.binding.markers import Depends, Query
from triode.errors import RouteError
from triode.openapi import get_openapi
from triode.routing import Router
from triode.templating import Redirect
from triode.testing import TestClient


class Note(msgspec.Struct):
    text: str
    stars: int = 3


def operation(app: App, path: str = "/", method: str = "get") -> dict[str, Any]:
    document = app.openapi()
    validate(document)
    found: dict[str, Any] = document["paths"][path][method]
    return found


def test_document_of_the_shop() -> None:
    expected = json.loads(Path(__file__).with_name("shop.json").read_text(encoding="utf-8"))

    assert shop_document() == expected


def test_document_of_the_shop_is_valid() -> None:
    validate(shop_document())


def test_application_without_routes() -> None:
    document = App(title="Nothing", version="3").openapi()

    assert document == {
        "openapi": "3.1.0",
        "info": {"title": "Nothing", "version": "3"},
        "paths": {},
    }


def test_each_method_has_an_operation() -> None:
    app = App()
    app.add_api_route("/", lambda: None, methods=["POST", "GET"], name="both")

    document = app.openapi()

    assert [item["operationId"] for item in document["paths"]["/"].values()] == [
        "both__get",
        "both__post",
    ]


def test_head_beside_get_is_not_described() -> None:
    app = App()
    app.add_api_route("/", lambda: None, methods=["GET", "HEAD"], name="both")

    assert list(app.openapi()["paths"]["/"]) == ["get"]


def test_operation_id_twice_is_refused() -> None:
    app = App()
    app.add_api_route("/a", test_each_method_has_an_operation, operation_id="same")
    app.add_api_route("/b", test_each_method_has_an_operation, operation_id="same")

    with pytest.raises(RouteError) as caught:
        app.openapi()
    with pytest.raises(RouteError), TestClient(app):
        pass  # found at start-up

    assert caught.value.code == "openapi-duplicate-operation-id"
    assert caught.value.message == (
        "The operation id 'same' of GET /b is also that of GET /a. "
        "Give one of them another operation_id."
    )


def test_callback_that_two_routes_share() -> None:
    callbacks = Router()
    callbacks.add_api_route("{$url}", lambda: None, operation_id="paid")
    app = App()
    app.add_api_route("/a", lambda: None, callbacks=callbacks.routes, name="a")
    app.add_api_route("/b", lambda: None, callbacks=callbacks.routes, name="b")

    ids = [
        callback["{$url}"]["get"]["operationId"]
        for path in ("/a", "/b")
        for callback in operation(app, path)["callbacks"].values()
    ]

    assert ids == ["paid", "paid_2"]


def test_operation_ids_that_nobody_chose_are_numbered() -> None:
    app = App()
    app.add_api_route("/a-b", test_each_method_has_an_operation, name="same")
    app.add_api_route("/a_b", test_each_method_has_an_operation, name="same")

    ids = [item["get"]["operationId"] for item in app.openapi()["paths"].values()]

    assert ids == ["same_a_b_get", "same_a_b_get_2"]


def test_operation_ids_from_a_function() -> None:
    app = App(generate_unique_id_function=lambda route: f"my_{route.name}")
    app.add_api_route("/", lambda: None, name="one")
    app.add_api_route(
        "/own", lambda: None, name="two", generate_unique_id_function=lambda route: "own"
    )

    ids = [item["get"]["operationId"] for item in app.openapi()["paths"].values()]

    assert ids == ["my_one", "own"]


def test_options_of_routers_add_up() -> None:
    router = Router(prefix="/notes", tags=["notes"], responses={418: {"description": "Tea"}})
    router.add_api_route("", lambda: None, tags=["more"], name="notes", deprecated=True)
    app = App()
    app.include_router(router, prefix="/v1")

    found = operation(app, "/v1/notes")

    assert found == {
        "tags": ["notes", "more"],
        "summary": "Notes",
        "operationId": "notes_v1_notes_get",
        "deprecated": True,
        "responses": {
            "200": {
                "description": "Successful Response",
                "content": {"application/json": {"schema": {}}},
            },
            "418": {"description": "Tea"},
        },
    }


def test_required_parameter_wins_over_an_optional_one() -> None:
    def optional(q: str | None = None) -> None: ...
    def required(q: str) -> None: ...

    app = App()

    @app.get("/", dependencies=[Depends(optional), Depends(required)])
    async def handler() -> None: ...

    assert operation(app)["parameters"] == [
        {
            "name": "q",
            "in": "query",
            "required": True,
            "schema": {"type": "string", "title": "Q"},
        }
    ]


def test_path_parameter_that_the_handler_does_not_take() -> None:
    app = App()
    app.add_api_route("/{year:int}/{rest:path}", lambda: None)

    assert operation(app, "/{year}/{rest}")["parameters"] == [
        {
            "name": "year",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "title": "Year"},
        },
        {
            "name": "rest",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "title": "Rest"},
        },
    ]


def test_parameter_that_is_kept_out_still_answers_422() -> None:
    app = App()

    @app.get("/")
    async def handler(q: Annotated[int, Query(include_in_schema=False)] = 1) -> None: ...

    found = operation(app)

    assert "parameters" not in found
    assert "422" in found["responses"]


def test_own_422_is_kept() -> None:
    app = App()

    @app.get("/", responses={422: {"model": Note, "description": "Own"}})
    async def handler(q: int) -> None: ...

    assert operation(app)["responses"]["422"] == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
        "description": "Own",
    }


@pytest.mark.parametrize(
    ("key", "written", "description"),
    [
        ("4XX", "4XX", "Client Error"),
        ("5xx", "5XX", "Server Error"),
        ("default", "default", "Default Response"),
        (299, "299", "Additional Response"),
    ],
)
def test_responses_by_range(key: Any, written: str, description: str) -> None:
    app = App()
    app.add_api_route("/", lambda: None, responses={key: {}})

    assert operation(app)["responses"][written] == {"description": description}


@pytest.mark.parametrize(
    ("annotation", "responses"),
    [
        (HTMLResponse, {"200": {"text/html": {"schema": {"type": "string"}}}}),
        (RedirectResponse, {"307": None}),
        (Response, {"200": {"application/json": {"schema": {}}}}),
        (
            HTMLResponse | RedirectResponse,
            {"200": {"text/html": {"schema": {"type": "string"}}}, "307": None},
        ),
        (
            int | Redirect,
            {
                "200": {
                    "application/json": {
                        "schema": {"type": "integer", "title": "Response Handler  Get"}
                    }
                },
                "303": None,
            },
        ),
        (
            int | Response,
            {
                "200": {
                    "application/json": {
                        "schema": {"type": "integer", "title": "Response Handler  Get"}
                    }
                }
            },
        ),
        (
            HTMLResponse | PlainTextResponse,
            {
                "200": {
                    "text/html": {"schema": {"type": "string"}},
                    "text/plain": {"schema": {"type": "string"}},
                }
            },
        ),
    ],
)
def test_returned_response_classes(annotation: Any, responses: dict[str, Any]) -> None:
    async def handler() -> None: ...

    handler.__annotations__["return"] = annotation
    app = App()
    app.add_api_route("/", handler)

    found = operation(app)["responses"]

    assert {status: one.get("content") for status, one in found.items()} == responses


def test_status_without_body_has_no_content() -> None:
    app = App()
    app.add_api_route("/", lambda: None, status_code=204)

    assert operation(app)["responses"] == {"204": {"description": "Successful Response"}}


def test_one_schema_for_both_directions_on_request() -> None:
    def note(item: Note) -> Note:
        return item

    names = []
    for separate in (True, False):
        app = App(separate_input_output_schemas=separate)
        app.add_api_route("/", note, methods=["POST"])
        names.append([name for name in app.openapi()["components"]["schemas"] if "Note" in name])

    assert names == [["Note-Input", "Note-Output"], ["Note"]]


class HTTPError(msgspec.Struct):
    """A user's class that has the name of one of ours."""

    reason: str


def test_class_with_the_name_of_a_component_of_ours() -> None:
    app = App()

    @app.get("/", responses={401: {"model": HTTPError}})
    async def handler(q: int) -> HTTPError: ...

    found = operation(app)

    schemas = app.openapi()["components"]["schemas"]
    reference = found["responses"]["401"]["content"]["application/json"]["schema"]["$ref"]
    assert list(schemas[reference.rpartition("/")[2]]["properties"]) == ["reason"]


HEADERS = {"X-A": {"schema": {"type": "string"}}}


class Colour(Enum):
    RED = "red"


class Paint(BaseModel):
    colour: Colour
    shine: int | None = None


def test_pydantic_model_and_its_enum() -> None:
    app = App()

    @app.get("/")
    async def handler(colour: Colour) -> Paint: ...

    found = operation(app)

    reference = {"$ref": "#/components/schemas/Colour"}
    assert found["parameters"][0]["schema"] == reference
    assert app.openapi()["components"]["schemas"]["Paint"] == {
        "type": "object",
        "title": "Paint",
        "properties": {
            "colour": reference,
            "shine": {"anyOf": [{"type": "integer"}, {"type": "null"}], "title": "Shine"},
        },
        "required": ["colour"],
    }


def test_extra_is_merged_deeply() -> None:
    app = App()

    @app.get("/", openapi_extra={"responses": {"200": {"headers": HEADERS}}, "x-own": [1]})
    async def handler() -> None: ...

    found = operation(app)

    assert found["responses"]["200"]["headers"] == HEADERS
    assert found["responses"]["200"]["description"] == "Successful Response"
    assert found["x-own"] == [1]


def test_fragment_of_a_dependency_is_merged() -> None:
    class Limit:
        def __openapi__(self) -> dict[str, Any]:
            return {"responses": {"429": {"description": "Too many requests"}}}

        def check(self) -> None: ...

    app = App()
    app.add_api_route("/", lambda: None, dependencies=[Depends(Limit().check)])

    assert operation(app)["responses"]["429"] == {"description": "Too many requests"}


def test_fragments_of_several_dependencies_are_left_as_they_are() -> None:
    class Limit:
        def __init__(self, status: str) -> None:
            self.__openapi__ = {"responses": {status: {"description": "Limit"}}}

        def __call__(self) -> None: ...

    first, second = Limit("429"), Limit("503")
    app = App()
    app.add_api_route("/", lambda: None, dependencies=[Depends(first), Depends(second)])

    assert {"429", "503"} <= operation(app)["responses"].keys()
    assert first.__openapi__ == {"responses": {"429": {"description": "Limit"}}}


def test_first_of_two_routes_for_a_path_is_described() -> None:
    app = App()
    app.add_api_route("/{name}", lambda: None, summary="First")
    app.add_api_route("/{name:path}", lambda: None, summary="Second")

    assert operation(app, "/{name}")["summary"] == "First"


def test_get_openapi_takes_what_fastapi_takes() -> None:
    document = get_openapi(title="T", version="1", routes=[], openapi_version="3.1.1")

    assert document["openapi"] == "3.1.1"
