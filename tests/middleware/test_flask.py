"""A Flask application inside one of Triode."""

from __future__ import annotations

from typing import Any

import pytest

from tests.middleware.blog import make_blog
from triode.app import App


@pytest.fixture
def client(serve: Any, tmp_path: Any) -> Any:
    app = App(openapi_url=None)
    app.mount("/blog", make_blog(str(tmp_path / "blog.db")))

    @app.get("/blog/api")
    async def api() -> str:
        return "new"

    return serve(app)


def test_visitor_reads(client: Any) -> None:
    assert client.get("/blog/").text.startswith("<!doctype html><title>Blog</title>")
    assert client.get("/blog/api").json() == "new"
    assert client.get("/blog/nothing").status_code == 404
    assert client.get("/blog/posts/new").status_code == 401
    assert client.get("/blog/login").status_code == 405


def test_author_logs_in_and_writes(client: Any) -> None:
    assert client.post("/blog/login", data={"name": "ann", "password": "x"}).status_code == 403
    page = client.post("/blog/login", data={"name": "ann", "password": "secret"})
    assert page.url.path == "/blog/"
    assert "<p class=flash>Welcome, ann.</p>" in page.text
    assert '<a href="/blog/posts/new">new</a>' in page.text
    client.post("/blog/posts/new", data={"title": "Ärger", "body": "<b>"})
    assert "<h2>Ärger</h2><p>&lt;b&gt;</p>" in client.get("/blog/").text


def test_upload_and_stream(client: Any) -> None:
    found = client.post("/blog/upload", files={"file": ("a.bin", b"x" * 300_000)})
    assert found.json() == {"name": "a.bin", "size": 300_000, "root": "/blog"}
    assert client.get("/blog/lines").text == "0\n1\n2\n"


def test_its_own_500(client: Any) -> None:
    response = client.get("/blog/broken")
    assert (response.status_code, response.headers["content-type"]) == (
        500,
        "text/html; charset=utf-8",
    )
