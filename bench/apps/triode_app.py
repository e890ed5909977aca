"""The work of every row in Triode, as its tutorial writes it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Annotated

import triode_middleware as middleware
from catalog import products
from msgspec import Struct

from triode import Create, Depends, Field, Header, Model, Page, Query, Triode, render

HAS_MIDDLEWARE = os.environ.get("BENCH_SETTING") == "stack"
HAS_ADMIN = os.environ.get("BENCH_SETTING") == "admin"

app = Triode(trusted_proxies=middleware.PROXIES if HAS_MIDDLEWARE else None)
if HAS_MIDDLEWARE:
    middleware.add_to(app)


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


class Fortune(Model):
    message: str


if HAS_ADMIN:
    app.admin(
        User,
        list_display=["email", "age", "bio"],
        search_fields=["email"],
        ordering=["id"],
        list_per_page=100,
    )


class Settings(Struct):
    country: str


class Visitor(Struct):
    token: str
    country: str


class Slice(Struct):
    offset: int
    limit: int


class Answer(Struct):
    visitor: Visitor
    limit: int
    locale: str
    notes: int
    permissions: list[str]


class Product(Struct):
    id: int
    name: str
    price: Annotated[float, Field(ge=0)]
    tags: list[str]
    in_stock: bool


class Catalog(Struct):
    products: list[Product]


class Count(Struct):
    products: int


SETTINGS = Settings(country="NZ")
CATALOG = Catalog(products=[Product(**product) for product in products(1000)])


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


async def get_settings() -> Settings:
    return SETTINGS


async def get_token(x_token: Annotated[str | None, Header()] = None) -> str:
    return x_token or "none"


async def get_visitor(
    token: Annotated[str, Depends(get_token)], settings: Annotated[Settings, Depends(get_settings)]
) -> Visitor:
    return Visitor(token=token, country=settings.country)


async def get_slice(
    offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Slice:
    return Slice(offset=offset, limit=limit)


async def get_locale(accept_language: Annotated[str, Header()] = "en") -> str:
    return accept_language[:2]


async def get_session() -> AsyncIterator[list[str]]:
    session: list[str] = []
    try:
        yield session
    finally:
        session.clear()


async def get_audit(
    session: Annotated[list[str], Depends(get_session)],
    visitor: Annotated[Visitor, Depends(get_visitor)],
) -> list[str]:
    session.append(visitor.token)
    return session


async def get_permissions(visitor: Annotated[Visitor, Depends(get_visitor)]) -> list[str]:
    return ["read"] if visitor.country == "NZ" else []


@app.get("/fortunes")
async def fortunes() -> Page:
    return render("fortunes.html", fortunes=await Fortune.where().order_by(Fortune.message))


@app.get("/dependencies/3")
async def three_dependencies(visitor: Annotated[Visitor, Depends(get_visitor)]) -> Visitor:
    return visitor


@app.get("/dependencies/8")
async def eight_dependencies(
    visitor: Annotated[Visitor, Depends(get_visitor)],
    part: Annotated[Slice, Depends(get_slice)],
    locale: Annotated[str, Depends(get_locale)],
    audit: Annotated[list[str], Depends(get_audit)],
    permissions: Annotated[list[str], Depends(get_permissions)],
) -> Answer:
    return Answer(
        visitor=visitor,
        limit=part.limit,
        locale=locale,
        notes=len(audit),
        permissions=permissions,
    )


@app.post("/catalog")
async def count_catalog(catalog: Catalog) -> Count:
    return Count(products=len(catalog.products))


@app.get("/catalog")
async def get_catalog() -> Catalog:
    return CATALOG
