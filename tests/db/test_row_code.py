"""The Python that is written for the rows of one statement."""

import pytest

from triode.db import ValueRefused
from triode.db.sql.column_types import plain_text
from triode.db.sql.plan import Plan
from triode.db.sql.row_code import reading, reading_dicts, writing


def test_rows_are_read() -> None:
    read = reading(3, [(1, int)])
    assert read([("a", "1", "x"), ("b", None, "y")]) == [("a", 1, "x"), ("b", None, "y")]


def test_row_of_one_column_is_a_tuple() -> None:
    assert reading(1, [(0, int)])([("1",), (None,)]) == [(1,), (None,)]


def test_objects_are_made_of_rows() -> None:
    assert reading(2, [(0, int)], complex)([("1", 2.0)]) == [complex(1, 2)]


def test_dicts_are_made_of_rows() -> None:
    read = reading_dicts(["a'\\", "b"], [(0, int)])
    assert read([("1", 2), (None, 3)]) == [{"a'\\": 1, "b": 2}, {"a'\\": None, "b": 3}]


def test_parameters_are_put_in_order() -> None:
    write = writing((1, 0, 1), [(0, str), (1, plain_text)])
    assert write([("a", 5), (None, None)]) == [("5", "a", 5), (None, None, None)]


def plan(binders: list[tuple[int, object]]) -> Plan:
    return Plan("", order=(0, 1), binders=tuple(binders), loaders=(), columns=())  # type: ignore[arg-type]


def test_refused_text_is_told() -> None:
    with pytest.raises(ValueRefused, match="NUL byte"):
        plan([(0, plain_text)]).parameters(["a\0", 1])


@pytest.mark.parametrize("rows", [[(1, "x")], [(1, 2), (1, None), (1, "x")]])
def test_value_that_does_not_fit_is_told(rows: list[tuple[int, object]]) -> None:
    made = plan([(0, str), (1, int)])
    with pytest.raises(ValueRefused) as caught:
        made.parameters_of_all(rows)
    assert caught.value.message == ("A value of type str cannot be stored or compared here.")
