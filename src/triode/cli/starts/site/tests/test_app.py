import re

import pytest
from triode.auth import create_user
from triode.testing import TestClient

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


@pytest.fixture
def user(client: TestClient) -> None:
    client.call(create_user, EMAIL, PASSWORD)


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def log_in(client: TestClient) -> None:
    token = token_in(client.get("/login").text)
    client.post("/login", data={"email": EMAIL, "password": PASSWORD, "csrf_token": token})


def test_home_is_open_to_everybody(client: TestClient) -> None:
    assert "Nothing here yet." in client.get("/").text


def test_writing_needs_a_login(client: TestClient) -> None:
    answer = client.get("/posts/new", headers={"accept": "text/html"})
    assert answer.url.path == "/login"


@pytest.mark.usefixtures("user")
def test_post_is_written_and_shown(client: TestClient) -> None:
    log_in(client)
    token = token_in(client.get("/posts/new").text)
    post = {"title": "First", "text": "Hello.", "csrf_token": token}
    page = client.post("/posts/new", data=post).text
    assert "Your post is online." in page
    assert "<h2>First</h2>" in page


@pytest.mark.usefixtures("user")
def test_post_without_a_title_is_shown_again(client: TestClient) -> None:
    log_in(client)
    token = token_in(client.get("/posts/new").text)
    assert (
        client.post("/posts/new", data={"text": "Hello.", "csrf_token": token}).status_code == 422
    )


def test_admin_asks_for_a_login(client: TestClient) -> None:
    answer = client.get("/admin/", headers={"accept": "text/html"})
    assert answer.url.path == "/login"
