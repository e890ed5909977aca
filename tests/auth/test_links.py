"""One-time login links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from triode.app import App
from triode.auth import User, auth_of, set_password
from triode.signing import BadToken

from .conftest import token_in

Make = Callable[..., User]


@pytest.fixture
def link(app: App, make_user: Make) -> str:
    return auth_of(app).one_time_login_url(make_user(password=None), next="/admin")


def test_a_link_logs_in_once(browser: Any, link: str) -> None:
    assert "logs you in as ada@example.org" in browser.get(link).text
    reply = browser.submit(link)
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin")
    assert browser.get("/password").status_code == 200
    assert browser.get(link).status_code == 410


def test_opening_a_link_does_not_use_it_up(browser: Any, link: str) -> None:
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert browser.submit(link).status_code == 303


def test_a_link_cannot_be_forced_upon_a_visitor(browser: Any, link: str) -> None:
    assert browser.post(link).status_code == 403


def test_a_link_dies_after_ten_minutes(
    browser: Any, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 602)
    assert browser.get(link).status_code == 410


def test_a_link_dies_with_a_change_of_the_password(browser: Any, link: str, app: App) -> None:
    user = User.get(email="ada@example.org").run()
    anyio.run(set_password, user, "staple of another kind")
    assert browser.get(link).status_code == 410


def test_a_link_dies_with_the_account(browser: Any, link: str) -> None:
    User.where(User.email == "ada@example.org").update(is_active=False).run()
    assert browser.get(link).status_code == 410


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "é"])
def test_rubbish_is_gone(browser: Any, token: str) -> None:
    assert browser.get(f"/login/link/{token}").status_code == 410


def test_of_two_at_the_same_moment_one_wins(app: App, link: str) -> None:
    links = auth_of(app).links
    token = link.rpartition("/")[2]

    async def use_twice() -> int:
        won = 0

        async def use() -> None:
            nonlocal won
            try:
                await links.use(token)
            except BadToken:
                return
            won += 1

        async with anyio.create_task_group() as group:
            group.start_soon(use)
            group.start_soon(use)
        return won

    assert anyio.run(use_twice) == 1


def test_a_link_leads_only_to_this_site(app: App, make_user: Make, browser: Any) -> None:
    user = make_user("eve@example.org")
    link = auth_of(app).one_time_login_url(user, next="//evil.example")
    assert browser.submit(link).headers["location"] == "/"


def test_a_base_address_makes_it_complete(app: App, make_user: Make) -> None:
    link = auth_of(app).one_time_login_url(make_user(), base_url="http://127.0.0.1:8000/")
    assert link.startswith("http://127.0.0.1:8000/login/link/")


def test_a_form_that_was_open_when_the_link_was_used_says_so(browser: Any, link: str) -> None:
    assert browser.submit(link).status_code == 303
    browser.submit("/logout")
    token = token_in(browser.get("/login").text)
    reply = browser.post(link, csrf_token=token)
    assert reply.status_code == 410
    assert "has been used" in reply.text
