"""Streams in the document."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from triode.app import App
from triode.responses import EventSourceResponse, StreamingResponse
from triode.sse import ServerSentEvent


class Item(msgspec.Struct):
    name: str


ITEM = {"$ref": "#/components/schemas/Item"}
EVENT = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}


def streams() -> App:
    app = App()

    @app.get("/lines")
    async def lines() -> AsyncIterable[Item]:
        yield Item("a")

    @app.get("/untyped")
    def untyped():  # type: ignore[no-untyped-def]
        yield 1

    @app.get("/events", response_class=EventSourceResponse)
    def events() -> Iterable[Item]:
        yield Item("a")

    @app.get("/own-events", response_class=EventSourceResponse)
    async def own_events() -> AsyncIterable[ServerSentEvent]:
        yield ServerSentEvent()

    @app.get("/text", response_class=StreamingResponse)
    async def text() -> AsyncIterable[str]:
        yield ""

    return app


def contents(app: App) -> dict[str, Any]:
    paths = app.openapi()["paths"]
    return {path: paths[path]["get"]["responses"]["200"].get("content") for path in paths}


def test_a_document_of_3_1_is_valid() -> None:
    app = streams()
    validate(app.openapi())
    found = contents(app)
    assert found["/lines"] == {
        "application/jsonl": {
            "schema": {
                "type": "string",
                "description": "One JSON value a line.",
                "contentMediaType": "application/jsonl",
                "contentSchema": ITEM,
            }
        }
    }
    assert found["/text"] is None


@pytest.mark.parametrize(
    ("path", "media_type", "item"),
    [
        ("/lines", "application/jsonl", ITEM),
        ("/untyped", "application/jsonl", {}),
        ("/own-events", "text/event-stream", EVENT),
    ],
)
def test_a_document_of_3_2_has_item_schemas(path: str, media_type: str, item: Any) -> None:
    app = streams()
    app.openapi_version = "3.2.0"
    assert contents(app)[path] == {media_type: {"itemSchema": item}}


def test_data_of_events_is_json() -> None:
    app = streams()
    app.openapi_version = "3.2.0"
    schema = contents(app)["/events"]["text/event-stream"]["itemSchema"]
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": ITEM}
    assert (schema["properties"]["data"], schema["required"]) == (data, ["data"])
