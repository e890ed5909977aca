import pytest

from triode.http.accept import names_type, prefers_html, quality


@pytest.mark.parametrize(
    ("accept", "is_wanted"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/*", False),
        ("application/json", False),
        ("text/html", True),
        ("TEXT/HTML;q=0.9,text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/json, text/html;q=0.5", False),
        ("application/json, text/html", True),
        ("text/html;q=0", False),
        ("text/html;q=none", False),
        ("text/html;q=0.5, */*;q=0.6", False),
    ],
)
def test_page_is_for_who_asks_for_it(accept: str | None, is_wanted: bool) -> None:
    assert prefers_html(accept) is is_wanted


def test_closest_name_decides() -> None:
    accept = "text/*;q=0.3, text/html;q=0.7, */*;q=0.1"
    kinds = ("text/html", "text/plain", "image/png")
    assert [quality(accept, kind) for kind in kinds] == [0.7, 0.3, 0.1]
    assert quality("text/html", "image/png") == 0
    assert names_type("application/json;q=0", "application/json") is False
