"""Logging in and out as a browser does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from triode.app import App
from triode.auth import CurrentUser, User, auth_of, set_password
from triode.db import Database
from triode.templating import Page, Templates, render

from .conftest import token_in

Make = Callable[..., User]


def add_me(app: App) -> None:
    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email


def test_the_right_password_logs_in(app: App, browser: Any, make_user: Make) -> None:
    add_me(app)
    make_user()
    reply = browser.log_in()
    assert (reply.status_code, reply.headers["location"]) == (303, "/login")
    assert browser.get("/me").json() == "ada@example.org"


def test_a_login_leads_to_the_first_page(app: App, browser: Any, make_user: Make) -> None:
    @app.get("/")
    async def home() -> str:
        return "home"

    make_user()
    assert browser.log_in().headers["location"] == "/"
    assert browser.get("/login").headers["location"] == "/"


def test_without_a_first_page_a_login_says_who_one_is(browser: Any, make_user: Make) -> None:
    make_user()
    browser.log_in()
    page = browser.get("/login").text
    assert "You are logged in" in page
    assert "ada@example.org" in page
    token = token_in(page)
    assert browser.post("/logout", csrf_token=token).headers["location"] == "/login"


def test_an_address_is_the_same_in_any_case(app: App, browser: Any, make_user: Make) -> None:
    make_user("Ada@Example.ORG")
    assert browser.log_in("ADA@example.org").status_code == 303


def test_an_address_stored_in_capitals_is_found(browser: Any, make_user: Make) -> None:
    user = make_user()
    User.where(User.id == user.id).update(email="Ada@Example.org").run()
    assert browser.log_in().status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.org", "wrong password"), ("nobody@example.org", "correct horse battery")],
)
def test_wrong_address_and_wrong_password_look_the_same(
    browser: Any, make_user: Make, email: str, password: str
) -> None:
    make_user()
    reply = browser.log_in(email, password)
    assert reply.status_code == 401
    assert "Email or password is wrong." in reply.text
    assert f'value="{email}"' in reply.text
    assert password not in reply.text


def test_an_account_that_is_not_active_cannot_log_in(browser: Any, make_user: Make) -> None:
    make_user(is_active=False)
    assert browser.log_in().status_code == 401


def test_an_account_without_a_password_cannot_log_in(browser: Any, make_user: Make) -> None:
    make_user(password=None)
    assert browser.log_in(password="").status_code == 422
    assert browser.log_in(password="x").status_code == 401


def test_errors_stand_beside_the_fields(browser: Any) -> None:
    reply = browser.log_in("not an address", "")
    assert reply.status_code == 422
    assert "Please enter an email address such as name@example.org." in reply.text


def test_a_login_leads_on_to_the_page_that_asked(app: App, browser: Any, make_user: Make) -> None:
    add_me(app)
    make_user()
    reply = browser.get("/me?a=b%20c")
    assert (reply.status_code, reply.headers["location"]) == (
        303,
        "/login?next=/me%3Fa%3Db%2520c",
    )
    assert browser.log_in(next="/me%3Fa%3Db%2520c").headers["location"] == "/me?a=b%20c"


def test_a_login_never_leads_to_another_site(browser: Any, make_user: Make) -> None:
    make_user()
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "/%09/e.example"):
        assert browser.log_in(next=target).headers["location"] == "/login"
        browser.submit("/logout")


def test_an_api_client_gets_401(app: App, browser: Any) -> None:
    add_me(app)
    reply = browser.client.get("/me", headers={"accept": "application/json"})
    assert (reply.status_code, reply.json()) == (401, {"detail": "Please log in."})


def test_who_is_logged_in_does_not_see_the_login_page(browser: Any, make_user: Make) -> None:
    make_user()
    browser.log_in()
    assert browser.get("/login?next=/there").headers["location"] == "/there"


def test_logging_out_needs_the_token_and_ends_the_session(
    app: App, browser: Any, make_user: Make
) -> None:
    add_me(app)
    make_user()
    browser.log_in()
    assert browser.post("/logout").status_code == 403
    stolen = dict(browser.client.cookies)
    reply = browser.submit("/logout")
    assert reply.headers["location"] == "/login"
    assert "You are logged out." in browser.get("/login").text
    browser.client.cookies.clear()
    browser.client.cookies.update(stolen)
    assert browser.get("/me").status_code == 303


def test_guessing_is_slowed_down(browser: Any, make_user: Make) -> None:
    make_user()
    statuses = [browser.log_in(password="wrong guess").status_code for _ in range(6)]
    assert statuses == [401, 401, 401, 401, 401, 429]
    reply = browser.log_in()
    assert reply.status_code == 429
    assert "Too many attempts. Try again in 2 seconds." in reply.text
    assert reply.headers["retry-after"] == "2"


def test_a_success_forgives_earlier_failures(browser: Any, make_user: Make) -> None:
    make_user()
    for _ in range(2):
        for _ in range(3):
            browser.log_in(password="wrong guess")
        assert browser.log_in().status_code == 303
        browser.submit("/logout")


def test_the_hash_is_renewed_at_login(
    browser: Any, make_user: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    from triode.auth import passwords

    make_user()
    stronger = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: stronger)
    browser.log_in()
    stored = User.where(User.email == "ada@example.org").get().run().password_hash
    assert "t=3" in stored


def test_changing_the_password_ends_every_other_session(
    app: App, serve: Callable[..., Any], browser: Any, make_user: Make
) -> None:
    add_me(app)
    make_user()
    browser.log_in()
    elsewhere = type(browser)(serve(app))
    elsewhere.log_in()
    before = dict(browser.client.cookies)
    reply = browser.submit(
        "/password",
        current_password="correct horse battery",
        new_password="staple of another kind",
        repeat_password="staple of another kind",
    )
    assert reply.status_code == 303
    assert browser.get("/me").json() == "ada@example.org"
    assert dict(browser.client.cookies) != before
    assert elsewhere.get("/me").status_code == 303
    assert elsewhere.log_in().status_code == 401
    assert elsewhere.log_in(password="staple of another kind").status_code == 303


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (("wrong guess", "a new password x", "a new password x"), "not your current password"),
        (("correct horse battery", "short", "short"), "needs at least 8 characters"),
        (("correct horse battery", "ada@example.org1", "ada@example.org1"), "must not contain"),
        (("correct horse battery", "a new password x", "another one"), "are not the same"),
        (("", "a new password x", "a new password x"), "Please fill in this field."),
    ],
)
def test_a_change_of_password_that_fails_says_why(
    browser: Any, make_user: Make, fields: tuple[str, str, str], message: str
) -> None:
    make_user()
    browser.log_in()
    names = ("current_password", "new_password", "repeat_password")
    reply = browser.submit("/password", **dict(zip(names, fields, strict=True)))
    assert reply.status_code == 422
    assert message in reply.text
    assert not any(value and value in reply.text for value in fields[1:])


def test_the_password_page_needs_a_login(browser: Any) -> None:
    assert browser.get("/password").headers["location"] == "/login?next=/password"


def test_pages_are_private_and_cannot_be_framed(browser: Any) -> None:
    headers = browser.get("/login").headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_the_sites_name_is_escaped(browser: Any) -> None:
    assert "Test &amp; Co</title>" in browser.get("/login").text


def test_a_page_of_the_applications_own_goes_first(app: App, browser: Any, tmp_path: Any) -> None:
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth" / "login.html").write_text("mine {{ form }}")
    app.attach(Templates(tmp_path))
    assert browser.get("/login").text.startswith("mine")


def test_templates_may_be_attached_after_the_accounts(
    app: App, browser: Any, tmp_path: Any
) -> None:
    (tmp_path / "own.html").write_text('<link href="{{ triode_style() }}">')
    app.attach(Templates(tmp_path))

    @app.get("/own")
    async def own() -> Page:
        return render("own.html")

    address = browser.get("/own").text.partition('"')[2].partition('"')[0]
    sheet = browser.get(address)
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert browser.get("/login").status_code == 200


def test_setting_a_password_in_a_script(make_user: Make, browser: Any) -> None:
    user = make_user()

    async def change() -> None:
        await set_password(user, "staple of another kind")

    anyio.run(change)
    assert browser.log_in(password="staple of another kind").status_code == 303


def test_a_login_does_not_undo_what_was_changed_meanwhile(make_user: Make) -> None:
    from triode.auth.users import note_login

    user = make_user()
    User.where(User.id == user.id).update(is_active=False, permissions=["a"]).run()
    anyio.run(note_login, user)
    anyio.run(set_password, user, "staple of another kind")
    stored = User.get(user.id).run()
    assert (stored.is_active, stored.permissions) == (False, ["a"])
    assert stored.last_login == user.last_login


def test_a_renewed_hash_does_not_bring_an_old_password_back(make_user: Make) -> None:
    from triode.auth import users

    user = make_user()
    old = user.password_hash
    user.password_hash = old.replace("t=1", "t=9")
    User.where(User.id == user.id).update(password_hash="changed meanwhile").run()
    anyio.run(users._renew_hash, user, "correct horse battery")
    assert User.get(user.id).run().password_hash == "changed meanwhile"


def test_the_logout_page_of_a_visitor_is_the_login(browser: Any) -> None:
    assert browser.get("/logout").headers["location"] == "/login"


def test_guessing_the_current_password_is_slowed_down(browser: Any, make_user: Make) -> None:
    make_user()
    browser.log_in()
    new = "staple of another kind"
    fields = {"current_password": "a guess", "new_password": new, "repeat_password": new}
    replies = [browser.submit("/password", **fields).text for _ in range(6)]
    assert "not your current password" in replies[4]
    assert "Too many attempts." in replies[5]


def test_a_first_password_needs_no_current_one(app: App, browser: Any, make_user: Make) -> None:
    link = auth_of(app).one_time_login_url(make_user(password=None))
    browser.submit(link)
    assert "Current password" not in browser.get("/password").text
    new = "staple of another kind"
    reply = browser.submit("/password", new_password=new, repeat_password=new)
    assert reply.status_code == 303
    browser.submit("/logout")
    assert browser.log_in(password=new).status_code == 303


def test_a_handler_logs_somebody_in_and_out(app: App, browser: Any, make_user: Make) -> None:
    add_me(app)
    user = make_user(password=None)

    @app.post("/in")
    async def enter() -> None:
        await auth_of(app).log_in(user)

    @app.post("/out")
    async def leave() -> None:
        auth_of(app).log_out()

    browser.post("/in")
    assert browser.get("/me").json() == "ada@example.org"
    browser.submit("/out", page="/login")
    assert browser.get("/me").status_code == 303
