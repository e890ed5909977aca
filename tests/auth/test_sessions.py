"""The cookie, what it holds, and when it changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from triode.app import App
from triode.auth import Auth, LoginSession, SessionOptions, User, auth_of
from triode.db import Database
from triode.errors import TriodeError
from triode.http.asgi import call_from_scope
from triode.middleware.cookies import CookieOptions, came_over_tls
from triode.middleware.sessions import Session, SessionManager
from triode.signing import Signer

Make = Callable[..., User]


@pytest.fixture
def counting(app: App) -> App:
    """An application that counts visits in `request.session`."""

    @app.get("/count")
    async def count(request: Request) -> int:
        request.session["seen"] = request.session.get("seen", 0) + 1
        return int(request.session["seen"])

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/stream")
    async def stream(request: Request) -> StreamingResponse:
        request.session["streamed"] = [1, {"a": None}]
        return StreamingResponse(iter(["a", "b"]))

    return app


def cookie_of(reply: Any) -> str:
    return str(reply.headers.get("set-cookie", ""))


def test_a_visitor_is_remembered_without_a_database(counting: App, browser: Any) -> None:
    assert [browser.get("/count").json() for _ in range(3)] == [1, 2, 3]
    assert LoginSession.where().count().run() == 0


def test_no_session_no_cookie(counting: App, browser: Any) -> None:
    reply = browser.get("/plain")
    assert "set-cookie" not in reply.headers
    assert "vary" not in reply.headers


def test_a_session_that_did_not_change_sends_no_cookie(counting: App, browser: Any) -> None:
    browser.get("/count")
    assert "set-cookie" not in browser.get("/plain").headers


def test_a_page_with_a_session_is_not_for_shared_caches(counting: App, browser: Any) -> None:
    reply = browser.get("/count")
    assert (reply.headers["vary"], reply.headers["cache-control"]) == ("Cookie", "no-store")


def test_the_flags_on_plain_http(counting: App, serve: Callable[..., Any]) -> None:
    value = cookie_of(serve(counting).get("/count"))
    assert value.startswith("session=")
    assert value.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "shop.example", "sec-fetch-site": "same-origin"},
        {"host": "shop.example", "origin": "https://shop.example"},
    ],
)
def test_the_flags_over_tls(
    counting: App, serve: Callable[..., Any], headers: dict[str, str]
) -> None:
    value = cookie_of(serve(counting).get("/count", headers=headers))
    assert value.startswith("__Host-session=")
    assert value.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=7776000"


def test_a_plain_cookie_is_not_believed_over_tls(counting: App, serve: Callable[..., Any]) -> None:
    client = serve(counting)
    value = cookie_of(client.get("/count")).partition(";")[0]
    client.cookies.clear()
    over_tls = {"host": "shop.example", "sec-fetch-site": "same-origin", "cookie": value}
    assert client.get("/count", headers=over_tls).json() == 1


def test_secure_only_can_be_demanded(database: Database, serve: Callable[..., Any]) -> None:
    app = App()
    app.attach(database)
    options = SessionOptions(cookie=CookieOptions(always_secure=True, same_site="strict"))
    app.attach(Auth(secret="s" * 32, sessions=options))
    value = cookie_of(serve(app).get("/login"))
    assert value.startswith("__Host-session=")
    assert "SameSite=Strict; Secure" in value


def test_a_streamed_answer_sets_the_cookie_too(counting: App, browser: Any) -> None:
    reply = browser.get("/stream")
    assert reply.text == "ab"
    assert cookie_of(reply).startswith("session=")


def test_a_mounted_application_shares_the_session(app: App, browser: Any) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        scope["session"]["mounted"] = "yes"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inner"})

    @app.get("/read")
    async def read(request: Request) -> str:
        return str(request.session.get("mounted"))

    app.mount("/inner", inner)
    assert cookie_of(browser.get("/inner/x")).startswith("session=")
    assert browser.get("/read").json() == "yes"


def test_a_cookie_that_is_not_ours_is_a_new_session(counting: App, browser: Any) -> None:
    for value in ("", ".", "a.b.c", "x" * 43, '"', "é", "a" * 3000, "\\001", "%00"):
        headers = [(b"cookie", b"session=" + value.encode("latin-1"))]
        assert browser.client.get("/count", headers=headers).json() == 1
        browser.client.cookies.clear()


def test_a_changed_cookie_is_a_new_session(counting: App, browser: Any) -> None:
    value = cookie_of(browser.get("/count")).partition("=")[2].partition(";")[0]
    browser.client.cookies.clear()
    changed = ("f" if value[0] != "f" else "e") + value[1:]
    headers = {"cookie": f"session={changed}"}
    assert browser.client.get("/count", headers=headers).json() == 1


def test_too_much_for_a_cookie_is_an_error_that_says_so(app: App, browser: Any) -> None:
    app.debug = True

    @app.get("/big")
    async def big(request: Request) -> None:
        request.session["big"] = __import__("secrets").token_hex(4000)

    reply = browser.get("/big")
    assert reply.status_code == 500


def test_the_database_holds_only_a_hash_of_the_token(browser: Any, make_user: Make) -> None:
    make_user()
    value = cookie_of(browser.log_in()).partition("=")[2].partition(";")[0]
    (row,) = LoginSession.where().run()
    assert len(value) == 43
    assert row.key == hashlib.sha256(value.encode()).hexdigest()


def test_a_login_takes_a_new_token_and_keeps_what_the_visitor_had(
    counting: App, browser: Any, make_user: Make
) -> None:
    make_user()
    browser.get("/count")
    planted = dict(browser.client.cookies)
    browser.log_in()
    assert dict(browser.client.cookies) != planted
    assert browser.get("/count").json() == 2
    browser.client.cookies.clear()
    browser.client.cookies.update(planted)
    assert browser.get("/password").status_code == 303


def test_a_planted_token_of_a_login_is_not_taken_over(
    browser: Any, serve: Callable[..., Any], app: App, make_user: Make
) -> None:
    make_user()
    make_user("eve@example.org")
    browser.log_in("eve@example.org")
    planted = dict(browser.client.cookies)
    browser.submit("/logout")
    browser.client.cookies.clear()
    browser.client.headers["cookie"] = f"session={planted['session']}"
    page = browser.get("/login")
    anonymous = cookie_of(page).partition(";")[0]
    assert anonymous not in ("", f"session={planted['session']}")
    browser.client.headers["cookie"] = anonymous
    reply = browser.log_in()
    assert reply.status_code == 303
    assert planted["session"] not in cookie_of(reply)
    attacker = type(browser)(serve(app))
    attacker.client.cookies.update(planted)
    assert attacker.get("/password").status_code == 303


def test_a_session_ends_after_a_pause_and_at_its_age(
    database: Database, serve: Callable[..., Any], make_user: Make, browser: Any, app: App
) -> None:
    make_user()
    sessions = auth_of(app).sessions
    now = [1_000_000.0]
    sessions._clock = lambda: now[0]
    browser.log_in()
    for _ in range(8):
        now[0] += 13 * 86400
        still_in = browser.get("/password").status_code == 200
        assert still_in == (now[0] <= 1_000_000 + 90 * 86400)
    assert LoginSession.where().count().run() == 0
    now[0] = 1_000_000.0
    browser.log_in()
    now[0] += 15 * 86400
    assert browser.get("/password").status_code == 303


def test_an_account_made_inactive_is_out_at_once(browser: Any, make_user: Make) -> None:
    user = make_user()
    browser.log_in()
    User.where(User.id == user.id).update(is_active=False).run()
    assert browser.get("/password").status_code == 303


def test_a_deleted_account_is_out_at_once(browser: Any, make_user: Make) -> None:
    user = make_user()
    browser.log_in()
    user.delete().run()
    assert browser.get("/password").status_code == 303
    assert LoginSession.where().count().run() == 0


def test_data_of_a_login_is_kept_in_the_database(
    counting: App, browser: Any, make_user: Make
) -> None:
    make_user()
    browser.log_in()
    assert [browser.get("/count").json() for _ in range(2)] == [1, 2]
    (row,) = LoginSession.where().run()
    assert row.data == {"seen": 2}


def test_a_bearer_token_speaks_for_itself(counting: App, browser: Any, make_user: Make) -> None:
    make_user()
    browser.log_in()
    headers = {"authorization": "Bearer x"}
    assert browser.client.get("/password", headers=headers, follow_redirects=False).is_redirect


def test_a_session_shows_no_values(app: App, browser: Any) -> None:
    @app.get("/repr")
    async def show(request: Request) -> str:
        request.session["secret"] = "value"
        return repr(request.session)

    assert browser.get("/repr").json() == "<Session>"


def test_a_session_is_a_dictionary() -> None:
    session = Session({"a": 1, "b": [2]})
    assert dict(session) == {"a": 1, "b": [2]}
    assert (len(session), "a" in session, session.pop("a")) == (2, True, 1)
    session["b"].append(3)
    assert session.is_changed
    del session["b"]
    assert session.data == {}


@pytest.mark.parametrize(
    ("scheme", "headers", "is_secure"),
    [
        ("https", {}, True),
        ("http", {}, False),
        ("http", {"host": "shop.example", "sec-fetch-site": "none"}, True),
        ("http", {"host": "localhost:8000", "sec-fetch-site": "none"}, False),
        ("http", {"host": "127.0.0.1:8000", "sec-fetch-site": "none"}, False),
        ("http", {"host": "[::1]:8000", "sec-fetch-site": "none"}, False),
        ("http", {"host": "a.localhost", "sec-fetch-site": "none"}, False),
        ("http", {"host": "shop.example", "origin": "https://shop.example"}, True),
        ("http", {"host": "shop.example", "origin": "https://evil.example"}, False),
        ("http", {"host": "192.168.1.5:8000", "origin": "http://192.168.1.5:8000"}, False),
    ],
)
def test_who_came_over_tls(scheme: str, headers: dict[str, str], is_secure: bool) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": scheme, "headers": raw}
    assert came_over_tls(call_from_scope(scope, None, None)) == is_secure  # type: ignore[arg-type]


def test_a_login_needs_a_store() -> None:
    sessions = SessionManager(lambda: Signer(["s" * 32], purpose="test"))
    session = Session()
    session.log_in("ada")
    with pytest.raises(TriodeError, match="session-store"):
        anyio.run(sessions.close, None, session)
