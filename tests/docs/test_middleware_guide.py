"""The programs of docs/middleware.md, run."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import service_url
from triode.testing import LaneClient

ROOT = Path(__file__).parents[2] / "docs" / "snippets" / "middleware"


@pytest.fixture
def client() -> Iterator[LaneClient]:
    """Return a client of the guide's application, behind its proxy."""
    headers = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "Host": "api.example"}
    app = runpy.run_path(str(ROOT / "app.py"))["app"]
    with LaneClient(app, headers=headers) as found:
        yield found
    assert app.is_on_lane


def test_everything_is_around_the_application(client: LaneClient) -> None:
    response = client.get("/", headers={"Origin": "https://app.example"})
    assert response.json() == "hello"
    assert response.headers["x-version"] == "3"
    assert response.headers["access-control-allow-origin"] == "https://app.example"
    assert response.headers["strict-transport-security"] == "max-age=31536000"
    assert response.headers["ratelimit"] == '"600/minute";r=599;t=1'
    assert "x-request-id" in response.headers
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_a_limit_of_one_route(client: LaneClient) -> None:
    found = [client.post("/codes", params={"phone": "1"}).status_code for _ in range(6)]
    assert found == [200] * 5 + [429]


def test_a_router_and_a_route_of_their_own(client: LaneClient) -> None:
    assert client.get("/reports/year").json() == [2024, 2025, 2026]
    headers = client.get("/widget").headers
    assert "x-frame-options" not in headers
    assert headers["content-security-policy"] == (
        "default-src 'self'; script-src 'none'; frame-ancestors https://shop.example"
    )


def test_a_middleware_of_ones_own() -> None:
    program = runpy.run_path(str(ROOT / "own.py"))
    with LaneClient(program["app"]) as client:
        assert client.get("/").json() == "open"
        program["closed"].add("yes")
        response = client.get("/")
        assert (response.status_code, response.json()) == (503, {"detail": "Back soon."})


def test_the_address_behind_a_proxy() -> None:
    app = runpy.run_path(str(ROOT / "proxies.py"))["app"]
    with LaneClient(app, headers={"X-Forwarded-For": "1.2.3.4", "Host": "here"}) as client:
        assert client.get("/seen").json() == ["127.0.0.1", "http://here/seen"]


@pytest.mark.service("redis")
def test_a_limit_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        (ROOT / "shared.py").read_text().replace("redis://localhost:6379/0", service_url("redis"))
    )
    program: dict[str, Any] = {}
    exec(compile(text, "shared.py", "exec"), program)
    with LaneClient(program["app"]) as client:
        response = client.post("/uploads", headers={"X-API-Key": "a"})
        assert response.json() == "taken"
        assert '"uploads";r=' in response.headers["ratelimit"]
        assert "ratelimit" not in client.get("/nowhere").headers
