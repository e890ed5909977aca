"""Whatever is typed comes back as it was, and only as a value."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from triode.forms import Form


@dataclasses.dataclass
class Note:
    title: str
    body: str
    count: int


class Reader(HTMLParser):
    """Collects the tags of a page, and what its controls hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: dict[str, str] = {}
        self.area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if tag == "input":
            self.values[found["name"] or ""] = found["value"] or ""
        if tag == "textarea":
            self.area = found["name"] or ""
            self.values[self.area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.values[self.area] += data


def read(form: Form[Note]) -> Reader:
    reader = Reader()
    reader.feed(str(form))
    reader.close()
    return reader


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"))
PIECES = st.lists(
    st.sampled_from(["<", ">", '"', "'", "&", "</textarea>", "<script>", "-->", "{{", "a", "\n"])
)


@settings(max_examples=200, deadline=None)
@given(title=TEXT | PIECES.map("".join), body=TEXT | PIECES.map("".join))
def test_any_text_comes_back_as_a_value(title: str, body: str) -> None:
    plain = read(Form(Note, {"title": ["a"], "body": ["b"], "count": ["x"]}))
    reader = read(Form(Note, {"title": [title], "body": [body], "count": ["x"]}))
    assert reader.values["title"] == title
    assert reader.values["body"].removeprefix("\n") == body
    extra = [tag for tag in reader.tags if tag not in ("ul", "li")]
    assert extra == [tag for tag in plain.tags if tag not in ("ul", "li")]
