"""FastAPI with SQLAlchemy 2, twice: async sessions over aiosqlite, and `def` over sqlite3.

The second set of database routes is under `/sync`; the runner times the faster of the two.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import fastapi_middleware as middleware
from catalog import products
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import create_engine, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

DATABASE = os.environ["BENCH_DATABASE"]

app = FastAPI()
if os.environ.get("BENCH_SETTING") == "stack":
    middleware.add_to(app)
POSTGRES = os.environ.get("BENCH_POSTGRES", "").removeprefix("postgresql://")
# A pool smaller than the 40 threads of `def` handlers: more connections than that cost time.
if POSTGRES:
    async_engine = create_async_engine(f"postgresql+asyncpg://{POSTGRES}", pool_size=10)
    engine = create_engine(f"postgresql+psycopg://{POSTGRES}", pool_size=8, max_overflow=0)
else:
    patience = {"timeout": 30}
    async_engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}", connect_args=patience)
    engine = create_engine(
        f"sqlite:///{DATABASE}", connect_args=patience, pool_size=8, max_overflow=0
    )
AsyncSessions = async_sessionmaker(async_engine, expire_on_commit=False)
Sessions = sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine, "connect")
@event.listens_for(async_engine.sync_engine, "connect")
def set_pragmas(connection: Any, _record: Any) -> None:
    if POSTGRES:
        return
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


class Base(DeclarativeBase):
    pass


class UserRow(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int]
    bio: Mapped[str | None]


class Message(BaseModel):
    message: str


class Item(BaseModel):
    item_id: int
    q: str | None
    limit: int


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


class NewUser(BaseModel):
    email: str
    age: int = Field(ge=0)
    bio: str | None = None


class User(NewUser):
    model_config = ConfigDict(from_attributes=True)

    id: int


class Settings(BaseModel):
    country: str


class Visitor(BaseModel):
    token: str
    country: str


class Slice(BaseModel):
    offset: int
    limit: int


class Answer(BaseModel):
    visitor: Visitor
    limit: int
    locale: str
    notes: int
    permissions: list[str]


class Product(BaseModel):
    id: int
    name: str
    price: Annotated[float, Field(ge=0)]
    tags: list[str]
    in_stock: bool


class Catalog(BaseModel):
    products: list[Product]


class Count(BaseModel):
    products: int


SETTINGS = Settings(country="NZ")
CATALOG = Catalog(products=[Product(**product) for product in products(1000)])


async def get_async_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSessions() as session:
        yield session


def get_session() -> Iterator[Session]:
    with Sessions() as session:
        yield session


AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]
SessionDep = Annotated[Session, Depends(get_session)]


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


@app.get("/users/{user_id}", response_model=User)
async def get_user(user_id: int, session: AsyncSessionDep) -> UserRow:
    user = await session.get(UserRow, user_id)
    if user is None:
        raise HTTPException(404)
    return user


@app.get("/users", response_model=list[User])
async def list_users(session: AsyncSessionDep) -> list[UserRow]:
    return list(await session.scalars(select(UserRow).order_by(UserRow.id).limit(20)))


@app.post("/users", status_code=201, response_model=User)
async def create_user(user: NewUser, session: AsyncSessionDep) -> UserRow:
    row = UserRow(**user.model_dump())
    session.add(row)
    await session.commit()
    return row


@app.get("/sync/users/{user_id}", response_model=User)
def get_user_sync(user_id: int, session: SessionDep) -> UserRow:
    user = session.get(UserRow, user_id)
    if user is None:
        raise HTTPException(404)
    return user


@app.get("/sync/users", response_model=list[User])
def list_users_sync(session: SessionDep) -> list[UserRow]:
    return list(session.scalars(select(UserRow).order_by(UserRow.id).limit(20)))


@app.post("/sync/users", status_code=201, response_model=User)
def create_user_sync(user: NewUser, session: SessionDep) -> UserRow:
    row = UserRow(**user.model_dump())
    session.add(row)
    session.commit()
    return row


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


async def open_session() -> AsyncIterator[list[str]]:
    session: list[str] = []
    try:
        yield session
    finally:
        session.clear()


async def get_audit(
    session: Annotated[list[str], Depends(open_session)],
    visitor: Annotated[Visitor, Depends(get_visitor)],
) -> list[str]:
    session.append(visitor.token)
    return session


async def get_permissions(visitor: Annotated[Visitor, Depends(get_visitor)]) -> list[str]:
    return ["read"] if visitor.country == "NZ" else []


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
