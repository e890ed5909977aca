"""Who may come in, what every page carries, and what a developer is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.admin.conftest import Place
from tests.admin.library import Author, Comment, Post, Visitor, heading, make_app, text_of
from triode.admin import Inline, ModelAdmin
from triode.auth import User
from triode.errors import ConfigError
from triode.testing import TestClient


def test_nobody_comes_in_without_a_login(place: Place) -> None:
    for path in ("/admin/", "/admin/post", "/admin/nothing", "/admin/post/1/edit"):
        answer = place.client.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/login?next={path}"


def test_a_user_without_the_permission_is_shown_out(place: Place) -> None:
    answer = place.visitor(is_admin=False).get("/admin/post")
    assert answer.status_code == 403
    assert "this account may not use the admin" in answer.text


def test_permissions_decide_what_is_seen_and_done(place: Place) -> None:
    visitor = place.visitor(is_admin=False, permissions=["admin.enter", "post.view", "author.add"])
    links = text_of(visitor.get("/admin/").text, r'<a class="nav-link".*?</a>')
    assert links == ["Posts"]
    assert "Add post" not in visitor.get("/admin/post").text
    denied = [visitor.get(path).status_code for path in ("/admin/author", "/admin/post/add")]
    assert denied == [403, 403]


def test_who_may_only_view_gets_a_page_without_controls(place: Place) -> None:
    post = place.save(Post(title="Fixed"))
    visitor = place.visitor(is_admin=False, permissions=["admin.enter", "post.view"])
    page = visitor.get(f"/admin/post/{post.id}/edit")
    assert "Fixed" in page.text
    assert 'name="title"' not in page.text
    assert visitor.post(f"/admin/post/{post.id}/edit", {"title": "x"}).status_code == 403
    assert visitor.post(f"/admin/post/{post.id}/delete", {"_confirm": "yes"}).status_code == 403


def test_the_first_page_counts_rows(place: Place, ada: Visitor) -> None:
    place.save(Author(name="Bo"), Author(name="Cy"))
    counts = text_of(ada.get("/admin/").text, r'<li class="card model-card">(.*?)</li>')
    assert counts[0] == "Authors 2 rows Add"


def test_pages_are_never_kept_and_run_nothing_foreign(ada: Visitor) -> None:
    headers = ada.get("/admin/").headers
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_no_page_has_inline_style_or_script(place: Place, ada: Visitor) -> None:
    post = place.save(Post(title="One"))
    for path in ("", "post", "post/add", f"post/{post.id}/edit", f"post/{post.id}/delete", "nix"):
        html = ada.get(f"/admin/{path}").text
        assert " style=" not in html
        assert "<style" not in html
        assert "<script>" not in html
        assert " on" not in {each[:3] for each in text_of(html, r"<\w+( on\w+=)")}


def test_assets_are_kept_for_ever(place: Place, ada: Visitor) -> None:
    html = ada.get("/admin/").text
    for path in text_of(html, r'(?:href|src)="(/[^"]+\.(?:css|js))"'):
        answer = place.client.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert place.client.get("/admin/_assets/nothing.css").status_code == 404


def test_the_colours_are_remembered(ada: Visitor) -> None:
    ada.get("/admin/post?q=x")
    answer = ada.post("/admin/_theme", {"theme": "dark", "next": "/admin/post?q=x"})
    assert str(answer.url).endswith("/admin/post?q=x")
    assert '<html lang="en" data-theme="dark">' in answer.text
    answer = ada.post("/admin/_theme", {"theme": "auto", "next": "https://evil.example"})
    assert str(answer.url).endswith("/admin/")
    assert '<html lang="en">' in answer.text


def test_a_form_without_its_token_is_refused(place: Place, ada: Visitor) -> None:
    ada.token = ""
    assert ada.post("/admin/author/add", {"name": "Eve"}).status_code == 403
    assert place.run(Author.count()) == 0


def test_what_is_not_there_is_a_page_of_the_admin(ada: Visitor) -> None:
    nowhere, gone = "There is nothing here", "This post does not exist"
    expected = {
        "nothing": nowhere, "a/b/c/d": nowhere, "post/99/edit": gone, "post/abc/edit": gone,
        "post/99999999999999999999/edit": gone, "post/%00/delete": gone,
    }  # fmt: skip
    for path, text in expected.items():
        answer = ada.get(f"/admin/{path}")
        assert (answer.status_code, heading(answer)) == (404, text)
        assert 'class="sidebar"' in answer.text


class Remarks(Inline):
    model = Comment


class Misspelt(ModelAdmin):
    list_display = ["titel"]


def test_a_field_that_does_not_exist_is_refused_with_its_place(tmp_path: Path) -> None:
    app, _ = make_app(tmp_path)
    admin = app.admin()
    admin.register(Post, Misspelt)
    with pytest.raises(ConfigError) as caught:
        admin.office()
    line = next(
        number
        for number, text in enumerate(Path(__file__).read_text().splitlines(), 1)
        if text.startswith("class Misspelt")
    )
    assert str(caught.value) == (
        f"{__file__}:{line}: Misspelt.list_display names 'titel', which Post does not have. "
        "Did you mean 'title'? [admin-unknown-field]"
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"list_display": ["author.nam"]}, "admin-unknown-field"),
        ({"list_display": ["secret"]}, "admin-secret-field"),
        ({"list_display": ["comments.text"]}, "admin-many-values"),
        ({"list_display": ["title"], "list_display_links": ["kind"]}, "admin-unknown-column"),
        ({"search_fields": ["published"]}, "admin-not-searchable"),
        ({"search_fields": ["author"]}, "admin-not-searchable"),
        ({"list_filter": ["secret"]}, "admin-secret-field"),
        ({"ordering": ["-nothing"]}, "admin-unknown-field"),
        ({"fields": ["nothing"]}, "admin-unknown-field"),
        ({"exclude": ["comments"]}, "admin-unknown-field"),
        ({"readonly_fields": ["author.name"]}, "admin-unknown-field"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, options: dict[str, Any], code: str
) -> None:
    app, _ = make_app(tmp_path)
    admin = app.admin(Post, **options)
    with pytest.raises(ConfigError) as caught:
        admin.office()
    assert caught.value.code == code


def test_only_models_and_known_options_are_registered(tmp_path: Path) -> None:
    admin = make_app(tmp_path)[0].admin()
    with pytest.raises(ConfigError, match=r"\[admin-not-a-model\]"):
        admin.register(int)
    with pytest.raises(ConfigError, match=r"\[admin-unknown-option\]"):
        admin.register(Post, list_dipslay=["title"])
    with pytest.raises(ConfigError, match=r"\[admin-class\]"):
        admin.register(Post)(int)  # type: ignore[type-var]


def test_an_application_is_started_again(tmp_path: Path) -> None:
    app, _ = make_app(tmp_path)
    app.admin(Post)
    for _ in range(2):
        with TestClient(app) as client:
            assert Visitor(client).get("/admin/").status_code == 200


def test_a_proxy_may_serve_it_under_a_prefix(tmp_path: Path) -> None:
    app, auth = make_app(tmp_path)
    app.admin(Post)
    with TestClient(app, root_path="/behind", base_url="http://testserver/behind") as client:
        visitor = Visitor(client)
        answer = client.get("/admin/post", follow_redirects=False)
        assert answer.headers["location"] == "/behind/login?next=/behind/admin/post"
        user = User(email="ada@example.org", is_admin=True).save().run()
        visitor.log_in(auth, user)
        links = set(text_of(visitor.get("/admin/").text, r'(?:href|src|action)="(/[^"]*)"'))
    assert {link.split("/")[1] for link in links} == {"behind"}


def test_every_page_is_written_where_a_missing_name_is_an_error(tmp_path: Path) -> None:
    app, auth = make_app(tmp_path)
    app.debug = True
    app.admin(Author, Post).register(Post, inlines=[Remarks], list_filter=["author", "title"])
    with TestClient(app) as client:
        visitor = Visitor(client)
        visitor.log_in(auth, User(email="ada@example.org", is_admin=True).save().run())
        author = Author(name="Bo").save().run()
        Comment(post=Post(title="One", author=author).save().run(), text="x").save().run()
        pages = ("", "post", "post?q=none", "post/add", "post/1/edit", "author/1/delete", "none")
        answers = [visitor.get(f"/admin/{page}").status_code for page in pages]
        answers.append(visitor.post("/admin/post/add", {"title": ""}).status_code)
    assert answers == [200, 200, 200, 200, 200, 200, 404, 422]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/admin/post/", "/admin/post"),
        ("/admin/post/?page=2&q=a%20b", "/admin/post?page=2&q=a%20b"),
        ("/admin/post/1/edit/", "/admin/post/1/edit"),
        ("/admin//", "/admin/"),
        ("/admin///evil.example//", "/admin///evil.example"),
        ("/admin/%5C%5Cevil.example/", "/admin/%5C%5Cevil.example"),
        ("/admin/%0D%0Ax:y/", "/admin/%0D%0Ax%3Ay"),
    ],
)
def test_slash_at_the_end_leads_to_the_page_without(ada: Visitor, path: str, location: str) -> None:
    answer = ada.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, location)
    head = ada.client.head(path, headers=ada.headers, follow_redirects=False)
    assert (head.status_code, head.headers["location"]) == (307, location)


def test_slash_at_the_end_is_for_looking_alone(ada: Visitor) -> None:
    ada.get("/admin/post/add")
    assert ada.post("/admin/post/add/", {"title": "A"}, follow_redirects=False).status_code == 405


def test_slash_at_the_end_says_nothing_to_strangers(place: Place) -> None:
    answer = place.client.get("/admin/post/", follow_redirects=False)
    assert answer.headers["location"] == "/login?next=/admin/post/"
