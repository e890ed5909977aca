"""Which headers may stand in a response."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triode.errors import ConfigError
from triode.http.headers import constant_header, is_sendable, remembered


@given(st.binary(max_size=20))
def test_a_value_stands_on_one_line(value: bytes) -> None:
    is_plain = re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value) is None
    assert is_sendable(b"x-a", value) is is_plain


@given(st.binary(max_size=12))
def test_a_name_is_a_token(name: bytes) -> None:
    is_token = re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name) is not None
    assert [is_sendable(name, b"") for _ in range(2)] == [is_token] * 2


def test_a_constant_header_is_checked_once_and_for_all() -> None:
    assert constant_header("X-Name", "Wért") == (b"x-name", b"W\xe9rt")
    for name, value in (("X-A", "a\nb"), ("X A", "a"), ("", "a"), ("X-A", "€")):
        with pytest.raises(ConfigError) as caught:
            constant_header(name, value)
        assert caught.value.code == "header"


def test_what_is_read_of_a_header_is_remembered_within_bounds() -> None:
    read: list[bytes] = []

    def note(value: bytes) -> int:
        read.append(value)
        return len(value)

    look_up = remembered(note, entries=2)
    long = b"x" * 1000
    assert [look_up(value) for value in (b"a", b"a", long, long)] == [1, 1, 1000, 1000]
    assert read == [b"a", long, long]
