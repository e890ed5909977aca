"""What a column may be, how rows are called, and what filters and searches lead over."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import Markup
from tests.admin.conftest import Place
from tests.admin.library import Author, Comment, Post, Tag, Visitor, cells, notes, text_of

from triode.admin import ModelAdmin, action, display, narrowing
from triode.errors import ClientError


@pytest.fixture
def comments(place: Place) -> Place:
    """Store two comments on posts with and without an author."""
    bo = place.save(Author(name="Bo"))
    post = place.save(Post(title="One", author=bo, rating=7 - 2))
    lonely = place.save(Post(title="Two"))
    place.save(Comment(post=post, text="first"), Comment(post=lonely, text="second"))
    return place


def first_column(ada: Visitor, address: str) -> list[str]:
    """Return the first column of a list."""
    return [row[0] for row in cells(ada.get(f"/admin/{address}"))]


def test_a_column_leads_over_relations(comments: Place, ada: Visitor) -> None:
    comments.admin.register(
        Comment, list_display=["text", "post.title", "post.author", "post.author.name", "post_id"]
    )
    assert cells(ada.get("/admin/comment?sort=text")) == [
        ["first", "One", "Bo", "Bo", "1"],
        ["second", "Two", "&ndash;", "&ndash;", "2"],
    ]
    assert first_column(ada, "comment?sort=-post.author.name")[0] == "first"
    page = ada.get("/admin/comment").text
    assert '<td data-label="Post author"><a href="/admin/author/1/edit">Bo</a></td>' in page


def test_a_column_may_be_computed(comments: Place, ada: Visitor) -> None:
    def length(comment: Comment) -> int:
        return len(comment.text)

    class CommentAdmin(ModelAdmin):
        list_display = ("__str__", length, "stars", "markup", "nothing")
        list_display_links = ("stars",)

        @display("Stars", load=["post"])
        def stars(self, comment: Comment) -> str:
            return "*" * (comment.post.rating or 1)

        def markup(self, comment: Comment) -> Markup:
            return Markup("<b>{}</b>").format("<")

        def nothing(self, comment: Comment) -> None:
            return None

    comments.admin.register(Comment, CommentAdmin)
    page = ada.get("/admin/comment?sort=__str__")
    assert cells(page)[0] == ["first", "5", "*****", "&lt;", "&ndash;"]
    assert '<a href="/admin/comment/1/edit">*****</a>' in page.text
    assert text_of(page.text, r"<th.*?</th>")[1] == "Comment"


def test_a_relation_may_lead_to_the_row(comments: Place, ada: Visitor) -> None:
    comments.admin.register(Comment, list_display=["post", "text"])
    page = ada.get("/admin/comment?sort=post").text
    assert '<td class="lead" data-label="Post"><a href="/admin/comment/1/edit">One</a></td>' in page


def test_rows_are_called_as_the_admin_says(comments: Place, ada: Visitor) -> None:
    class AuthorAdmin(ModelAdmin):
        def name_of(self, row: Any) -> str | None:
            return f"Dr {row.name}" if row.name == "Bo" else None

    comments.admin.register(Author, AuthorAdmin)
    comments.save(Author(name=""))
    assert [row[1] for row in cells(ada.get("/admin/post?sort=title"))] == ["Dr Bo", "&ndash;"]
    assert "Dr Bo" in ada.get("/admin/post/1/edit").text
    assert "<h1>Author 2</h1>" in ada.get("/admin/author/2/edit").text


def test_a_name_that_needs_what_is_not_loaded_falls_back(comments: Place, ada: Visitor) -> None:
    class CommentAdmin(ModelAdmin):
        def name_of(self, row: Any) -> str | None:
            return f"{row.post.title}: {row.text}"

    comments.admin.register(Comment, CommentAdmin)
    assert "<h1>first</h1>" in ada.get("/admin/comment/1/edit").text


def test_filters_lead_over_relations(comments: Place, ada: Visitor) -> None:
    comments.admin.register(
        Comment,
        list_filter=["post_id", "post.author", "post.published", "post.kind", "post.rating",
                     "post.title"],
    )  # fmt: skip
    found = {
        "text=x": ["second", "first"],
        "post=one": ["first"],
        "post.author=%3D1": ["first"],
        "post.author=bo": ["first"],
        "post.published=false&post.kind=article&post.rating=%3D5": ["first"],
        "post.title=tw": ["second"],
    }
    assert {query: first_column(ada, f"comment?{query}") for query in found} == found


def test_a_search_takes_numbers_for_numbers(comments: Place, ada: Visitor) -> None:
    comments.admin.register(Comment, search_fields=["id", "post.rating"])
    assert first_column(ada, "comment?q=5") == ["first"]
    assert first_column(ada, "comment?q=2") == ["second"]
    assert first_column(ada, "comment?q=x") == []


def test_values_of_a_large_table_are_not_listed(
    comments: Place, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments.admin.register(Comment, list_filter=["text"])
    listed = '<a class="option" href="?text=%3Dfirst">'
    assert listed in ada.get("/admin/comment").text
    monkeypatch.setattr(narrowing, "MOST_SCANNED", 1)
    page = ada.get("/admin/comment").text
    assert listed not in page
    assert 'name="text" value="" placeholder="Contains…"' in page


def test_an_action_may_say_what_it_did_or_why_not(comments: Place, ada: Visitor) -> None:
    class TagAdmin(ModelAdmin):
        actions = ("speak", "fail")

        @action("Speak")
        async def speak(self, request: Any, tags: Any) -> str:
            return f"Spoke of {await tags.count()}."

        @action("Fail")
        async def fail(self, request: Any, tags: Any) -> None:
            raise ClientError("Not today.")

        @action("Left out")
        async def left_out(self, request: Any, tags: Any) -> None:
            raise AssertionError

    comments.admin.register(Tag, TagAdmin)
    comments.save(Tag(name="red"))
    ada.get("/admin/tag")
    said = [
        notes(ada.post("/admin/tag", {"action": name, "key": "1"})) for name in ("speak", "fail")
    ]
    assert said == [["Spoke of 1."], ["Not today."]]
    assert ada.post("/admin/tag", {"action": "left_out", "key": "1"}).status_code == 403


def test_rows_may_be_kept_from_a_visitor(comments: Place, ada: Visitor) -> None:
    class Own(ModelAdmin):
        def query(self, request: Any) -> Any:
            return Comment.where(Comment.text != "second")

    comments.admin.register(Comment, Own)
    assert first_column(ada, "comment") == ["first"]
    assert ada.get("/admin/comment/2/edit").status_code == 404
    assert ada.get("/admin/comment/2/delete").status_code == 404
    ada.get("/admin/comment")
    picked = {"action": "delete_selected", "key": ["1", "2"], "_confirm": "yes"}
    ada.post("/admin/comment", picked)
    assert [each.text for each in comments.run(Comment.all())] == ["second"]
