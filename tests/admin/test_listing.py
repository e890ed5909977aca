"""The change list: search, sort, filters, pages, and whatever stands in the address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Place
from tests.admin.library import Author, Kind, Post, Tag, Visitor, cells, heading, notes, text_of
from triode.admin import ModelAdmin, action


@pytest.fixture
def posts(place: Place) -> None:
    """Store two authors and seven posts."""
    bo = place.save(Author(name="Bo Åberg"))
    cy = place.save(Author(name="Cy"))
    place.save(
        Post(title="Alpha beta", author=bo, published=True, rating=5),
        Post(title="Beta", author=cy, kind=Kind.SHORT_NOTE, rating=1),
        Post(title="Gamma", author=bo),
        Post(title="<Delta>"),
        *(Post(title=f"Post {number}") for number in range(3)),
    )


def titles(ada: Visitor, query: str) -> list[str]:
    """Return the first column of a list."""
    return [row[0] for row in cells(ada.get(f"/admin/post?{query}"))]


@pytest.mark.usefixtures("posts")
def test_rows_are_shown_by_their_columns(ada: Visitor) -> None:
    page = ada.get("/admin/post")
    assert text_of(page.text, r'<th scope="col".*?</th>') == [
        "Title", "Author", "Kind", "Published", "Rating", "Loud",
    ]  # fmt: skip
    dash = "&ndash;"
    assert cells(page)[:2] == [
        ["&lt;Delta&gt;", dash, "Article", "No", dash, "&lt;DELTA&gt;"],
        ["Alpha beta", "Bo Åberg", "Article", "Yes", "5", "ALPHA BETA"],
    ]


@pytest.mark.usefixtures("posts")
def test_every_word_must_be_found_in_any_field(ada: Visitor) -> None:
    assert titles(ada, "q=beta") == ["Alpha beta", "Beta"]
    assert titles(ada, "q=BETA+bo") == ["Alpha beta"]
    assert titles(ada, "q=%C3%A5berg") == ["Alpha beta", "Gamma"]
    assert titles(ada, "q=%25") == []


@pytest.mark.usefixtures("posts")
def test_a_column_sorts_both_ways_and_over_a_relation(ada: Visitor) -> None:
    assert titles(ada, "sort=title")[:2] == ["&lt;Delta&gt;", "Alpha beta"]
    assert titles(ada, "sort=-title")[:2] == ["Post 2", "Post 1"]
    assert titles(ada, "sort=-author")[:3] == ["Beta", "Alpha beta", "Gamma"]
    assert titles(ada, "sort=-shout")[0] == "Post 2"
    page = ada.get("/admin/post?sort=-title").text
    assert 'aria-sort="descending"><a href="?sort=title">Title' in page


@pytest.mark.usefixtures("posts")
def test_filters_narrow_the_list(ada: Visitor) -> None:
    found = {
        "published=true": ["Alpha beta"],
        "kind=note": ["Beta"],
        "author=%3D1": ["Alpha beta", "Gamma"],
        "author=cy": ["Beta"],
        "author=-&q=delta": ["&lt;Delta&gt;"],
        "rating=%3D1": ["Beta"],
        "rating=-&q=gamma": ["Gamma"],
        "created=today&rating=5": ["Alpha beta"],
        "created=year&kind=article&published=true": ["Alpha beta"],
    }
    assert {query: titles(ada, query) for query in found} == found


@pytest.mark.usefixtures("posts")
def test_a_chosen_filter_is_named_and_can_be_taken_away(ada: Visitor) -> None:
    page = ada.get("/admin/post?author=%3D1&q=alpha&page=3").text
    assert text_of(page, r"<summary>(.*?)</summary>")[2] == "Author: Bo Åberg"
    assert '<a class="option" href="?q=alpha">' in page
    assert '<input type="hidden" name="author" value="=1">' in page


@pytest.mark.usefixtures("posts")
def test_pages_follow_each_other(ada: Visitor) -> None:
    first, second = ada.get("/admin/post"), ada.get("/admin/post?page=2")
    assert [len(cells(first)), len(cells(second))] == [5, 2]
    assert heading(first) == "Posts 7"
    assert "6\N{EN DASH}7 of 7" in second.text
    assert '<a href="?" rel="prev"' in second.text


SENSELESS = [
        "page=abc", "page=999999", "page=-1", "page=99999999999999999999999", "sort=evil",
        "sort=-", "sort=secret", "q=%00", "q=%ED%A0%80", "q=" + "x+" * 500, "kind=evil",
        "rating=99999999999999999999", "rating=%3Dabc", "author=%3D99999999999999999999",
        "author=%3Dx", "created=never", "published=maybe", "published=-", "%00=%00",
        "q=%F0%9F%92%A9",
    ]  # fmt: skip


@pytest.mark.usefixtures("posts")
def test_a_senseless_address_is_still_a_page(ada: Visitor) -> None:
    answers = {query: ada.get(f"/admin/post?{query}") for query in SENSELESS}
    shown = {query: (each.status_code, heading(each)[:5]) for query, each in answers.items()}
    assert shown == dict.fromkeys(SENSELESS, (200, "Posts"))


def test_an_empty_list_says_what_to_do(ada: Visitor) -> None:
    assert "No posts yet" in ada.get("/admin/post").text
    page = ada.get("/admin/post?q=none").text
    assert "Nothing matches" in page
    assert '<a class="button" href="?">Show all posts</a>' in page


def test_many_to_many_rows_are_listed_by_name(place: Place, ada: Visitor) -> None:
    place.admin.register(Tag, list_display=["name", "posts"])
    place.save(Tag(name="red"))
    assert cells(ada.get("/admin/tag")) == [["red", "&ndash;"]]


@pytest.mark.usefixtures("posts")
def test_an_action_is_done_to_the_rows_that_are_picked(place: Place, ada: Visitor) -> None:
    ada.get("/admin/post")
    answer = ada.post("/admin/post?q=beta", {"action": "publish", "key": ["1", "2", "evil"]})
    assert notes(answer) == ["Publish: 2 posts."]
    assert str(answer.url).endswith("/admin/post?q=beta")
    assert place.run(Post.where(published=True).count()) == 2


@pytest.mark.usefixtures("posts")
def test_an_action_without_rows_or_permission_does_nothing(place: Place, ada: Visitor) -> None:
    ada.get("/admin/post")
    assert notes(ada.post("/admin/post", {"action": "publish"})) == ["Pick at least one row first."]
    other = place.visitor(
        email="eve@example.org", is_admin=False,
        permissions=["admin.enter", "post.view", "post.change"],
    )  # fmt: skip
    assert "Publish</option>" not in other.get("/admin/post").text
    assert other.post("/admin/post", {"action": "publish", "key": "2"}).status_code == 403


@pytest.mark.usefixtures("posts")
def test_one_comes_back_to_the_list_as_it_was(place: Place, ada: Visitor) -> None:
    ada.get("/admin/post?q=beta&published=true&sort=-title")
    page = ada.get("/admin/post/1/edit")
    address = "/admin/post?q=beta&published=true&sort=-title"
    assert f'data-leave href="{address.replace("&", "&amp;")}">Cancel</a>' in page.text
    answer = ada.post("/admin/post/1/delete", {"_confirm": "yes"})
    assert str(answer.url).endswith(address)
    assert str(ada.post("/admin/author/1/delete", {"_confirm": "yes"}).url).endswith("/author")


def test_a_list_that_is_remembered_wrongly_is_forgotten(place: Place, ada: Visitor) -> None:
    place.save(Author(name="Bo"))
    for value in ("author?<script>", "author?a\\nb", "author?" + "x" * 2000, "?", "evil?a=b"):
        cookies = "; ".join(f"{name}={value}" for name, value in ada.client.cookies.items())
        page = ada.client.get(
            "/admin/author/1/edit", headers={"cookie": f"{cookies}; triode_list={value}"}
        )
        assert 'data-leave href="/admin/author">Cancel</a>' in page.text


def test_a_filter_offers_only_rows_that_the_visitor_may_see(place: Place, ada: Visitor) -> None:
    class Own(ModelAdmin):
        def query(self, request: Any) -> Any:
            return self.model.where(name="seen")

    place.admin.register(Author, Own)
    place.admin.register(Post, list_display=["title"], list_filter=["author", "author.name"])
    author = place.save(Author(name="seen"), Author(name="hidden"))
    place.save(Post(title="One", author=author))
    for address in ("/admin/post", "/admin/post?author=%3D2"):
        page = ada.get(address).text
        assert text_of(page, r'<a class="option"[^>]*>(.*?)</a>').count("seen") == 2
        assert "hidden</" not in page


def test_a_filter_needs_the_right_to_see_the_model_it_leads_to(place: Place) -> None:
    place.admin.register(Post, list_display=["title"], list_filter=["author", "author.name"])
    author = place.save(Author(name="hidden"))
    place.save(Post(title="One", author=author), Post(title="Two"))
    eve = place.visitor(
        email="eve@example.org", is_admin=False, permissions=["admin.enter", "post.view"]
    )
    page = eve.get("/admin/post?author=%3D1&author.name=hid")
    assert "hidden</" not in page.text
    assert text_of(page.text, r"<summary>(.*?)</summary>") == ["Sort"]
    assert len(cells(page)) == 2


def test_an_action_without_a_permission_asks_for_that_to_change(place: Place) -> None:
    class Doing(ModelAdmin):
        @action("Rename")
        async def rename(self, request: Any, tags: Any) -> None:
            await tags.update(name="renamed")

    place.admin.register(Tag, Doing)
    place.save(Tag(name="red"))
    eve = place.visitor(
        email="eve@example.org", is_admin=False, permissions=["admin.enter", "tag.view"]
    )
    assert "Rename" not in eve.get("/admin/tag").text
    assert eve.post("/admin/tag", {"action": "rename", "key": "1"}).status_code == 403
    assert [tag.name for tag in place.run(Tag.all())] == ["red"]
    kim = place.visitor(
        email="kim@example.org", is_admin=False,
        permissions=["admin.enter", "tag.view", "tag.change"],
    )  # fmt: skip
    kim.get("/admin/tag")
    assert notes(kim.post("/admin/tag", {"action": "rename", "key": "1"})) == ["Rename: 1 tag."]
