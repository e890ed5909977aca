"""The rows of the table: which requests, which answers, which targets.

A row knows no server. `Request.path` is joined to the prefix a peer's variant asks for.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from typing import Any

from bench import data
from bench.apps.catalog import products

COUNTER = "@COUNTER@"
HELLO = {"message": "Hello, World!"}
ORDER: dict[str, Any] = {
    "name": "Triode 12AX7",
    "price": 14.5,
    "quantity": 4,
    "tags": ["valve", "audio", "preamp"],
    "buyer": {"name": "Ada Lovelace", "city": "London"},
}
RECEIPT = {
    "name": ORDER["name"],
    "total": 58.0,
    "tags": ORDER["tags"],
    "buyer": ORDER["buyer"],
}
LARGE = 8100  # products; 1 MB of JSON
NEW_USER = {"email": f"new{COUNTER}@example.org", "age": 33, "bio": "Came with the benchmark."}


@dataclass(frozen=True)
class Request:
    """One request; `body` is JSON text or None."""

    path: str
    method: str = "GET"
    body: str | None = None


@dataclass(frozen=True)
class Check:
    """A request and what must come back.

    `answer` is compared as a JSON value; a key whose value is `...` must be there, with any
    value. `page` is the text that a browser would show of an HTML answer; `listed` are the
    addresses of people that such a page lists, and `shown` is what else must be in its text.
    Without these only the status counts. Several statuses mean that frameworks differ there.
    An anonymous check is sent without the session's cookie.
    """

    request: Request
    statuses: tuple[int, ...]
    answer: Any = None
    page: str = ""
    listed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    is_anonymous: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table. `targets` maps a peer to the least ratio wanted.

    `setting` is told to the applications: "stack" puts middleware around them, "postgres" gives
    them another database, "admin" adds the admin and an account whose session the requests have.
    """

    name: str
    title: str
    requests: tuple[Request, ...]
    checks: tuple[Check, ...]
    targets: dict[str, float] = field(default_factory=dict)
    is_insert: bool = False
    setting: str = ""


def post(path: str, body: Any) -> Request:
    return Request(path, "POST", json.dumps(body))


def ok(request: Request, answer: Any) -> Check:
    return Check(request, (200,), answer)


def refused(request: Request) -> Check:
    """A client's mistake: FastAPI says 422, Litestar 400, a typed path may say 404."""
    return Check(request, (400, 404, 422))


def params_row() -> Row:
    timed = Request("/items/4213?q=triode%20valve&limit=20")
    return Row(
        "params",
        "typed path + two query parameters",
        (timed,),
        (
            ok(timed, {"item_id": 4213, "q": "triode valve", "limit": 20}),
            ok(Request("/items/7"), {"item_id": 7, "q": None, "limit": 10}),
            refused(Request("/items/seven")),
            refused(Request("/items/7?limit=101")),
            refused(Request("/items/7?limit=0")),
        ),
        {"django-bolt": 1.1, "litestar": 5, "fastapi": 10},
    )


def body_row() -> Row:
    timed = post("/orders", ORDER)
    unfinished = {key: value for key, value in ORDER.items() if key != "quantity"}
    return Row(
        "body",
        "POST, validated body, typed response",
        (timed,),
        (
            ok(timed, RECEIPT),
            refused(post("/orders", {**ORDER, "price": -1})),
            refused(post("/orders", {**ORDER, "tags": [1, 2]})),
            refused(post("/orders", {**ORDER, "buyer": {"name": "Ada"}})),
            refused(post("/orders", unfinished)),
        ),
        {"django-bolt": 1.1, "fastapi": 8},
    )


def row_row() -> Row:
    keys = list(range(1, data.USERS + 1))
    random.Random(12).shuffle(keys)
    samples = (1, 3, 500, data.USERS)
    return Row(
        "row",
        "SQLite: row by key, JSON",
        tuple(Request(f"/users/{key}") for key in keys),
        (
            *(ok(Request(f"/users/{key}"), data.user(key)) for key in samples),
            Check(Request("/users/999999999"), (404,)),
        ),
        {"fastapi": 25, "django": 15, "django-bolt": 12},
    )


def insert_row() -> Row:
    timed = post("/users", NEW_USER)
    return Row(
        "insert",
        "SQLite: durable insert, 32 clients",
        (timed,),
        (
            Check(timed, (201,), {**NEW_USER, "id": ...}),
            refused(post("/users", {"email": "x@example.org", "age": -1})),
        ),
        {"fastapi": 10, "django": 10, "django-bolt": 10},
        is_insert=True,
    )


def stack_row() -> Row:
    request = Request("/hello")
    return Row(
        "stack",
        "hello JSON, middleware on",
        (request,),
        (ok(request, HELLO),),
        {"fastapi": 8},
        setting="stack",
    )


def postgres_row() -> Row:
    return replace(
        row_row(),
        name="postgres",
        title="PostgreSQL: row by key, JSON",
        targets={"raw": 0.9, "fastapi": 6, "django": 5},
        setting="postgres",
    )


def fortunes_row() -> Row:
    page = Request("/fortunes")
    fortunes = sorted(enumerate(data.FORTUNES, start=1), key=lambda fortune: fortune[1])
    cells = [f"{key} {message}" for key, message in fortunes]
    check = Check(page, (200,), page=" ".join(["Fortunes", "id message", *cells]))
    return Row("fortunes", "template page of 12 rows", (page,), (check,), {"django": 6, "flask": 6})


def admin_row() -> Row:
    # Each peer has a path of its own, which its variant says.
    page = Request("")
    users = data.users()[: data.ADMIN_PAGE]
    listed = Check(
        page,
        (200,),
        listed=tuple(user["email"] for user in users),
        shown=tuple(user["bio"] for user in users if user["bio"]),
    )
    return Row(
        "admin",
        f"admin change list, {data.ADMIN_PAGE} rows",
        (page,),
        (listed, Check(page, (302, 303), is_anonymous=True)),
        {"django": 5},
        setting="admin",
    )


def large_rows() -> tuple[Row, ...]:
    """A body of 1 MB to validate, and a response of 1,000 objects to write."""
    catalog = products(LARGE)
    sent = post("/catalog", {"products": catalog})
    broken = [{**catalog[0], "price": -1}, *catalog[1:]]
    answer = Request("/catalog")
    return (
        Row(
            "large-body",
            "POST, 1 MB of JSON validated",
            (sent,),
            (
                ok(sent, {"products": LARGE}),
                refused(post("/catalog", {"products": broken})),
            ),
            {"fastapi": 8},
        ),
        Row(
            "large-response",
            "1,000 objects as JSON",
            (answer,),
            (ok(answer, {"products": products(1000)}),),
            {"fastapi": 8},
        ),
    )


def dependency_rows() -> tuple[Row, ...]:
    three, eight = Request("/dependencies/3"), Request("/dependencies/8?limit=20")
    visitor = {"token": "none", "country": "NZ"}
    whole = {"visitor": visitor, "limit": 20, "locale": "en", "notes": 1, "permissions": ["read"]}
    return (
        Row("deps3", "3 dependencies", (three,), (ok(three, visitor),), {"fastapi": 8}),
        Row(
            "deps8",
            "8 dependencies, one of them with yield",
            (eight,),
            (ok(eight, whole), refused(Request("/dependencies/8?limit=0"))),
            {"fastapi": 8},
        ),
    )


def all_rows() -> tuple[Row, ...]:
    hello, plain = Request("/hello"), Request("/plain")
    page = Request(f"/users?limit={data.PAGE}")
    return (
        Row(
            "hello",
            "hello JSON",
            (hello,),
            (ok(hello, HELLO),),
            {"nginx": 0.75, "django-bolt": 1.0, "fastapi": 8},
        ),
        params_row(),
        body_row(),
        Row(
            "plain",
            "plain `def` handler",
            (plain,),
            (ok(plain, HELLO),),
            {"fastapi": 3, "flask": 6},
        ),
        row_row(),
        Row(
            "rows",
            "SQLite: 20 rows, JSON",
            (page,),
            (ok(page, data.users()[: data.PAGE]),),
            {"fastapi": 20, "django": 10, "django-bolt": 8},
        ),
        insert_row(),
        *dependency_rows(),
        *large_rows(),
        stack_row(),
        fortunes_row(),
        postgres_row(),
        admin_row(),
    )
