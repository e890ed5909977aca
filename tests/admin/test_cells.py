"""Values as a list shows them."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any, Literal

import pytest

from triode.admin.cells import formatter_of, is_number


class Colour(enum.Enum):
    DARK_RED = "r"


ZONE = datetime.timezone(datetime.timedelta(hours=2))
SHOWN = [
    (str, "<b>&", "&lt;b&gt;&amp;"),
    (str | None, "x" * 200, "x" * 119 + "…"),
    (bool, True, '<span class="yes">Yes</span>'),
    (bool, False, '<span class="no">No</span>'),
    (Annotated[int, "meta"], 2026, "2026"),
    (datetime.date, datetime.date(2026, 11, 7), "7 Nov 2026"),
    (datetime.datetime, datetime.datetime(2026, 1, 2, 3, 4), "2 Jan 2026, 03:04"),
    (datetime.datetime, datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), "2 Jan 2026, 00:00"),
    (datetime.datetime, datetime.datetime(2026, 1, 2, tzinfo=ZONE), "2 Jan 2026, 00:00 +0200"),
    (Colour, Colour.DARK_RED, '<span class="tag">Dark red</span>'),
    (Literal["a", "b"], "a", '<span class="tag">a</span>'),
    (bytes, b"12345", "5 bytes"),
    (dict[str, int], {"a": 1}, "{&#34;a&#34;:1}"),
    (Any, True, '<span class="yes">Yes</span>'),
]


@pytest.mark.parametrize(("annotation", "value", "shown"), SHOWN)
def test_a_value_is_shown_by_its_type(annotation: Any, value: Any, shown: str) -> None:
    assert formatter_of(annotation)(value) == shown


def test_numbers_stand_right_and_booleans_do_not() -> None:
    assert [is_number(kind) for kind in (int, float | None, bool, str)] == [
        True,
        True,
        False,
        False,
    ]
