"""The tree of routes against the obvious way to look one up."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triode.errors import RouteError
from triode.routing import Matcher, parse_path
from triode.routing.path import CONVERTERS


class Entry:
    def __init__(self, path: str, methods: frozenset[str], place: str) -> None:
        self.template = parse_path(path)
        self.methods = methods
        self.place = place


def expression_of(path: str) -> re.Pattern[str]:
    """Return the regular expression of a whole template."""
    pattern = ""
    for text, _, converter in re.findall(r"([^{]*)(?:{(\w+)(?::(\w+))?})?", path):
        pattern += re.escape(text)
        pattern += f"({CONVERTERS[converter or 'str']})" if _ else ""
    return re.compile(pattern, re.DOTALL)


segments = st.sampled_from(["a", "b", "{}", "{:int}", "v{}", "{:uuid}", "{}.{}", ""])
rests = st.sampled_from(["", "", "/{:path}", "/f{:path}"])


@st.composite
def templates(draw: st.DrawFn) -> str:
    text = "/" + "/".join(draw(st.lists(segments, min_size=1, max_size=3))) + draw(rests)
    counter = iter("pqrstuvw")
    return re.sub(r"{", lambda _: "{" + next(counter), text)


paths = st.lists(
    st.sampled_from(["a", "b", "1", "v1", "x.y", "", "va", "f"]), min_size=1, max_size=4
).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(templates(), st.sampled_from(["GET", "POST"])), max_size=8), paths)
def test_tree_finds_what_expressions_find(routes: list[tuple[str, str]], path: str) -> None:
    matcher: Matcher[Any] = Matcher()
    added = []
    for number, (template, method) in enumerate(routes):
        try:
            matcher.add(Entry(template, frozenset({method}), str(number)))
        except RouteError:
            continue
        added.append((template, method))
    fitting = {
        (template, method) for template, method in added if expression_of(template).fullmatch(path)
    }
    assert matcher.methods(path) == {method for _, method in fitting}
    for method in ("GET", "POST"):
        found = matcher.find(method, path)
        assert (found is None) == (method not in {known for _, known in fitting})
        if found is not None:
            entry, values = found
            expected = expression_of(entry.template.text).fullmatch(path)
            assert expected is not None
            assert list(values.values()) == list(expected.groups())


def test_same_shape_and_method_is_refused() -> None:
    matcher: Matcher[Any] = Matcher()
    matcher.add(Entry("/users/{id}", frozenset({"GET", "PUT"}), "first.py:1"))
    matcher.add(Entry("/users/{id}", frozenset({"POST"}), "first.py:2"))
    matcher.add(Entry("/users/{id:int}", frozenset({"GET"}), "first.py:3"))
    with pytest.raises(RouteError) as caught:
        matcher.add(Entry("/users/{name}", frozenset({"PUT", "PATCH"}), "second.py:1"))
    assert str(caught.value) == (
        'PUT "/users/{name}" (second.py:1) is already taken by "/users/{id}" (first.py:1). '
        "Change the path or the method of one of them. [route-duplicate]"
    )


@pytest.mark.timeout(5)
def test_lookup_of_an_evil_path_is_quick() -> None:
    matcher: Matcher[Any] = Matcher()
    for path in ("/{a}-{b}-{c}-{d}.x", "/{a}.{b}/{c}", "/{a}/{b}/x", "/a/{rest:path}"):
        matcher.add(Entry(path, frozenset({"GET"}), "here"))
    for path in ("/" + "-" * 16000, "/" + "/" * 16000, "/a" * 8000, "/" + "a." * 8000 + "/"):
        matcher.find("GET", path)
        matcher.methods(path)
