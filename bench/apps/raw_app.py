"""The work of every row with no framework: one ASGI function, msgspec and sqlite3.

It is the reference for what a framework can cost on uvicorn; it checks what the rows check.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
from raw_postgres import Users

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Answer = tuple[int, bytes]

SELECT_USER = "SELECT id, email, age, bio FROM user WHERE id = ?"
SELECT_USERS = "SELECT id, email, age, bio FROM user ORDER BY id LIMIT ?"
INSERT_USER = "INSERT INTO user (email, age, bio) VALUES (?, ?, ?) RETURNING id"
ITEM = re.compile(r"/items/(-?[0-9]+)\Z")
USER = re.compile(r"/users/([0-9]+)\Z")


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


class User(msgspec.Struct):
    id: int
    email: str
    age: int
    bio: str | None


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(os.environ["BENCH_DATABASE"], isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


database = connect()
postgres = Users(url) if (url := os.environ.get("BENCH_POSTGRES")) else None
encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode
decode_user = msgspec.json.Decoder(NewUser).decode


async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    try:
        if scope["method"] == "POST":
            status, body = post(scope["path"], await read(receive))
        elif postgres is not None:
            status, body = await postgres.get(scope["path"])
        else:
            status, body = get(scope["path"], scope["query_string"])
    except (msgspec.DecodeError, ValueError) as exc:
        status, body = 422, encode({"detail": str(exc)})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def get(path: str, query_string: bytes) -> Answer:
    if path in ("/hello", "/plain"):
        return 200, encode({"message": "Hello, World!"})
    if path == "/users":
        rows = database.execute(SELECT_USERS, (20,))
        return 200, encode([User(*row) for row in rows])
    if found := USER.match(path):
        return get_user(int(found[1]))
    if found := ITEM.match(path):
        return get_item(int(found[1]), parse_qs(query_string.decode()))
    return 404, encode({"detail": "Not Found"})


def get_user(user_id: int) -> Answer:
    row = database.execute(SELECT_USER, (user_id,)).fetchone()
    if row is None:
        return 404, encode({"detail": "Not Found"})
    return 200, encode(User(*row))


def get_item(item_id: int, query: dict[str, list[str]]) -> Answer:
    limit = int(query.get("limit", ["10"])[0])
    if not 1 <= limit <= 100:
        return 422, encode({"detail": "limit must be from 1 to 100"})
    return 200, encode({"item_id": item_id, "q": query.get("q", [None])[0], "limit": limit})


def post(path: str, body: bytes) -> Answer:
    if path == "/orders":
        order = decode_order(body)
        total = order.price * order.quantity
        return 200, encode(Receipt(order.name, total, order.tags, order.buyer))
    user = decode_user(body)
    values = (user.email, user.age, user.bio)
    (key,) = database.execute(INSERT_USER, values).fetchone()
    return 201, encode(User(key, *values))
