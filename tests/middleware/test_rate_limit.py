"""Limits: how much, of whom, and what a refused client is told."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocket

from tests.conftest import service_url
from triode.app import App
from triode.binding import Depends
from triode.errors import ConfigError
from triode.middleware.rate_limit import (
    RateLimited,
    RateLimiter,
    RateLimitMiddleware,
    parse_limit,
    rate_limit,
)
from triode.middleware.rate_stores import MemoryStore, Rate
from triode.middleware.redis_rates import RedisStore
from triode.testing import TestClient


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def app_with(limit: str = "2/minute", **options: Any) -> App:
    app = App()
    app.add_middleware(RateLimitMiddleware, limit=limit, **options)
    app.add_api_route("/", lambda: "here")
    return app


def test_who_asks_too_often_is_refused(serve: Any) -> None:
    client = serve(app_with())
    told = [client.get(path).headers["ratelimit"] for path in ("/", "/nowhere")]
    assert told == ['"2/minute";r=1;t=30', '"2/minute";r=0;t=60']
    response = client.get("/")
    assert response.status_code == 429
    assert response.json() == {"detail": "Too many requests. Try again in 30 seconds."}
    assert response.headers["retry-after"] == "30"
    assert response.headers["ratelimit-policy"] == '"2/minute";q=2;w=60'
    assert response.headers["ratelimit"] == '"2/minute";r=0;t=60'


def test_an_exception_handler_may_answer(serve: Any) -> None:
    app = app_with("1/hour")

    @app.exception_handler(RateLimited)
    async def sorry(request: Request, exc: RateLimited) -> JSONResponse:
        return JSONResponse({"wait": exc.wait}, 429)

    client = serve(app)
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]
    assert client.get("/").json() == {"wait": 3600}


def test_the_key_may_be_anything(serve: Any) -> None:
    app = app_with("1/hour", key=lambda request: request.headers.get("x-key"))
    client = serve(app)

    def ask(key: str | None) -> int:
        return int(client.get("/", headers={} if key is None else {"X-Key": key}).status_code)

    assert [ask(key) for key in ("a", "a", "b", None, None)] == [200, 429, 200, 200, 200]


def test_clients_are_told_apart_behind_a_proxy() -> None:
    app = app_with("1/hour")
    app.trusted_proxies = 1
    addresses = ("1.2.3.4", "1.2.3.4", "5.6.7.8", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::2")
    with TestClient(app) as client:
        found = [
            client.get("/", headers={"X-Forwarded-For": address}).status_code
            for address in addresses
        ]
    assert found == [200, 429, 200, 200, 429, 200]


def test_a_proxy_that_nobody_named_is_told_of(serve: Any, caplog: Any) -> None:
    client = serve(app_with("1/hour"))
    for _ in range(4):
        client.get("/", headers={"X-Forwarded-For": "1.2.3.4"})
    told = [record.getMessage() for record in caplog.records if "proxy" in record.getMessage()]
    assert len(told) == 1
    assert "Triode(trusted_proxies=[…])" in told[0]


def test_users_need_sessions_around(serve: Any) -> None:
    assert serve(app_with(key="user")).get("/").status_code == 500


def test_a_dependency_limits_its_routes(serve: Any) -> None:
    app = App()
    limit = Depends(rate_limit("2/hour", name="few"))
    for path in ("/a", "/b"):
        app.add_api_route(path, lambda: "here", dependencies=[limit])
    app.add_api_route("/free", lambda: "here")
    client = serve(app)
    found = [client.get(path) for path in ("/a", "/b", "/a", "/free")]
    assert [response.status_code for response in found] == [200, 200, 429, 200]
    told = [response.headers.get("ratelimit") for response in found]
    assert told == ['"few";r=1;t=1800', '"few";r=0;t=3600', '"few";r=0;t=3600', None]
    assert app.openapi()["paths"]["/a"]["get"]["responses"]["429"]["description"] == (
        "Too many requests"
    )


def test_several_limits_are_all_told(serve: Any) -> None:
    app = app_with("10/day")
    app.add_middleware(RateLimitMiddleware, limit="5 per 10 seconds", name="burst")
    response = serve(app).get("/")
    assert response.headers["ratelimit-policy"] == '"10/day";q=10;w=86400, "burst";q=5;w=10'


def test_opening_a_connection_counts(serve: Any) -> None:
    app = app_with("1/hour")

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    client = serve(app)
    with client.websocket_connect("/socket"):
        pass
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect("/socket"):
        pass
    assert (caught.value.status_code, caught.value.headers["retry-after"]) == (429, "3600")


def test_a_quota_comes_back_evenly() -> None:
    clock = Clock()
    store, rate = MemoryStore(clock=clock), Rate(3, 60.0)
    assert [store.take("a", rate)[:2] for _ in range(4)] == [(0, 2), (0, 1), (0, 0), (20.0, 0)]
    clock.now += 19.5
    assert store.take("a", rate) == (0.5, 0, 40.5)
    clock.now += 0.5
    assert store.take("a", rate) == (0, 0, 60.0)
    clock.now += 60
    assert store.take("a", rate) == (0, 2, 20.0)


@given(
    quota=st.integers(1, 20),
    window=st.floats(0.1, 100),
    pauses=st.lists(st.floats(0, 30), max_size=80),
)
def test_no_window_has_more_than_its_quota_and_what_came_back(
    quota: int, window: float, pauses: list[float]
) -> None:
    clock = Clock()
    store, rate = MemoryStore(clock=clock), Rate(quota, window)
    passed = []
    for pause in pauses:
        clock.now += pause
        wait, left, _ = store.take("a", rate)
        assert 0 <= left < quota
        if not wait:
            passed.append(clock.now)
    for start in passed:
        within = [moment for moment in passed if start <= moment < start + window]
        assert len(within) <= 2 * quota


def test_memory_is_bounded() -> None:
    clock = Clock()
    store, rate = MemoryStore(capacity=10, clock=clock), Rate(1, 60.0)
    for number in range(50):
        store.take(f"k{number}", rate)
    assert len(store) == 10
    assert store.take("k49", rate)[0] == 60.0
    clock.now += 61
    for number in range(10):
        assert store.take(f"new{number}", rate)[0] == 0
        assert len(store) <= 10
    assert store.take("k49", rate)[0] == 0


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/minute", Rate(100, 60)),
        ("5 per 10 seconds", Rate(5, 10)),
        ("1/s", Rate(1, 1)),
        ("1000 / 2hours", Rate(1000, 7200)),
        ("3/Day", Rate(3, 86400)),
    ],
)
def test_limits_are_words(text: str, rate: Rate) -> None:
    assert parse_limit(text) == rate


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"limit": "0/minute"}, "rate-limit"),
        ({"limit": "5/0 seconds"}, "rate-limit"),
        ({"limit": "many"}, "rate-limit"),
        ({"limit": "1/fortnight"}, "rate-limit"),
        ({"limit": "1/s", "name": 'a"b'}, "rate-limit-name"),
        ({"limit": "1/s", "key": "host"}, "rate-limit-key"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RateLimiter(**options)
    assert caught.value.code == code


@pytest.fixture
def redis_options() -> dict[str, Any]:
    """Return the options of a store whose keys nobody else has."""
    return {"url": service_url("redis"), "prefix": f"test:{uuid.uuid4().hex}:"}


@pytest.mark.service("redis")
def test_redis_counts_for_all(serve: Any, redis_options: dict[str, Any]) -> None:
    clients = [serve(app_with("3/minute", store=RedisStore(**redis_options))) for _ in range(2)]
    found = [client.get("/") for client in clients * 2]
    assert [response.status_code for response in found] == [200, 200, 200, 429]
    told = [response.headers["ratelimit"] for response in found]
    assert [text.split(";")[1] for text in told] == ["r=2", "r=1", "r=0", "r=0"]
    assert 15 <= int(found[3].headers["retry-after"]) <= 20


@pytest.mark.service("redis")
def test_redis_as_a_dependency(serve: Any, redis_options: dict[str, Any]) -> None:
    app = App()
    store = RedisStore(**redis_options)
    app.add_shutdown(store.close)
    limit = Depends(rate_limit("1/hour", store=store))
    app.add_api_route("/", lambda: "here", dependencies=[limit])
    client = serve(app)
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.service("redis")
def test_redis_counts_as_memory_does(redis_options: dict[str, Any]) -> None:
    async def compare() -> None:
        theirs, ours = RedisStore(**redis_options), MemoryStore()
        async with aclosing_store(theirs):
            for _ in range(8):
                left, right = await theirs.take("k", Rate(5, 600)), ours.take("k", Rate(5, 600))
                assert left[1] == right[1]
                assert left == pytest.approx(right, abs=10)
            short = Rate(1, 0.1)
            assert [bool((await theirs.take("s", short))[0]) for _ in range(2)] == [False, True]
            await asyncio.sleep(0.15)
            assert (await theirs.take("s", short))[0] == 0

    asyncio.run(compare())


@asynccontextmanager
async def aclosing_store(store: RedisStore) -> AsyncIterator[None]:
    """Close a store after use."""
    try:
        yield
    finally:
        await store.close()


def test_without_redis_requests_pass_or_are_refused(serve: Any, caplog: Any) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    client = serve(app_with("1/hour", store=RedisStore(nowhere)))
    assert [client.get("/").status_code for _ in range(2)] == [200, 200]
    assert len([r for r in caplog.records if "does not answer" in r.getMessage()]) == 1
    response = serve(app_with(store=RedisStore(nowhere, refuse_without=True))).get("/")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


def test_time_is_that_of_the_machine() -> None:
    store = MemoryStore()
    store.take("a", Rate(1, 0.05))
    time.sleep(0.06)
    assert store.take("a", Rate(1, 0.05))[0] == 0
