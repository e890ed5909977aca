"""The query parser against the standard library's."""

from urllib.parse import parse_qsl, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from triode.http import Call, Head


def call_with(query: str = "", headers: list[tuple[bytes, bytes]] | None = None) -> Call:
    return Call("GET", "/", query, Head(headers or []), None)  # type: ignore[arg-type]


pieces = st.text("ab=&+%;é20Zz\x00", max_size=12)


@given(pieces | st.text(max_size=10).map(quote_plus))
def test_query_is_read_as_the_standard_library_does(query: str) -> None:
    expected: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        expected.setdefault(name, []).append(value)
    call = call_with(query)
    found = {name: values for name, values in call.query_values.items() if name or any(values)}
    assert found == {name: values for name, values in expected.items() if name or any(values)}


def test_cookies() -> None:
    headers = [
        (b"cookie", b'a=1; b="x y"; c=; =d; e; a=2;f=g=h;  i = j '),
        (b"cookie", b'k="quo\\"te"; l="\\303\\251"; m=\xff'),
    ]
    assert call_with(headers=headers).cookies == {
        "a": "1", "b": "x y", "c": "", "": "d", "f": "g=h", "i": "j",
        "k": 'quo"te', "l": "Ã©", "m": "ÿ",
    }  # fmt: skip


def test_headers() -> None:
    call = call_with(headers=[(b"x", b"1"), (b"y", b"caf\xe9"), (b"x", b"2")])
    assert (call.header(b"x"), call.headers(b"x")) == ("1", ["1", "2"])
    assert (call.header(b"y"), call.header(b"z"), call.headers(b"z")) == ("café", None, [])
