"""Where a request has the value that a lower room refuses by the name of its field."""

from typing import Annotated, Any

import msgspec
import pytest

from triode.app import App
from triode.binding.markers import Body, Form, Query
from triode.errors import ClientError


class Refused(ClientError):
    status_code = 422

    @property
    def detail(self) -> Any:
        return [{"loc": list(self.place or ()), "msg": self.message}]


class Item(msgspec.Struct, rename="camel"):
    first_age: int = 1


def refuse(*_: Any) -> None:
    error = Refused("too large")
    error.field = "first_age"
    raise error


async def whole(item: Item) -> None:
    refuse()


async def embedded(item: Annotated[Item, Body(embed=True)]) -> None:
    refuse()


async def form(item: Annotated[Item, Form()]) -> None:
    refuse()


async def query(item: Annotated[Item, Query()]) -> None:
    refuse()


async def twice(item: Item, first_age: int = 3) -> None:
    refuse()


async def nowhere(age: int = 3) -> None:
    refuse()


@pytest.mark.parametrize(
    ("handler", "place"),
    [
        (whole, ["body", "firstAge"]),
        (embedded, ["body", "item", "firstAge"]),
        (form, ["body", "firstAge"]),
        (query, ["query", "firstAge"]),
        (twice, []),
        (nowhere, []),
    ],
)
def test_place_of_a_field(serve: Any, handler: Any, place: list[str]) -> None:
    app = App(openapi_url=None)
    app.add_api_route("/", handler, methods=["POST"])
    body: Any = {"item": {}} if handler is embedded else {}
    kind = {"data": body} if handler is form else {"json": body}
    response = serve(app).post("/", **kind)
    assert response.json() == {"detail": [{"loc": place, "msg": "too large"}]}
