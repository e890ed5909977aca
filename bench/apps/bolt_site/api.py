"""The rows as django-bolt writes them: msgspec structs, typed parameters, Django's ORM."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django_bolt import BoltAPI
from django_bolt.exceptions import HTTPException
from django_bolt.param_functions import Query

from .models import User

# As for the other peers: no access log, and answers that nobody compresses.
api = BoltAPI(enable_logging=False, compression=False)


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


class NewUser(msgspec.Struct):
    email: str
    age: Annotated[int, msgspec.Meta(ge=0)]
    bio: str | None = None


class UserOut(msgspec.Struct):
    id: int
    email: str
    age: int
    bio: str | None


def as_struct(user: User) -> UserOut:
    return UserOut(id=user.pk, email=user.email, age=user.age, bio=user.bio)


@api.get("/hello")
async def hello() -> Message:
    return Message(message="Hello, World!")


@api.get("/dict/hello")
async def hello_dict() -> dict[str, str]:
    return {"message": "Hello, World!"}


@api.get("/plain")
def plain() -> Message:
    return Message(message="Hello, World!")


@api.get("/items/{item_id}")
async def get_item(
    item_id: int, q: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Item:
    return Item(item_id=item_id, q=q, limit=limit)


@api.post("/orders", status_code=200)
async def create_order(order: Order) -> Receipt:
    total = order.price * order.quantity
    return Receipt(name=order.name, total=total, tags=order.tags, buyer=order.buyer)


@api.get("/users/{user_id}")
async def get_user(user_id: int) -> UserOut:
    try:
        return as_struct(await User.objects.aget(pk=user_id))
    except User.DoesNotExist:
        raise HTTPException(404) from None


@api.get("/users")
async def list_users() -> list[UserOut]:
    return [as_struct(user) async for user in User.objects.order_by("id")[:20]]


@api.post("/users", status_code=201)
async def create_user(new: NewUser) -> UserOut:
    return as_struct(await User.objects.acreate(email=new.email, age=new.age, bio=new.bio))


@api.get("/sync/users/{user_id}")
def get_user_sync(user_id: int) -> UserOut:
    try:
        return as_struct(User.objects.get(pk=user_id))
    except User.DoesNotExist:
        raise HTTPException(404) from None


@api.get("/sync/users")
def list_users_sync() -> list[UserOut]:
    return [as_struct(user) for user in User.objects.order_by("id")[:20]]


@api.get("/queryset/users")
async def list_users_queryset() -> list[UserOut]:
    return User.objects.order_by("id")[:20]


@api.post("/sync/users", status_code=201)
def create_user_sync(new: NewUser) -> UserOut:
    return as_struct(User.objects.create(email=new.email, age=new.age, bio=new.bio))
