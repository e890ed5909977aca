"""Values from the path, the query string, headers and cookies: FastAPI's rules, on both ways."""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest

from triode.app import App
from triode.binding.markers import Cookie, Header, Path, Query


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


def app_with(handler: Any, path: str = "/", **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route(path, handler, **options)
    return app


def problem(kind: str, loc: list[Any], msg: str, value: Any, **context: Any) -> dict[str, Any]:
    found = {"type": kind, "loc": loc, "msg": msg, "input": value}
    return {**found, "ctx": context} if context else found


# --- path


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "caf%C3%A9", "café"),
        (str, "a%2Fb", "a/b"),
        (int, "-12", -12),
        (float, "1.5", 1.5),
        (bool, "yes", True),
        (bool, "0", False),
        (Decimal, "1.10", "1.10"),
        (date, "2026-02-28", "2026-02-28"),
        (datetime, "2026-02-28T10:11:12Z", "2026-02-28T10:11:12Z"),
        (time, "10:11:12", "10:11:12"),
        (timedelta, "PT1M30S", "PT90S"),
        (UUID, "8D5C5A0E-2B5A-4B5A-8F5A-0123456789AB", "8d5c5a0e-2b5a-4b5a-8f5a-0123456789ab"),
        (Color, "red", "red"),
        (Size, "2", 2),
        (Literal["a", "b"], "b", "b"),
        (int | str, "12", "12"),
        (int | str, "x", "x"),
    ],
)
def test_path_parameter_is_decoded(serve: Any, kind: Any, text: str, value: Any) -> None:
    async def handler(value):  # type: ignore[no-untyped-def]
        return value

    handler.__annotations__["value"] = kind
    response = serve(app_with(handler, "/{value:path}")).get(f"/{text}")
    assert (response.status_code, response.json()) == (200, value)


def test_wrong_path_parameter_is_422(serve: Any) -> None:
    async def handler(item_id: int) -> int:
        return item_id

    response = serve(app_with(handler, "/{item_id}")).get("/foo")
    message = "Input should be a valid integer, unable to parse string as an integer"
    assert response.status_code == 422
    assert response.json() == {
        "detail": [problem("int_parsing", ["path", "item_id"], message, "foo")]
    }


def test_path_parameter_is_checked(serve: Any) -> None:
    async def handler(item_id: Annotated[int, Path(title="The ID", ge=1, le=1000)]) -> int:
        return item_id

    client = serve(app_with(handler, "/{item_id}"))
    message = "Input should be less than or equal to 1000"
    detail = [problem("less_than_equal", ["path", "item_id"], message, "1001", le=1000)]
    assert client.get("/1000").json() == 1000
    assert client.get("/1001").json() == {"detail": detail}


def test_path_parameter_with_alias(serve: Any) -> None:
    async def handler(number: Annotated[int, Path(alias="item-id")]) -> int:
        return number

    app = App(openapi_url=None)
    with pytest.raises(Exception, match="item-id"):
        app.add_api_route("/{item-id}", handler)

    async def named(number: Annotated[int, Path(alias="item_id")]) -> int:
        return number

    assert serve(app_with(named, "/{item_id}")).get("/3").json() == 3


@pytest.mark.parametrize("text", ["9" * 400, "1e400", "\u0661"])
def test_huge_or_odd_number_is_no_server_error(serve: Any, text: str) -> None:
    async def handler(value: int) -> str:
        return str(value)

    assert serve(app_with(handler, "/{value}")).get(f"/{text}").status_code in (200, 422)


def test_number_beyond_python_limit_is_422(serve: Any) -> None:
    async def handler(value: int) -> int:
        return value

    assert serve(app_with(handler)).get("/", params={"value": "9" * 5000}).status_code == 422


# --- query


def test_query_defaults_and_optional(serve: Any) -> None:
    async def handler(a: int, b: int = 2, c: int | None = None, d: str | None = None) -> list[Any]:
        return [a, b, c, d]

    client = serve(app_with(handler))
    assert client.get("/?a=1").json() == [1, 2, None, None]
    assert client.get("/?a=1&b=3&c=4&d=").json() == [1, 3, 4, ""]


def test_every_missing_and_wrong_parameter_is_listed(serve: Any) -> None:
    async def handler(a: int, b: int, c: int = 1) -> None: ...

    message = "Input should be a valid integer, unable to parse string as an integer"
    assert serve(app_with(handler)).get("/?b=x&c=y").json() == {
        "detail": [
            problem("missing", ["query", "a"], "Field required", None),
            problem("int_parsing", ["query", "b"], message, "x"),
            problem("int_parsing", ["query", "c"], message, "y"),
        ]
    }


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("True", True), ("on", True), ("no", False)]
)
def test_query_bool(serve: Any, text: str, value: bool) -> None:
    async def handler(short: bool = False) -> bool:
        return short

    assert serve(app_with(handler)).get(f"/?short={text}").json() is value


def test_query_lists(serve: Any) -> None:
    async def handler(
        q: Annotated[list[str] | None, Query()] = None,
        n: Annotated[list[int], Query()] = [1, 2],  # noqa: B006
        s: Annotated[set[int] | None, Query()] = None,
        t: Annotated[tuple[int, str], Query()] = (1, "a"),
    ) -> list[Any]:
        return [q, n, sorted(s or ()), t]

    client = serve(app_with(handler))
    assert client.get("/").json() == [None, [1, 2], [], [1, "a"]]
    assert client.get("/?q=a&n=3&q=b&s=1&s=1&t=2&t=b").json() == [["a", "b"], [3], [1], [2, "b"]]


def test_wrong_item_of_a_list_is_named(serve: Any) -> None:
    async def handler(n: Annotated[list[int], Query()]) -> list[int]:
        return n

    message = "Input should be a valid integer, unable to parse string as an integer"
    detail = [problem("int_parsing", ["query", "n", 1], message, "x")]
    assert serve(app_with(handler)).get("/?n=1&n=x").json() == {"detail": detail}


def test_default_list_is_not_shared(serve: Any) -> None:
    async def handler(n: Annotated[list[int], Query()] = []) -> list[int]:  # noqa: B006
        n.append(1)
        return n

    client = serve(app_with(handler))
    assert [client.get("/").json(), client.get("/").json()] == [[1], [1]]


def test_query_checks_alias_and_default_factory(serve: Any) -> None:
    async def handler(
        q: Annotated[str | None, Query(alias="item-query", min_length=3, pattern="^fix")] = None,
        n: Annotated[int, Query(default_factory=lambda: 7)] = 7,
    ) -> list[Any]:
        return [q, n]

    client = serve(app_with(handler))
    assert client.get("/?item-query=fixed").json() == ["fixed", 7]
    assert client.get("/?q=ignored").json() == [None, 7]
    message = "String should have at least 3 characters"
    detail = [problem("string_too_short", ["query", "item-query"], message, "ab", min_length=3)]
    assert client.get("/?item-query=ab").json() == {"detail": detail}


def test_markers_as_defaults(serve: Any) -> None:
    async def handler(
        q: str = Query("x", max_length=3), n: int = Query(...), h: str | None = Header(None)
    ) -> list[Any]:
        return [q, n, h]

    client = serve(app_with(handler))
    assert client.get("/?n=1").json() == ["x", 1, None]
    assert client.get("/").status_code == 422


def test_percent_and_plus_in_the_query(serve: Any) -> None:
    async def handler(q: str) -> str:
        return q

    client = serve(app_with(handler))
    assert client.get("/?q=a+b%2B%26%C3%A9&q=").json() == ""
    assert client.get("/?q=a+b%2B%26%C3%A9").json() == "a b+&é"


def test_last_value_of_a_single_parameter_counts(serve: Any) -> None:
    async def handler(q: int) -> int:
        return q

    assert serve(app_with(handler)).get("/?q=1&q=2").json() == 2


# --- headers and cookies


def test_headers(serve: Any) -> None:
    async def handler(
        user_agent: Annotated[str | None, Header()] = None,
        x_token: Annotated[list[str] | None, Header()] = None,
        strange_name: Annotated[str | None, Header(convert_underscores=False)] = None,
        number: Annotated[int, Header(alias="X-Number")] = 0,
    ) -> list[Any]:
        return [user_agent, x_token, strange_name, number]

    client = serve(app_with(handler))
    headers = [("User-Agent", "me"), ("X-Token", "a"), ("x-token", "b"), ("X-NUMBER", "3")]
    assert client.get("/", headers=headers).json() == ["me", ["a", "b"], None, 3]
    assert client.get("/", headers={"strange_name": "x", "user-agent": ""}).json() == [
        "", None, "x", 0,
    ]  # fmt: skip


def test_missing_header_is_named_as_on_the_wire(serve: Any) -> None:
    async def handler(x_token: Annotated[str, Header()]) -> None: ...

    detail = [problem("missing", ["header", "x-token"], "Field required", None)]
    assert serve(app_with(handler)).get("/").json() == {"detail": detail}


def test_cookies(serve: Any) -> None:
    async def handler(
        ads_id: Annotated[str | None, Cookie()] = None,
        count: Annotated[int, Cookie(alias="the-count")] = 0,
    ) -> list[Any]:
        return [ads_id, count]

    client = serve(app_with(handler))
    assert client.get("/").json() == [None, 0]
    headers = {"Cookie": 'ads_id="a b"; the-count=3; ads_id=second; broken'}
    assert client.get("/", headers=headers).json() == ["a b", 3]
