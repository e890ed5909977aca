"""Who may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from triode.app import App
from triode.auth import (
    CurrentUser,
    Group,
    OptionalUser,
    User,
    login_required,
    permission_required,
)
from triode.errors import BindingError
from triode.http import Call

Make = Callable[..., User]


@pytest.fixture
def app(app: App) -> App:
    @app.get("/who")
    async def who(user: OptionalUser) -> str | None:
        return user.email if user else None

    @app.get("/add/{number}")
    @login_required(permission="post.add")
    async def add(number: int, q: str = "x") -> list[Any]:
        return [number, q]

    @app.get("/plain")
    @login_required
    def plain(user: CurrentUser) -> str:
        return user.email

    @app.get("/admin-only")
    @login_required(admin=True)
    async def admin_only(call: Call) -> str:
        return call.path

    @app.get("/both")
    @permission_required("post.add", "post.delete")
    async def both() -> str:
        return "both"

    return app


def status(browser: Any, path: str) -> int:
    return int(browser.client.get(path, headers={"accept": "*/*"}).status_code)


def test_a_visitor_is_nobody(browser: Any) -> None:
    assert browser.get("/who").json() is None
    assert [status(browser, path) for path in ("/add/1", "/plain", "/admin-only")] == [401] * 3


def test_a_user_without_the_permission_gets_403(browser: Any, make_user: Make) -> None:
    make_user()
    browser.log_in()
    assert browser.get("/who").json() == "ada@example.org"
    assert browser.get("/plain").json() == "ada@example.org"
    reply = browser.client.get("/add/1", headers={"accept": "*/*"})
    assert reply.status_code == 403
    assert reply.json() == {"detail": "This needs the permission 'post.add'."}
    assert status(browser, "/admin-only") == 403


def test_a_browser_gets_a_page_that_says_so(browser: Any, make_user: Make) -> None:
    make_user()
    browser.log_in()
    reply = browser.get("/add/1")
    assert reply.status_code == 403
    assert "You may not do this" in reply.text


def test_a_permission_of_ones_own_lets_in(browser: Any, make_user: Make) -> None:
    user = make_user()
    User.where(User.id == user.id).update(permissions=["post.add"]).run()
    browser.log_in()
    assert browser.get("/add/1?q=y").json() == [1, "y"]
    assert status(browser, "/both") == 403


def test_a_permission_of_a_group_lets_in(browser: Any, make_user: Make) -> None:
    user = make_user()

    async def join() -> None:
        editors = Group(name="Editors", permissions=["post.add", "post.delete"])
        await editors.save()
        await user.add(User.groups, editors)

    anyio.run(join)
    browser.log_in()
    assert browser.get("/both").json() == "both"


def test_an_admin_may_do_everything(browser: Any, make_user: Make) -> None:
    make_user(is_admin=True)
    browser.log_in()
    paths = ("/add/1", "/plain", "/admin-only", "/both")
    assert [status(browser, path) for path in paths] == [200] * 4


def test_an_inactive_admin_may_do_nothing() -> None:
    user = User(email="a@example.org", is_admin=True, is_active=False)
    assert not user.has_permission("post.add")


def test_validation_still_happens(browser: Any, make_user: Make) -> None:
    make_user(is_admin=True)
    browser.log_in()
    assert status(browser, "/add/x") == 422


def test_a_generator_cannot_be_guarded() -> None:
    with pytest.raises(BindingError, match="binding-login-generator"):

        @login_required
        async def stream() -> Any:
            yield 1


def test_the_handlers_name_and_signature_are_kept(app: App) -> None:
    assert str(app.url_path_for("add", number=3)) == "/add/3"


def test_the_hash_is_never_sent(app: App, browser: Any, make_user: Make) -> None:
    make_user()

    @app.get("/me")
    async def me(user: CurrentUser) -> User:
        return user

    browser.log_in()
    reply = browser.get("/me")
    assert "argon2" not in reply.text
    assert set(reply.json()) >= {"id", "email", "is_admin"}
    assert "argon2" not in repr(User.get(email="ada@example.org").run())


def test_the_api_documents_what_a_login_protects(app: App) -> None:
    document = app.openapi()
    operation = document["paths"]["/add/{number}"]["get"]
    assert operation["security"] == [{"session": []}]
    assert {"401", "403"} <= operation["responses"].keys()
    assert "security" not in document["paths"]["/who"]["get"]
    assert [each["name"] for each in operation["parameters"]] == ["number", "q"]
    assert document["components"]["securitySchemes"]["session"]["in"] == "cookie"
    assert not any(path.startswith("/log") for path in document["paths"])


def test_a_guard_above_the_route_is_found_at_start_up(app: App, serve: Callable[..., Any]) -> None:
    @login_required
    @app.get("/open")
    async def unguarded() -> str:
        return "everybody"

    with pytest.raises(BindingError) as caught:
        serve(app)
    assert caught.value.code == "binding-login-order"
    assert caught.value.where is not None
    assert "unguarded, so that the route does not know of it" in caught.value.message


def test_without_accounts_the_error_says_so(serve: Callable[..., Any]) -> None:
    app = App(debug=True)

    @app.get("/")
    async def me(user: CurrentUser) -> str:
        return user.email

    reply = serve(app).get("/")
    assert reply.status_code == 500
    assert "Write Auth(app). [no-sessions]" in reply.text
