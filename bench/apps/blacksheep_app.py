"""BlackSheep with pydantic models, on uvicorn."""

from __future__ import annotations

from blacksheep import Application, FromJSON, Response, get, json, post
from pydantic import BaseModel, Field


class Buyer(BaseModel):
    name: str
    city: str


class Order(BaseModel):
    name: str
    price: float = Field(ge=0)
    quantity: int
    tags: list[str]
    buyer: Buyer


class Receipt(BaseModel):
    name: str
    total: float
    tags: list[str]
    buyer: Buyer


app = Application()


@get("/hello")
async def hello() -> Response:
    return json({"message": "Hello, World!"})


@get("/plain")
def plain() -> Response:
    return json({"message": "Hello, World!"})


@get("/items/{item_id}")
async def get_item(item_id: int, q: str | None = None, limit: int = 10) -> Response:
    if not 1 <= limit <= 100:
        return json({"detail": "limit must be from 1 to 100"}, 422)
    return json({"item_id": item_id, "q": q, "limit": limit})


@post("/orders")
async def create_order(data: FromJSON[Order]) -> Response:
    order = data.value
    total = order.price * order.quantity
    return json(Receipt(name=order.name, total=total, tags=order.tags, buyer=order.buyer))
