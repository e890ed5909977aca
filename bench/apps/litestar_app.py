"""Litestar with msgspec structs, on uvicorn."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Litestar, get, post
from litestar.params import Parameter


class Message(msgspec.Struct):
    message: str


class Item(msgspec.Struct):
    item_id: int
    q: str | None
    limit: int


class Buyer(msgspec.Struct):
    name: str
    city: str


class Order(msgspec.Struct):
    name: str
    price: Annotated[float, msgspec.Meta(ge=0)]
    quantity: int
    tags: list[str]
    buyer: Buyer


class Receipt(msgspec.Struct):
    name: str
    total: float
    tags: list[str]
    buyer: Buyer


@get("/hello")
async def hello() -> Message:
    return Message(message="Hello, World!")


@get("/plain", sync_to_thread=False)
def plain() -> Message:
    return Message(message="Hello, World!")


@get("/thread/plain", sync_to_thread=True)
def plain_in_thread() -> Message:
    return Message(message="Hello, World!")


@get("/items/{item_id:int}")
async def get_item(
    item_id: int, q: str | None = None, limit: Annotated[int, Parameter(ge=1, le=100)] = 10
) -> Item:
    return Item(item_id=item_id, q=q, limit=limit)


@post("/orders", status_code=200)
async def create_order(data: Order) -> Receipt:
    total = data.price * data.quantity
    return Receipt(name=data.name, total=total, tags=data.tags, buyer=data.buyer)


app = Litestar([hello, plain, plain_in_thread, get_item, create_order])
