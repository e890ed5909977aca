"""Smaller things that a document says: titles, examples, files, descriptions."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from openapi_spec_validator import validate
from pydantic import BaseModel, Field, computed_field
from starlette.datastructures import UploadFile

from tests.conftest import Serve
from triode.app import App
from triode.binding.markers import Body, Form, Header, Query
from triode.http import HTTPException
from triode.openapi.docs import get_swagger_ui_html
from triode.openapi.utils import get_openapi


class Note(msgspec.Struct):
    text: str


class Told(BaseModel):
    """What clients read.
    \f
    What they do not.
    """


class Written(msgspec.Struct):
    """What clients read.
    \f
    What they do not.
    """


class Headers(BaseModel):
    save_data: bool


EXAMPLES = {"short": {"summary": "A short one", "value": "ab"}}


def operation(app: App, method: str = "get") -> dict[str, Any]:
    document = app.openapi()
    validate(document)
    found: dict[str, Any] = document["paths"]["/"][method]
    return found


def test_declared_models_have_titles() -> None:
    app = App()

    @app.get("/", responses={500: {"model": list[Note]}})
    async def read() -> Any: ...

    found = operation(app)["responses"]
    titles = [found[code]["content"]["application/json"]["schema"]["title"] for code in found]
    assert titles == ["Response Read  Get", "Response 500 Read  Get"]


def test_embedded_part_of_another_media_type() -> None:
    app = App()

    @app.post("/")
    async def create(
        note: Annotated[Note, Body(media_type="application/vnd.api+json", embed=True)],
    ) -> None: ...

    assert operation(app, method="post")["requestBody"] == {
        "content": {
            "application/vnd.api+json": {
                "schema": {"$ref": "#/components/schemas/Body_create__post"}
            }
        },
        "required": True,
    }


def test_description_of_a_class_ends_at_a_form_feed() -> None:
    app = App()

    @app.post("/")
    async def create(told: Told, written: Written) -> None: ...

    schemas = app.openapi()["components"]["schemas"]
    assert schemas["Told"]["description"] == "What clients read."
    assert schemas["Written"]["description"] == "What clients read."


def test_examples_of_openapi_stand_beside_the_schema() -> None:
    app = App()

    @app.post("/")
    async def create(
        q: Annotated[str, Query(openapi_examples=EXAMPLES)],
        note: Annotated[Note, Body(openapi_examples=EXAMPLES)],
    ) -> None: ...

    found = operation(app, method="post")
    assert found["parameters"][0]["examples"] == EXAMPLES
    assert found["requestBody"]["content"]["application/json"]["examples"] == EXAMPLES


def test_file_that_need_not_be_sent() -> None:
    app = App()

    @app.post("/")
    async def create(
        file: UploadFile | None = None, files: list[UploadFile] | None = None
    ) -> None: ...

    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    operation(app, method="post")
    assert app.openapi()["components"]["schemas"]["Body_create__post"]["properties"] == {
        "file": {"anyOf": [file, {"type": "null"}], "title": "File"},
        "files": {"anyOf": [{"type": "array", "items": file}, {"type": "null"}], "title": "Files"},
    }


def test_fields_of_a_header_model_have_titles_of_their_names() -> None:
    app = App()

    @app.get("/")
    async def read(headers: Annotated[Headers, Header()]) -> None: ...

    [found] = operation(app)["parameters"]
    assert (found["name"], found["schema"]["title"]) == ("save-data", "Save Data")


def test_document_that_was_set_is_given() -> None:
    app = App()
    app.openapi_schema = get_openapi(title="Mine", version="9", routes=app.routes)

    assert app.openapi() is app.openapi_schema


def test_page_of_ones_own(serve: Serve) -> None:
    app = App(docs_url=None, redoc_url=None)

    @app.get("/reference", include_in_schema=False)
    async def reference() -> Any:
        return get_swagger_ui_html(openapi_url="/openapi.json", title="Mine")

    page = serve(app).get("/reference")

    assert "<title>Mine</title>" in page.text
    own = re.findall(r'src="(/[^"]+)"', page.text)
    assert [serve(app).get(url).status_code for url in own] == [200, 200]


class Cat(BaseModel):
    name: str


class Dog(BaseModel):
    breed: str


class Square(BaseModel):
    side: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.side**2


def test_a_detail_that_is_no_text_is_described_as_anything() -> None:
    app = App()

    @app.get("/")
    async def read(words: str) -> None:
        raise HTTPException(400, {"words": words.split()})

    error = operation(app)["responses"]["400"]["content"]["application/json"]["schema"]
    assert error == {"$ref": "#/components/schemas/HTTPErrorDetail"}
    assert app.openapi()["components"]["schemas"]["HTTPErrorDetail"]["properties"] == {
        "detail": {"title": "Detail"}
    }


def test_a_form_that_may_be_one_of_two_models_is_that_model() -> None:
    app = App()

    @app.post("/")
    async def create(pet: Annotated[Cat | Dog, Form()]) -> None: ...

    assert operation(app, "post")["requestBody"]["content"] == {
        "application/x-www-form-urlencoded": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Cat"},
                    {"$ref": "#/components/schemas/Dog"},
                ],
                "title": "Pet",
            }
        }
    }


def test_what_is_computed_is_told_where_one_schema_serves_both_ways() -> None:
    app = App(separate_input_output_schemas=False)

    @app.post("/")
    async def create(square: Square) -> Square:
        return square

    content = operation(app, "post")["responses"]["200"]["content"]["application/json"]
    assert content == {"schema": {"$ref": "#/components/schemas/Square-Output"}}
    schemas = app.openapi()["components"]["schemas"]
    assert list(schemas["Square-Output"]["properties"]) == ["side", "area"]


def test_pydantics_field_describes_a_parameter() -> None:
    app = App()

    @app.get("/")
    async def read(q: Annotated[str, Field(description="What to find", alias="find")] = "") -> None:
        return None

    assert operation(app)["parameters"] == [
        {
            "name": "find",
            "in": "query",
            "required": False,
            "schema": {
                "type": "string",
                "title": "Find",
                "description": "What to find",
                "default": "",
            },
            "description": "What to find",
        }
    ]
