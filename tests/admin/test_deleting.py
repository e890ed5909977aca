"""Deleting: what goes along is named before, and nothing goes without being asked."""

from __future__ import annotations

from tests.admin.conftest import Place
from tests.admin.library import Author, Comment, Invoice, Post, Visitor, heading, notes, text_of


def test_what_goes_along_is_named(place: Place, ada: Visitor) -> None:
    post = place.save(Post(title="One"))
    place.save(*(Comment(post=post, text=f"Comment {number}") for number in range(7)))
    page = ada.get("/admin/post/1/delete")
    assert heading(page) == "Delete “One”?"
    [facts] = text_of(page.text, r'<section class="card">(.*?)</section>')
    assert facts == (
        "Deleted with it Comments 7 Comment 0 Comment 1 Comment 2 Comment 3 Comment 4 and 2 more"
    )
    assert place.run(Post.count()) == 1


def test_a_confirmed_deletion_is_done(place: Place, ada: Visitor) -> None:
    post = place.save(Post(title="One"))
    place.save(Comment(post=post, text="Gone too"))
    ada.get("/admin/post/1/delete")
    assert heading(ada.post("/admin/post/1/delete")) == "Delete “One”?"
    answer = ada.post("/admin/post/1/delete", {"_confirm": "yes"})
    assert notes(answer) == ["“One” was deleted."]
    assert str(answer.url).endswith("/admin/post")
    assert place.run(Comment.count()) == 0


def test_what_only_loses_its_link_is_named(place: Place, ada: Visitor) -> None:
    bo = place.save(Author(name="Bo"))
    place.save(Post(title="Orphan", author=bo))
    page = ada.get("/admin/author/1/delete")
    [facts] = text_of(page.text, r'<section class="card">(.*?)</section>')
    assert facts == "Kept, but no longer linked Post 1 Orphan"


def test_what_protects_a_row_is_named_and_nothing_is_deleted(place: Place, ada: Visitor) -> None:
    bo = place.save(Author(name="Bo"))
    place.save(Invoice(number="2026-1", author=bo))
    page = ada.get("/admin/author/1/delete")
    [facts] = text_of(page.text, r'<section class="card">(.*?)</section>')
    assert facts == "In the way Invoice 1 2026-1"
    assert 'name="_confirm"' not in page.text
    answer = ada.post("/admin/author/1/delete", {"_confirm": "yes"})
    assert len(notes(answer)) == 1
    assert place.run(Author.count()) == 1


def test_nobody_deletes_along_what_he_may_not_delete(place: Place) -> None:
    post = place.save(Post(title="One"))
    place.save(Comment(post=post, text="private"))
    may = ["admin.enter", "post.view", "post.delete"]
    visitor = place.visitor(is_admin=False, permissions=may)
    page = visitor.get("/admin/post/1/delete")
    [facts] = text_of(page.text, r'<section class="card">(.*?)</section>')
    assert facts == "Not yours to delete Comment 1"
    visitor.post("/admin/post/1/delete", {"_confirm": "yes"})
    assert place.run(Post.count()) == 1
    may = [*may, "comment.delete"]
    other = place.visitor(email="eve@example.org", is_admin=False, permissions=may)
    other.get("/admin/post/1/delete")
    other.post("/admin/post/1/delete", {"_confirm": "yes"})
    assert place.run(Post.count()) == 0


def test_several_rows_are_deleted_together_or_not_at_all(place: Place, ada: Visitor) -> None:
    bo = place.save(Author(name="Bo"))
    place.save(Author(name="Cy"), Author(name="Di"), Invoice(number="1", author=bo))
    ada.get("/admin/author")
    picked = {"action": "delete_selected", "key": ["1", "2"]}
    ada.post("/admin/author", {**picked, "_confirm": "yes"})
    assert place.run(Author.count()) == 3
    picked = {"action": "delete_selected", "key": ["2", "3"]}
    page = ada.post("/admin/author", picked)
    assert heading(page) == "Delete 2 authors?"
    assert text_of(page.text, r'<section class="card">(.*?)</section>') == ["To be deleted Cy Di"]
    answer = ada.post("/admin/author", {**picked, "_confirm": "yes"})
    assert notes(answer) == ["2 authors were deleted."]
    assert place.run(Author.count()) == 1


def test_a_row_that_is_gone_already_is_a_page(ada: Visitor) -> None:
    assert ada.get("/admin/post/7/delete").status_code == 404
