"""Falcon's ASGI application with msgspec as its JSON handler and validator."""

from __future__ import annotations

from typing import Annotated

import falcon
import falcon.asgi
import falcon.media
import msgspec


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


class Hello:
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        response.media = {"message": "Hello, World!"}


class Items:
    async def on_get(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, item_id: int
    ) -> None:
        limit = request.get_param_as_int("limit", min_value=1, max_value=100, default=10)
        response.media = {"item_id": item_id, "q": request.get_param("q"), "limit": limit}


class Orders:
    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        order = msgspec.convert(await request.get_media(), Order)
        total = order.price * order.quantity
        response.media = Receipt(order.name, total, order.tags, order.buyer)


async def refuse(
    request: falcon.asgi.Request,
    response: falcon.asgi.Response,
    exc: msgspec.ValidationError,
    params: dict[str, object],
) -> None:
    raise falcon.HTTPUnprocessableEntity(description=str(exc))


app = falcon.asgi.App()
json_handler = falcon.media.JSONHandler(dumps=msgspec.json.encode, loads=msgspec.json.decode)
app.req_options.media_handlers[falcon.MEDIA_JSON] = json_handler
app.resp_options.media_handlers[falcon.MEDIA_JSON] = json_handler
app.add_error_handler(msgspec.ValidationError, refuse)
app.add_route("/hello", Hello())
app.add_route("/items/{item_id:int}", Items())
app.add_route("/orders", Orders())
