"""Patterns of texts: Python's regular expressions, with JSON Schema's end."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from triode.schema import FieldInfo, ValidationFailed, json_decoder, text_decoder


@pytest.mark.parametrize("pattern", ["^[a-z]+$", "^(?:abc$|x)", r"^[a-c\]$]+$"])
def test_the_end_is_not_before_a_line_feed(pattern: str) -> None:
    kind = Annotated[str, FieldInfo(pattern=pattern)]
    assert text_decoder(kind)("abc") == "abc"
    for decode, sent in ((text_decoder(kind), "abc\n"), (json_decoder(kind), b'"abc\\n"')):
        with pytest.raises(ValidationFailed) as caught:
            decode(sent)  # type: ignore[operator]
        [problem] = caught.value.errors
        assert problem["msg"] == f"String should match pattern '{pattern}'"


def test_nor_in_a_struct_that_msgspec_reads() -> None:
    class Name(msgspec.Struct):
        text: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")]

    with pytest.raises(ValidationFailed):
        json_decoder(Name)(b'{"text": "abc\\n"}')


@pytest.mark.parametrize(
    ("pattern", "text"), [(r"^a\$$", "a$"), ("^[$]+$", "$$"), ("(?m)^b$", "a\nb\nc")]
)
def test_other_dollars_are_left_alone(pattern: str, text: str) -> None:
    assert text_decoder(Annotated[str, FieldInfo(pattern=pattern)])(text) == text
