"""Adding and changing rows: what is kept, what is refused, what is written."""

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
    Shelf,
    Tag,
    Visitor,
    errors,
    heading,
    notes,
    text_of,
)
from triode.admin import ModelAdmin

VALID = {"title": "New", "kind": "note", "language": "de", "_save": "list"}


def control(answer: Any, name: str) -> str:
    """Return the tag of a field's control."""
    found = re.search(rf'<(?:input|select|textarea)[^>]* id="field-{name}"[^>]*>', answer.text)
    assert found, f"no control for {name}"
    return found[0]


def version(answer: Any) -> str:
    """Return the hidden version of a form."""
    return re.findall(r'name="_version" value="(\w+)"', answer.text)[0]


def test_a_row_is_added(place: Place, ada: Visitor) -> None:
    ada.get("/admin/post/add")
    answer = ada.post("/admin/post/add", {**VALID, "rating": "4", "published": "true"})
    assert notes(answer) == ["“New” was added."]
    assert str(answer.url).endswith("/admin/post")
    post = place.run(Post.get(1))
    assert (post.title, post.kind.value, post.rating, post.published) == ("New", "note", 4, True)


@pytest.mark.parametrize(("wish", "path"), [("edit", "/post/1/edit"), ("add", "/post/add")])
def test_saving_leads_where_was_asked(ada: Visitor, wish: str, path: str) -> None:
    ada.get("/admin/post/add")
    answer = ada.post("/admin/post/add", {**VALID, "_save": wish})
    assert str(answer.url).endswith(path)


def test_mistakes_stand_beside_their_fields_and_what_was_typed_is_kept(
    place: Place, ada: Visitor
) -> None:
    ada.get("/admin/post/add")
    answer = ada.post("/admin/post/add", {**VALID, "title": "", "rating": "9", "body": "<kept>"})
    assert answer.status_code == 422
    assert errors(answer) == {
        "title": ["Please fill in this field."],
        "rating": ["Please enter 5 or less."],
    }
    assert 'value="9"' in control(answer, "rating")
    assert 'aria-invalid="true"' in control(answer, "rating")
    assert 'aria-describedby="errors-rating"' in control(answer, "rating")
    assert "&lt;kept&gt;</textarea>" in answer.text
    assert '<option value="de" selected>' in answer.text
    assert "Nothing was saved: 2 fields need your attention." in answer.text
    assert place.run(Post.count()) == 0


def test_a_value_that_is_taken_is_said_beside_its_field(place: Place, ada: Visitor) -> None:
    place.save(Author(name="Bo", email="bo@example.org"))
    ada.get("/admin/author/add")
    answer = ada.post("/admin/author/add", {"name": "Other", "email": "bo@example.org"})
    assert answer.status_code == 422
    assert errors(answer) == {"email": ["Another author has this already."]}


def test_a_relation_that_leads_nowhere_is_refused(ada: Visitor) -> None:
    wrong = {
        "99": "There is no such author.",
        "99999999999999999999999": "This number is too large to be stored.",
        "evil": "Please enter a whole number.",
    }
    ada.get("/admin/post/add")
    for author, error in wrong.items():
        answer = ada.post("/admin/post/add", {**VALID, "author_id": author})
        assert (answer.status_code, errors(answer)) == (422, {"author_id": [error]})


def test_rows_that_a_visitor_may_not_see_are_not_offered(place: Place, ada: Visitor) -> None:
    class Visible(ModelAdmin):
        def query(self, request: Any) -> Any:
            return self.model.where(name="seen")

    for model in (Author, Tag):
        place.admin.register(model, Visible)
        place.save(model(name="seen"), model(name="hidden"))
    page = ada.get("/admin/post/add").text
    assert "seen</option>" in page
    assert "hidden</" not in page
    answer = ada.post("/admin/post/add", {**VALID, "author_id": "2", "tags": "2"})
    assert errors(answer) == {"author_id": ["There is no such author."]}
    assert "hidden</" not in answer.text
    assert ada.get("/admin/_lookup/post/author_id?q=hidden").json()["results"] == []


def test_links_that_a_visitor_does_not_see_are_kept(place: Place, ada: Visitor) -> None:
    place.save(Tag(name="seen"), Tag(name="hidden"))
    ada.get("/admin/post/add")
    ada.post("/admin/post/add", {**VALID, "tags": ["1", "2"]})

    class Visible(ModelAdmin):
        def query(self, request: Any) -> Any:
            return Tag.where(name="seen")

    place.admin.register(Tag, Visible)
    page = ada.get("/admin/post/1/edit")
    ada.post("/admin/post/1/edit", {**VALID, "_version": version(page)})
    post = place.run(Post.where(id=1).include(Post.tags).get())
    assert [tag.name for tag in post.tags] == ["hidden"]


def test_only_what_was_changed_is_written(place: Place, ada: Visitor) -> None:
    post = place.save(Post(title="Old", body="one\ntwo", rating=3, secret="hidden"))
    page = ada.get("/admin/post/1/edit")
    assert heading(page) == "Old"
    place.run(Post.where(id=1).update(created=post.created))
    answer = ada.post("/admin/post/1/edit", {
        **VALID, "title": "New", "kind": "article", "language": "en", "rating": "",
        "body": "one\r\ntwo", "_version": version(page),
    })  # fmt: skip
    assert notes(answer) == ["“New” was saved."]
    changed = place.run(Post.get(1))
    assert (changed.title, changed.rating, changed.body) == ("New", None, "one\ntwo")
    assert (changed.created, changed.secret) == (post.created, "hidden")


def test_a_secret_is_never_shown_and_can_be_replaced(place: Place, ada: Visitor) -> None:
    place.save(Post(title="Old", secret="swordfish"))
    page = ada.get("/admin/post/1/edit")
    assert "swordfish" not in page.text
    ada.post("/admin/post/1/edit", {**VALID, "secret": "new", "_version": version(page)})
    assert place.run(Post.get(1)).secret == "new"


def test_a_row_that_changed_meanwhile_is_not_overwritten_unseen(place: Place, ada: Visitor) -> None:
    post = place.save(Post(title="Old"))
    page = ada.get("/admin/post/1/edit")
    place.run(post.update(title="Theirs"))
    answer = ada.post("/admin/post/1/edit", {**VALID, "_version": version(page)})
    assert answer.status_code == 409
    assert "Somebody else has changed this post since you opened it." in answer.text
    assert place.run(Post.get(1)).title == "Theirs"
    answer = ada.post("/admin/post/1/edit", {**VALID, "_version": version(answer)})
    assert notes(answer) == ["“New” was saved."]


def test_version_of_a_row_is_not_shown_and_counts_on(place: Place, ada: Visitor) -> None:
    place.admin.register(Shelf)
    ada.get("/admin/shelf/add")
    ada.post("/admin/shelf/add", {"label": "One", "version": "9223372036854775807"})
    page = ada.get("/admin/shelf/1/edit")
    assert set(re.findall(r'id="field-(\w+)"', page.text)) == {"label"}
    listed = ada.get("/admin/shelf")
    assert re.findall(r'<td class="[^"]*" data-label="(\w+)"', listed.text) == ["Label"]
    sent = {"label": "Two", "version": "7", "_version": version(page)}
    assert notes(ada.post("/admin/shelf/1/edit", sent)) == ["“Two” was saved."]
    shelf = place.run(Shelf.get(1))
    assert (shelf.label, shelf.version) == ("Two", 2)
    assert ada.post("/admin/shelf/1/edit", sent).status_code == 409


def test_a_row_that_was_deleted_meanwhile_is_said_to_be_gone(place: Place, ada: Visitor) -> None:
    post = place.save(Post(title="Old"))
    page = ada.get("/admin/post/1/edit")
    place.run(post.delete())
    answer = ada.post("/admin/post/1/edit", {**VALID, "_version": version(page)})
    assert answer.status_code == 404
    assert heading(answer) == "This post does not exist"


def test_read_only_fields_are_shown_and_never_written(place: Place, ada: Visitor) -> None:
    place.admin.register(Post, readonly_fields=["title"], exclude=["body"])
    post = place.save(Post(title="Fixed", body="kept"))
    page = ada.get("/admin/post/1/edit")
    assert '<div class="value" id="field-title">Fixed</div>' in page.text
    assert 'id="field-created">' in page.text
    assert 'name="body"' not in page.text
    data = {**VALID, "title": "x", "body": "x", "created": "2000-01-01", "id": "7"}
    ada.post("/admin/post/1/edit", {**data, "_version": version(page)})
    changed = place.run(Post.get(post.id))
    assert (changed.title, changed.body, changed.created) == ("Fixed", "kept", post.created)
    assert changed.language == "de"


def test_fields_are_shown_in_the_order_asked_for(place: Place, ada: Visitor) -> None:
    place.admin.register(Post, fields=["language", "author", "title"])
    labels = text_of(ada.get("/admin/post/add").text, r'<label class="label".*?</label>')
    assert labels == ["Language optional", "Author optional", "Title"]


def test_many_to_many_is_a_choice_of_several(place: Place, ada: Visitor) -> None:
    place.save(Tag(name="red"), Tag(name="blue"), Tag(name="old"))
    ada.get("/admin/post/add")
    ada.post("/admin/post/add", {**VALID, "tags": ["1", "3", "99", "evil"]})
    page = ada.get("/admin/post/1/edit")
    boxes = text_of(page.text, r'<label class="choice">(<input[^>]*name="tags".*?)</label>')
    assert boxes == ["blue", "old", "red"]
    assert len(re.findall(r'name="tags"[^>]* checked', page.text)) == 2
    ada.post("/admin/post/1/edit", {**VALID, "tags": ["2"], "_version": version(page)})
    post = place.run(Post.where(id=1).include(Post.tags).get())
    assert [tag.name for tag in post.tags] == ["blue"]


def test_a_large_table_is_searched_without_javascript(place: Place, ada: Visitor) -> None:
    place.run(Author.insert_many([{"name": f"Author {number}"} for number in range(150)]))
    page = ada.get("/admin/post/add")
    assert 'data-lookup="/admin/_lookup/post/author_id"' in page.text
    found = {**VALID, "title": "Kept", "find.author_id": "author 77", "_find": "author_id"}
    answer = ada.post("/admin/post/add", {**found, "_save": ""})
    assert answer.status_code == 200
    assert errors(answer) == {}
    assert '<option value="78">Author 77</option>' in answer.text
    assert 'value="Kept"' in control(answer, "title")
    enter = ada.post("/admin/post/add", {"find.author_id": "author 88", "_save": "enter"})
    assert '<option value="89">Author 88</option>' in enter.text
    answer = ada.post("/admin/post/add", {**VALID, "author_id": "78"})
    assert notes(answer) == ["“New” was added."]
    page = ada.get("/admin/post/1/edit")
    assert '<option value="78" selected>Author 77</option>' in page.text


def test_a_lookup_answers_the_script(place: Place, ada: Visitor) -> None:
    place.run(Author.insert_many([{"name": f"Author {number}"} for number in range(30)]))
    answer = ada.get("/admin/_lookup/post/author_id?q=author+29").json()
    assert answer == {"results": [{"value": "30", "label": "Author 29"}], "more": False}
    assert ada.get("/admin/_lookup/post/author_id?q=").json()["more"] is True
    assert ada.get("/admin/_lookup/post/author_id?q=%00%ED%A0%80").status_code == 200
    assert ada.get("/admin/_lookup/post/title?q=x").status_code == 404
    reader = place.visitor(
        email="eve@example.org", is_admin=False, permissions=["admin.enter", "post.view"]
    )
    assert reader.get("/admin/_lookup/post/author_id?q=").status_code == 403


def test_a_lookup_finds_rows_only_for_fields_that_the_form_writes(
    place: Place, ada: Visitor
) -> None:
    place.save(Author(name="Zoe"))
    for options in ({"fields": ["title"]}, {"readonly_fields": ["author"]}):
        place.admin.register(Post, **options)
        answer = ada.get("/admin/_lookup/post/author_id?q=")
        assert (answer.status_code, "Zoe" in answer.text) == (404, False)


def test_a_lookup_needs_the_right_to_see_the_rows_it_finds(place: Place) -> None:
    place.save(Author(name="Zoe"))
    eve = place.visitor(
        email="eve@example.org", is_admin=False,
        permissions=["admin.enter", "post.view", "post.change"],
    )  # fmt: skip
    answer = eve.get("/admin/_lookup/post/author_id?q=")
    assert (answer.status_code, "Zoe" in answer.text) == (403, False)


def test_a_text_key_with_a_slash_has_its_page(place: Place, ada: Visitor) -> None:
    author = place.save(Author(name="Bo"))
    place.save(Invoice(number="2026/11", author=author))
    assert 'href="/admin/invoice/2026~2F11/edit"' in ada.get("/admin/invoice").text
    page = ada.get("/admin/invoice/2026~2F11/edit")
    assert heading(page) == "2026/11"


def test_hostile_text_is_stored_as_text(place: Place, ada: Visitor) -> None:
    ada.get("/admin/author/add")
    name = "<script>alert(1)</script>\0\"'"
    answer = ada.post("/admin/author/add", {"name": name, "email": ""})
    assert "<script>alert" not in answer.text
    assert place.run(Author.get(1)).name == "<script>alert(1)</script>\"'"
    assert "<script>alert" not in ada.get("/admin/author/1/edit").text


def test_hooks_save_and_delete_in_their_own_way(place: Place, ada: Visitor) -> None:
    seen: list[Any] = []

    class Watching(ModelAdmin):
        async def save(self, request: Any, row: Any, changes: Any) -> Any:
            seen.append((request.method, row.text, None if changes is None else dict(changes)))
            return await super().save(request, row, changes)

    place.admin.register(Comment, Watching)
    place.save(Post(title="One"))
    ada.get("/admin/comment/add")
    ada.post("/admin/comment/add", {"post_id": "1", "text": "first"})
    page = ada.get("/admin/comment/1/edit")
    ada.post("/admin/comment/1/edit", {"post_id": "1", "text": "second", "_version": version(page)})
    assert seen == [("POST", "first", None), ("POST", "first", {"text": "second"})]


def test_values_in_the_address_fill_an_empty_form(ada: Visitor) -> None:
    page = ada.get("/admin/post/add?title=Given&rating=3&created=x")
    assert 'value="Given"' in control(page, "title")
    assert 'value="3"' in control(page, "rating")
