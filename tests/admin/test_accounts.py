"""Accounts in the admin: for administrators only, and never a password."""

from __future__ import annotations

import re

from tests.admin.conftest import Place
from tests.admin.library import Visitor, cells, notes

from triode.auth import Group, User


def test_administrators_manage_accounts_and_groups(place: Place, ada: Visitor) -> None:
    place.save(Group(name="Editors", permissions=["post.add"]))
    ada.get("/admin/user/add")
    answer = ada.post(
        "/admin/user/add",
        {"email": "bo@example.org", "is_active": "true", "groups": "1", "permissions": "a.b\nc.d"},
    )
    assert notes(answer) == ["“bo@example.org” was added."]
    assert [row[:5] for row in cells(answer)] == [
        ["ada@example.org", "&ndash;", "Yes", "Yes", "&ndash;"],
        ["bo@example.org", "&ndash;", "Yes", "No", "Editors"],
    ]
    bo = place.run(User.where(email="bo@example.org").include(User.groups).get())
    assert bo.all_permissions == {"a.b", "c.d", "post.add"}


def test_nobody_else_sees_them_whatever_the_permissions(place: Place) -> None:
    names = ["admin.enter", "user.view", "user.change", "group.change", "post.view"]
    eve = place.visitor(is_admin=False, permissions=names)
    assert "Accounts" not in eve.get("/admin/").text
    paths = ("user", "user/1/edit", "group", "user/add")
    assert [eve.get(f"/admin/{path}").status_code for path in paths] == [403] * 4
    assert eve.post("/admin/user/1/edit", {"is_admin": "true"}).status_code == 403
    assert place.run(User.get(1)).is_admin is False


def test_a_password_is_neither_shown_nor_taken(place: Place, ada: Visitor) -> None:
    page = ada.get("/admin/user/1/edit")
    assert "password" not in re.sub(r"/password", "", page.text)
    ada.post("/admin/user/1/edit", {
        "email": "ada@example.org", "is_active": "true", "is_admin": "true", "password_hash": "x",
    })  # fmt: skip
    assert place.run(User.get(1)).password_hash == ""


def test_sessions_are_ended(place: Place, ada: Visitor) -> None:
    ada.get("/admin/user")
    ada.post("/admin/user", {"action": "end_sessions", "key": "1"}, follow_redirects=False)
    assert "Log in" in ada.get("/admin/user").text


def test_a_link_gives_a_new_account_its_first_password(place: Place, ada: Visitor) -> None:
    place.save(User(email="bob@example.org"))
    ada.get("/admin/user")
    ada.post("/admin/user", {"action": "login_links", "key": "2"}, follow_redirects=False)
    page = ada.get("/admin/user").text
    link = page.partition("bob@example.org, once and within ten minutes: ")[2].partition("<")[0]
    assert link.startswith("http")
    assert place.auth.link_path in link
    place.client.cookies.clear()
    opened = place.client.get(link).text
    assert "This link logs you in as bob@example.org, once." in opened
