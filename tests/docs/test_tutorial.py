"""The tutorial's programs, as a reader would try them."""

import importlib.util
import sys
from pathlib import Path

import pytest

from triode.auth import create_user
from triode.testing import TestClient

SNIPPETS = Path(__file__).resolve().parents[2] / "docs" / "snippets"


@pytest.fixture
def snippet(monkeypatch, tmp_path):
    """Import a program of the tutorial on an empty database."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/app.db")
    monkeypatch.setenv("TRIODE_SECRET_KEY", "a-secret-for-tests-only-0123456789")

    def load(path):
        name = "snippet_" + path.replace("/", "_").removesuffix(".py")
        spec = importlib.util.spec_from_file_location(name, SNIPPETS / path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


def test_hello(snippet):
    client = TestClient(snippet("hello.py").app)
    assert client.get("/").json() == {"message": "Hello, world"}


def test_parameters(snippet):
    client = TestClient(snippet("parameters.py").app)
    response = client.get("/search/books?q=ab&tags=x&tags=y", headers={"user-agent": "me"})
    assert response.json() == {
        "section": "books",
        "q": "ab",
        "limit": 10,
        "tags": ["x", "y"],
        "agent": "me",
    }
    problems = client.get("/search/books?q=x&limit=500").json()["detail"]
    assert [problem["type"] for problem in problems] == ["string_too_short", "less_than_equal"]


def test_bodies(snippet):
    client = TestClient(snippet("bodies.py").app)
    order = {"article": "pen", "amount": 2, "deliver_to": {"street": "High St", "city": "Ely"}}
    response = client.post("/orders", json=order)
    assert (response.status_code, response.json()) == (201, {**order, "note": None})


def test_users(snippet):
    with TestClient(snippet("users.py").app) as client:
        ada = {"email": "ada@x.org", "age": 36, "password": "s3cret"}
        assert client.post("/users", json=ada).status_code == 201
        assert client.post("/users", json=ada).status_code == 409
        assert client.patch("/users/1", json={"bio": "First"}).json()["bio"] == "First"
        assert client.get("/users/2").status_code == 404


def test_heroes(snippet):
    with TestClient(snippet("heroes.py").app) as client:
        client.post("/teams", json={"name": "Z"})
        client.post("/heroes", json={"name": "Nova", "team_id": 1})
        [hero] = client.get("/heroes?search=nov").json()["items"]
        assert hero["team"] == {"id": 1, "name": "Z"}
        assert [each["name"] for each in client.get("/teams/1").json()["heroes"]] == ["Nova"]
        assert client.get("/sizes").json() == [{"team_id": 1, "heroes": 1}]


def test_dependencies(snippet):
    client = TestClient(snippet("dependencies.py").app)
    assert client.get("/reports", headers={"x-api-key": "no"}).status_code == 401
    response = client.get("/reports?page=2", headers={"x-api-key": "let-me-in"})
    assert response.json() == {"from": 20, "to": 40}


def test_blog(snippet):
    module = snippet("blog/app.py")
    with TestClient(module.app, base_url="https://testserver") as client:
        browser = {"accept": "text/html", "sec-fetch-site": "same-origin"}
        assert client.get("/me").status_code == 401
        away = client.get("/posts/new", headers=browser, follow_redirects=False)
        assert away.headers["location"].startswith("/login")
        client.portal.call(create_user, "ada@x.org", "a-long-passphrase-9")
        log_in(client, "/login", browser)
        refused = send_form(client, "/posts/new", {"title": "", "text": "x"}, browser)
        assert (refused.status_code, "title" in refused.text) == (422, True)
        saved = send_form(client, "/posts/new", {"title": "One", "text": "<b>x"}, browser)
        assert "Saved." in saved.text
        assert "&lt;b&gt;x" in saved.text


def test_the_test_of_the_tutorial(snippet, monkeypatch):
    monkeypatch.setitem(sys.modules, "users", snippet("users.py"))
    snippet("test_users.py").test_a_user_is_created_and_read()


def log_in(client, path, headers):
    form = {"email": "ada@x.org", "password": "a-long-passphrase-9"}
    assert send_form(client, path, form, headers).status_code == 200


def send_form(client, path, fields, headers):
    page = client.get(path, headers=headers).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(path, data={**fields, "csrf_token": token}, headers=headers)
