"""Requests that another site makes in a visitor's name are refused."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest

from triode.app import App
from triode.auth import Auth
from triode.db import Database
from triode.errors import ConfigError
from triode.middleware.csrf import CsrfProtection, is_token_of, make_token
from triode.middleware.sessions import Session

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def app(app: App) -> App:
    @app.post("/write")
    @app.put("/write")
    @app.delete("/write")
    async def write() -> str:
        return "written"

    @app.get("/token")
    async def token() -> str:
        from triode.templating import csrf_token

        return csrf_token()

    return app


@pytest.fixture
def client(app: App, serve: Callable[..., Any]) -> Any:
    return serve(app)


@pytest.fixture
def token(client: Any) -> str:
    return str(client.get("/token").json())


def origin_of(client: Any) -> str:
    return str(client.base_url).rstrip("/")


def post(client: Any, token: str | None = None, media: str = FORM, **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = f"a=b&csrf_token={token}" if token else "a=b"
    headers = {"content-type": media, **names}
    return int(client.post("/write", content=content, headers=headers).status_code)


def test_without_a_session_nothing_is_asked(client: Any) -> None:
    assert post(client) == 200


def test_a_form_needs_the_token(client: Any, token: str) -> None:
    assert post(client) == 403
    assert post(client, origin=origin_of(client)) == 403
    assert post(client, token) == 200
    assert post(client, token, origin=origin_of(client)) == 200


def test_the_token_may_come_in_a_header(client: Any, token: str) -> None:
    assert post(client, x_csrf_token=token) == 200


def test_every_unsafe_method_is_checked(client: Any, token: str) -> None:
    headers = {"x-csrf-token": token}
    for method in ("PUT", "DELETE"):
        assert client.request(method, "/write").status_code == 403
        assert client.request(method, "/write", headers=headers).status_code == 200


def test_what_the_browser_calls_foreign_is_refused_even_with_the_token(
    client: Any, token: str
) -> None:
    for site in ("cross-site", "same-site", "", "rubbish"):
        assert post(client, token, sec_fetch_site=site, host="localhost") == 403


FOREIGN = [
    "https://evil.example",
    "null",
    "",
    "http://testserver.evil.example",
    "http://testserver:99",
    "https://127.0.0.1.evil.example",
]


def test_a_foreign_origin_is_refused_even_with_the_token(client: Any, token: str) -> None:
    for origin in FOREIGN:
        assert post(client, token, origin=origin) == 403


def test_json_from_our_own_page_needs_no_token(client: Any, token: str) -> None:
    assert post(client, media="application/json", origin=origin_of(client)) == 200
    assert post(client, media="application/json") == 403


def test_what_another_site_may_send_without_asking_needs_it(client: Any, token: str) -> None:
    for media in ("text/plain", "", "multipart/form-data", "TEXT/PLAIN; a=b"):
        assert post(client, media=media, origin=origin_of(client)) == 403


def test_the_token_of_a_multipart_form_is_read(client: Any, token: str) -> None:
    files = {"file": ("a.txt", b'name="csrf_token"\r\n\r\nwrong\r\n')}
    reply = client.post("/write", data={"csrf_token": token}, files=files)
    assert reply.status_code == 200
    assert client.post("/write", data={"other": token}, files=files).status_code == 403


def test_a_token_of_another_session_is_refused(
    client: Any, app: App, serve: Callable[..., Any], token: str
) -> None:
    other = serve(app)
    foreign = other.get("/token").json()
    assert post(client, foreign) == 403


def test_a_token_that_is_none_is_refused(client: Any) -> None:
    client.get("/token")
    for token in ("x", "=", "é", "A" * 86, "A" * 85, "A" * 10_000, "%00", "\x01"):
        assert post(client, token) == 403


def test_a_bearer_token_is_not_a_browsers_doing(client: Any, token: str) -> None:
    assert post(client, authorization="Bearer x") == 200
    assert post(client, authorization="Basic x") == 403


def test_a_programs_key_without_cookies_is_not_asked(client: Any) -> None:
    assert post(client, x_api_key="x") == 200


def test_a_form_of_another_site_is_refused_without_a_session_too(client: Any) -> None:
    for media in (FORM, "multipart/form-data", "text/plain", ""):
        assert post(client, media=media, sec_fetch_site="cross-site") == 403
        assert post(client, media=media, origin="https://evil.example") == 403
    assert post(client, sec_fetch_site="same-origin") == 200
    assert post(client, origin=origin_of(client)) == 200


def test_what_no_form_can_send_is_left_to_cors_without_a_session(client: Any) -> None:
    foreign = {"origin": "https://other.example", "sec-fetch-site": "cross-site"}
    assert post(client, media="application/json", **foreign) == 200
    assert client.delete("/write", headers=foreign).status_code == 200


def test_a_trusted_origin_may_send(database: Database, serve: Callable[..., Any]) -> None:
    app = App()
    app.attach(database)
    app.attach(Auth(secret="s" * 32, trusted_origins=["https://app.example.org"]))

    @app.post("/write")
    async def write() -> str:
        return "written"

    client = serve(app)
    client.get("/login")
    json = "application/json"
    assert post(client, media=json, origin="https://app.example.org") == 200
    assert post(client, media=json, origin="https://other.example.org") == 403


@pytest.mark.parametrize("origin", ["app.example.org", "https://a/b", "https://*.a", "ftp://a"])
def test_a_trusted_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(ConfigError, match="trusted-origin"):
        CsrfProtection(trusted_origins=[origin])


def test_a_login_cannot_be_forged(client: Any, make_user: Callable[..., Any]) -> None:
    make_user()
    fields = {"email": "ada@example.org", "password": "correct horse battery"}
    assert client.post("/login", data=fields).status_code == 403


def test_a_browser_gets_a_page_that_explains(client: Any, token: str) -> None:
    reply = client.post("/write", data={"a": "b"}, headers={"accept": "text/html"})
    assert reply.status_code == 403
    assert "This form could not be sent" in reply.text


def test_a_program_gets_json(client: Any, token: str) -> None:
    reply = client.post("/write", data={"a": "b"})
    assert reply.json() == {
        "detail": "The request carries no CSRF token. Send it as the form field 'csrf_token' "
        "or the header 'X-CSRF-Token'."
    }


def test_tokens_of_one_session_differ_and_all_verify() -> None:
    session = Session()
    tokens = {make_token(session) for _ in range(5)}
    assert len(tokens) == 5
    assert all(is_token_of(session, token) for token in tokens)
    assert not any(is_token_of(Session(), token) for token in tokens)


def test_a_login_changes_the_secret() -> None:
    session = Session()
    token = make_token(session)
    session.log_in("ada")
    assert not is_token_of(session, token)
    after = make_token(session)
    session.rotate()
    assert not is_token_of(session, after)


def test_a_token_does_not_show_the_secret() -> None:
    session = Session()
    raw = base64.urlsafe_b64decode(make_token(session) + "==")
    assert session.binding_secret not in raw


@pytest.mark.parametrize(
    ("media", "piece"),
    [
        (
            "multipart/form-data; boundary=x",
            'content-disposition: form-data; name="csrf_token"\r\n',
        ),
        (FORM, "csrf_token=&"),
        (FORM, "a&"),
    ],
)
def test_a_body_of_many_fields_is_refused_at_once(
    client: Any, token: str, media: str, piece: str
) -> None:
    content = piece * (2_000_000 // len(piece))
    began = time.perf_counter()
    response = client.post("/write", content=content, headers={"content-type": media})
    assert response.status_code == 403
    assert time.perf_counter() - began < 2


def test_a_token_that_a_browser_has_percent_encoded_is_read(client: Any, token: str) -> None:
    assert post(client, token.replace("-", "%2D").replace("_", "%5F")) == 200
