"""Rows of another model on the page of the row they belong to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.admin.conftest import Place
from tests.admin.library import (
    Author,
    Comment,
    Invoice,
    Post,
    Tag,
    Visitor,
    errors,
    notes,
    text_of,
)

from triode.admin import Inline, ModelAdmin
from triode.errors import ConfigError

POST = {"title": "New", "kind": "note", "language": "de", "_save": "edit"}


class CommentInline(Inline):
    model = Comment
    ordering = ("id",)


class WithComments(ModelAdmin):
    inlines = (CommentInline,)


@pytest.fixture
def site(place: Place) -> Place:
    """Return the application, with comments on the page of their post."""
    place.admin.register(Post, WithComments)
    return place


def comments(*rows: dict[str, str]) -> dict[str, Any]:
    """Return what a form sends for rows of comments."""
    sent: dict[str, Any] = {"comment-count": str(len(rows))}
    for index, row in enumerate(rows):
        sent.update({f"comment-{index}-{name}": value for name, value in row.items()})
    return sent


def texts(place: Place) -> list[str]:
    """Return the texts of all comments."""
    return [each.text for each in place.run(Comment.order_by("id"))]


def test_rows_are_added_with_the_row_they_belong_to(site: Place, ada: Visitor) -> None:
    page = ada.get("/admin/post/add")
    assert 'name="comment-0-text"' in page.text
    assert 'name="comment-0-post_id"' not in page.text
    ada.post("/admin/post/add", {**POST, **comments({"text": "a"}, {"text": ""}, {"text": "b"})})
    assert texts(site) == ["a", "b"]
    assert {each.post_id for each in site.run(Comment.all())} == {1}


def test_rows_are_changed_deleted_and_added(site: Place, ada: Visitor) -> None:
    post = site.save(Post(title="One"))
    site.save(Comment(post=post, text="a"), Comment(post=post, text="b"))
    page = ada.get("/admin/post/1/edit").text
    assert re.findall(r'name="comment-\d-_key" value="(\d)"', page) == ["1", "2"]
    sent = comments(
        {"_key": "1", "text": "changed"}, {"_key": "2", "text": "b", "_delete": "true"},
        {"text": "new"}, {"text": ""},
    )  # fmt: skip
    answer = ada.post("/admin/post/1/edit", {**POST, **sent})
    assert notes(answer) == ["“New” was saved."]
    assert texts(site) == ["changed", "new"]


def test_a_mistake_in_one_row_saves_nothing_at_all(site: Place, ada: Visitor) -> None:
    post = site.save(Post(title="One"))
    site.save(Comment(post=post, text="a"))
    ada.get("/admin/post/1/edit")
    sent = comments({"_key": "1", "text": ""}, {"text": "typed"})
    answer = ada.post("/admin/post/1/edit", {**POST, **sent})
    assert answer.status_code == 422
    assert errors_of_rows(answer) == ["Please fill in this field."]
    assert "typed</textarea>" in answer.text
    assert site.run(Post.get(1)).title == "One"
    assert texts(site) == ["a"]


def errors_of_rows(answer: Any) -> list[str]:
    """Return the errors beside fields of inlines."""
    lists = re.findall(r'<ul class="errors" id="errors-\w+-\d+-\w+">(.*?)</ul>', answer.text)
    return [text for html in lists for text in text_of(html, r"<li>(.*?)</li>")]


def test_what_the_database_refuses_is_said_in_its_row(site: Place, ada: Visitor) -> None:
    class InvoiceInline(Inline):
        model = Invoice

    site.admin.register(Author, inlines=(InvoiceInline,))
    site.save(Invoice(number="7", author=site.save(Author(name="Bo"))))
    ada.get("/admin/author/add")
    sent = {"name": "Cy", "invoice-count": "1", "invoice-0-number": "7"}
    answer = ada.post("/admin/author/add", sent)
    assert answer.status_code == 422
    assert errors_of_rows(answer) == ["Another invoice has this already."]
    assert errors(answer) == {}
    assert site.run(Author.count()) == 1


def test_rows_of_others_are_out_of_reach(site: Place, ada: Visitor) -> None:
    site.save(Post(title="One"))
    other = site.save(Post(title="Other"))
    site.save(Comment(post=other, text="theirs"))
    ada.get("/admin/post/1/edit")
    for sent in ({"_key": "1", "text": "mine"}, {"_key": "1", "text": "x", "_delete": "true"},
                 {"_key": "evil\0", "text": "x"}, {"_key": "9" * 30, "text": "x"}):  # fmt: skip
        ada.post("/admin/post/1/edit", {**POST, **comments(sent)})
    assert texts(site) == ["theirs"]


def test_a_senseless_count_is_no_error(site: Place, ada: Visitor) -> None:
    ada.get("/admin/post/add")
    for count in ("", "-1", "evil", "99999999999999999999", "\0"):
        answer = ada.post("/admin/post/add", {**POST, "comment-count": count})
        assert notes(answer) == ["“New” was added."]


def test_permissions_hold_for_the_rows(site: Place) -> None:
    post = site.save(Post(title="One"))
    site.save(Comment(post=post, text="a"))
    may = ["admin.enter", "post.view", "post.change"]
    visitor = site.visitor(is_admin=False, permissions=[*may, "comment.view"])
    page = visitor.get("/admin/post/1/edit").text
    assert '<div class="value" id="field-comment-0-text">a</div>' in page
    sent = comments({"_key": "1", "text": "x", "_delete": "true"}, {"text": "new"})
    visitor.post("/admin/post/1/edit", {**POST, **sent})
    assert texts(site) == ["a"]
    blind = site.visitor(email="eve@example.org", is_admin=False, permissions=may)
    assert "data-inline" not in blind.get("/admin/post/1/edit").text


def test_an_inline_needs_one_way_to_its_page(site: Place) -> None:
    class TagInline(Inline):
        model = Tag

    site.admin.register(Post, inlines=(TagInline,))
    with pytest.raises(ConfigError) as caught:
        site.admin.office()
    assert caught.value.message == (
        "TagInline.model is Tag, which has no foreign keys to Post. "
        "Name a model that belongs to it."
    )
