"""The work of every row in Triode, as its tutorial writes it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from triode import Create, Field, Model, Query, Triode

app = Triode()


class Buyer(Struct):
    name: str
    city: str


class Order(Struct):
    name: str
    price: Annotated[float, Field(ge=0)]
    quantity: int
    tags: list[str]
    buyer: Buyer


class Receipt(Struct):
    name: str
    total: float
    tags: list[str]
    buyer: Buyer


class Message(Struct):
    message: str


class Item(Struct):
    item_id: int
    q: str | None
    limit: int


class User(Model):
    email: str = Field(unique=True)
    age: int = Field(ge=0)
    bio: str | None = None


@app.get("/hello")
async def hello() -> Message:
    return Message(message="Hello, World!")


@app.get("/dict/hello")
async def hello_dict() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/plain")
def plain() -> Message:
    return Message(message="Hello, World!")


@app.get("/items/{item_id}")
async def get_item(
    item_id: int, q: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Item:
    return Item(item_id=item_id, q=q, limit=limit)


@app.post("/orders")
async def create_order(order: Order) -> Receipt:
    total = order.price * order.quantity
    return Receipt(name=order.name, total=total, tags=order.tags, buyer=order.buyer)


@app.get("/users/{user_id}")
async def get_user(user_id: int) -> User:
    return await User.get(user_id)


@app.get("/users")
async def list_users() -> list[User]:
    return await User.where().order_by(User.id).limit(20)


@app.post("/users", status_code=201)
async def create_user(user: Create[User]) -> User:
    return await user.save()
