"""A program with one of everything that a document describes; `shop.json` is its document.

After a change that is meant, write the document anew:

    PYTHONPATH=src:. python -m tests.openapi.shop > tests/openapi/shop.json
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, RedirectResponse

from triode.app import App
from triode.binding.markers import Body, Cookie, Depends, Form, Header, Query, Security
from triode.http import HTTPException
from triode.openapi import get_openapi
from triode.routing import Router
from triode.schema import FieldInfo


class Kind(StrEnum):
    BOOK = "book"
    GAME = "game"


class Item(msgspec.Struct):
    """Something to buy."""

    name: Annotated[str, FieldInfo(max_length=40)]
    price: Annotated[float, FieldInfo(gt=0, description="In euros.")]
    kind: Kind = Kind.BOOK
    note: str | None = None


@dataclass
class Message:
    message: str


class Token:
    """A security scheme, as `triode.security` has them."""

    __openapi__ = {
        "securitySchemes": {
            "Token": {
                "type": "oauth2",
                "flows": {"password": {"tokenUrl": "token", "scopes": {"buy": "Buy things"}}},
            }
        }
    }

    def __call__(self) -> str:
        return ""

    def __responses__(self, method_name: str) -> dict[int, str]:
        return {401: "Not authenticated"}


token = Token()


def page(limit: int = Query(10, le=100), q: str | None = None) -> None: ...


def customer(text: Annotated[str, Security(token, scopes=["buy"])]) -> str:
    return text


app = App(title="Shop", version="1.2.0")
callbacks = Router()


@app.get("/items", tags=["items"], operation_id="listItems")
async def list_items(
    page: Annotated[None, Depends(page)],
    again: Annotated[None, Depends(page)],
    kinds: Annotated[list[Kind], Query()] = [],  # noqa: B006 - FastAPI's users write it so
) -> list[Item]: ...


@app.post("/items", tags=["items"], status_code=201)
async def create_item(item: Item, buyer: Annotated[str, Depends(customer)]) -> Item: ...


@app.get("/items/{item_id}", tags=["items"], responses={404: {"model": Message}})
async def get_item(
    item_id: int,
    x_trace: Annotated[str | None, Header()] = None,
    shop: Annotated[str | None, Cookie(deprecated=True)] = None,
) -> Item:
    """Get one item.

    **Prices** include taxes.
    \f
    Not for the document.
    """
    if item_id > 9:
        raise HTTPException(410, "Sold out")
    raise HTTPException(404)


@app.delete("/items/{item_id}", status_code=204, deprecated=True, tags=["items"])
async def delete_item(item_id: int) -> None: ...


@app.put("/items/{item_id}/parts", openapi_extra={"x-speed": "slow"})
async def replace_parts(
    item_id: int, item: Item, message: Message, count: Annotated[int, Body(ge=1)] = 3
) -> dict[str, int]: ...


@app.post("/embedded", summary="Take one key")
async def embedded(item: Annotated[Item, Body(embed=True)]) -> None: ...


@app.post("/login")
async def login(
    username: Annotated[str, Form()], password: Annotated[str, Form(description="Secret.")] = "x"
) -> None: ...


@app.post("/upload")
async def upload(
    file: UploadFile, files: list[UploadFile], note: Annotated[str, Form()] = ""
) -> None: ...


@app.get("/page", response_class=HTMLResponse)
async def show_page() -> str: ...


@app.get("/old")
async def old() -> RedirectResponse: ...


@app.get("/hidden", include_in_schema=False)
async def hidden() -> None: ...


@callbacks.post("{$callback_url}/invoices/{$request.body.id}")
async def invoice_paid(message: Message) -> None: ...


@app.post("/invoices", callbacks=callbacks.routes)
async def create_invoice(item: Item, callback_url: str) -> None: ...


@app.webhooks.post("new-item")
async def new_item(item: Item) -> None:
    """Sent when an item is added."""


def shop_document() -> dict[str, Any]:
    """Return the document with everything that may be said of an API."""
    return get_openapi(
        title=app.title,
        version=app.version,
        summary="A small shop.",
        description="It sells *books* and *games*.",
        terms_of_service="https://shop.example/terms",
        contact={"name": "Ada", "url": "https://shop.example", "email": "ada@shop.example"},
        license_info={"name": "MIT", "identifier": "MIT"},
        routes=app.routes,
        webhooks=app.webhooks.routes,
        tags=[{"name": "items", "description": "What can be bought."}],
        servers=[{"url": "https://shop.example/api"}],
        external_docs={"url": "https://shop.example/docs"},
    )


if __name__ == "__main__":
    print(json.dumps(shop_document(), indent=2))
