"""The grammar of `Forwarded`, and what X-Forwarded-… may hold."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triode.middleware.forwarded import (
    MalformedHeader,
    Node,
    checked_host,
    checked_port,
    checked_prefix,
    checked_scheme,
    parse_forwarded,
    parse_node,
)


@pytest.mark.parametrize(
    ("header", "elements"),
    [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", None),
        ('For="[2001:db8:cafe::17]:4711"', [{"for": "[2001:db8:cafe::17]:4711"}]),
        ("for=192.0.2.43, for=198.51.100.17", [{"for": "192.0.2.43"}, {"for": "198.51.100.17"}]),
        ('for="_gazonk" ;host="a\\"b,c;d"', [{"for": "_gazonk", "host": 'a"b,c;d'}]),
        (" , for=unknown ,, ;proto=https;", [{"for": "unknown"}, {"proto": "https"}]),
        ("", []),
    ],
)
def test_the_examples_of_the_rfc(header: str, elements: list[dict[str, str]] | None) -> None:
    first = [{"for": "192.0.2.60", "proto": "http", "by": "203.0.113.43"}]
    assert parse_forwarded(header) == (first if elements is None else elements)


@pytest.mark.parametrize(
    "header", ["for", "for=", 'for="a', "for=a;for=b", "for = a", "for=a b=c", "for=[::1]", "=a"]
)
def test_what_is_not_in_the_grammar_is_refused(header: str) -> None:
    with pytest.raises(MalformedHeader):
        parse_forwarded(header)


@given(
    st.lists(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text()), max_size=4)
)
def test_what_is_quoted_is_read_back(elements: list[dict[str, str]]) -> None:
    printable = [
        {name: "".join(c for c in value if c.isprintable()) for name, value in element.items()}
        for element in elements
        if element
    ]
    escape = str.maketrans({'"': r"\"", "\\": r"\\"})
    header = ", ".join(
        ";".join(f'{name}="{value.translate(escape)}"' for name, value in element.items())
        for element in printable
    )
    assert parse_forwarded(header) == printable


@given(st.text(max_size=60))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (parse_forwarded, parse_node):
        with suppress(MalformedHeader):
            parse(text)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("192.0.2.43", Node("192.0.2.43")),
        ("192.0.2.43:47011", Node("192.0.2.43", 47011)),
        ("[2001:db8::17]", Node("2001:db8::17")),
        ("[2001:db8::17]:80", Node("2001:db8::17", 80)),
        ("2001:DB8:0:0::17", Node("2001:db8::17")),
        ("unknown", Node("unknown")),
        ("_hidden:_port", Node("_hidden")),
    ],
)
def test_nodes(text: str, node: Node) -> None:
    assert parse_node(text) == node


@pytest.mark.parametrize(
    "text", ["", "localhost", "1.2.3", "1.2.3.4:99999", "[::1", "[::1]x", "1.2.3.4:", "<script>"]
)
def test_what_is_no_node_is_refused(text: str) -> None:
    with pytest.raises(MalformedHeader):
        parse_node(text)


def test_values_are_checked() -> None:
    assert [checked_scheme(text) for text in ("HTTPS", "ws", "javascript", "")] == [
        "https",
        "ws",
        None,
        None,
    ]
    hosts = ("a.example:81", "[::1]:81", "a/b", "a@b", "a b", "")
    assert [checked_host(text) for text in hosts] == ["a.example:81", "[::1]:81", *[None] * 4]
    assert [checked_port(text) for text in ("443", "0", "65536", "x")] == [443, None, None, None]
    prefixes = ("/api/", "/a/b", "", "/", "//evil.example", "/../a", "/a b", "api")
    assert [checked_prefix(text) for text in prefixes] == ["/api", "/a/b", *[None] * 6]
