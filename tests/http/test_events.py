"""What a server-sent event may be, and how it is written."""

from typing import Any

import pytest

from triode.sse import ServerSentEvent, format_sse_event


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"data": 1, "raw_data": "a"}, "Cannot set both 'data' and 'raw_data'. Leave out one"),
        ({"event": "a\nb"}, "SSE 'event' must be a single line: 'a\\nb'."),
        ({"id": "a\rb"}, "SSE 'id' must be a single line: 'a\\rb'."),
        ({"id": "a\0"}, "SSE 'id' must not contain a null character: 'a\\x00'."),
        ({"id": 5}, "SSE 'id' must be text, not 5."),
        ({"retry": -1}, "SSE 'retry' is in milliseconds, 0 or more, not -1."),
        ({"retry": 1.5}, "SSE 'retry' is in milliseconds, 0 or more, not 1.5."),
    ],
)
def test_event_that_cannot_be_sent_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        ServerSentEvent(**fields)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["event", "id"])
def test_no_event_can_be_smuggled_into_another(name: str) -> None:
    with pytest.raises(ValueError, match="single line"):
        format_sse_event(data_str="a", **{name: "x\n\ndata: forged"})


def test_data_of_several_lines() -> None:
    assert format_sse_event(data_str="a\r\nb\n\nc") == b"data: a\ndata: b\ndata: \ndata: c\n\n"


def test_comment_alone() -> None:
    assert format_sse_event(comment="hello\nevent: x") == b": hello\n: event: x\n\n"
