"""Random expressions give on every database what Python gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.cells import Cell, Row, random_rows
from tests.db.conftest import ENGINES, database_on
from tests.db.trees import TooLarge, Tree, Trees
from triode.db import Database, avg, count, max_, min_, string_agg, sum_

ROWS = random_rows(seed=1)
TREES = Trees(depth=2)
WITHOUT_ZONES = Trees(depth=2, zones=())
SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("cells")
    with database_on(request.param, folder) as made, made.active():
        made.create_tables(Cell).run()
        Cell.insert_many(ROWS).run()
        yield made


@pytest.fixture
def cells(filled: Database) -> Iterator[Database]:
    with filled.active():
        yield filled


def values(tree: Tree, rows: list[Row] = ROWS) -> list[Any] | None:
    """Return what Python makes of the rows, None where the databases may differ."""
    try:
        return [tree.value(row) for row in rows]
    except (TooLarge, OverflowError):
        return None


def is_same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        return type(found) is float and math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    return bool(found == expected) and type(found) is type(expected)


def trees_of(database: Database) -> Trees:
    return WITHOUT_ZONES if "maria" in database.url else TREES


@SETTINGS
@given(data=st.data())
def test_expression_has_pythons_value(cells: Database, data: st.DataObject) -> None:
    trees = data.draw(st.lists(trees_of(cells).anything, min_size=4, max_size=4))
    known = [(tree, expected) for tree in trees if (expected := values(tree)) is not None]
    parts = [tree.expression for tree, _ in known]
    rows = Cell.order_by(Cell.id).tuples(*parts).run() if parts else []
    for place, (tree, expected) in enumerate(known):
        found = [row[place] for row in rows]
        assert list(map(is_same, found, expected)) == [True] * len(ROWS), (tree, found, expected)


@SETTINGS
@given(data=st.data())
def test_condition_keeps_the_rows_that_python_keeps(cells: Database, data: st.DataObject) -> None:
    condition = data.draw(trees_of(cells).conditions)
    expected = values(condition)
    if expected is not None:
        kept = [number for number, holds in enumerate(expected, 1) if holds]
        assert Cell.where(condition.expression).order_by(Cell.id).column(Cell.id).run() == kept


@SETTINGS
@given(data=st.data())
def test_aggregates_of_groups(cells: Database, data: st.DataObject) -> None:
    trees = trees_of(cells)
    number, filtered = data.draw(trees.numbers), data.draw(trees.conditions)
    numbers, kept = values(number), values(filtered)
    if numbers is None or kept is None:
        return
    made = (sum_, avg, min_, max_)
    parts = [function(number.expression).filter(filtered.expression) for function in made]
    counted = count(number.expression).filter(filtered.expression)
    found = Cell.group_by(Cell.flag).order_by(Cell.flag).tuples(Cell.flag, counted, *parts).run()
    expected = []
    for flag in sorted({row["flag"] for row in ROWS}):
        rows = zip(ROWS, numbers, kept, strict=True)
        some = [each for row, each, holds in rows if holds and row["flag"] == flag]
        some = [each for each in some if each is not None]
        computed = (sum(some), float(sum(some)) / len(some), min(some), max(some)) if some else ()
        expected.append((flag, len(some), *(computed or (None,) * 4)))
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        assert list(map(is_same, row, wanted)) == [True] * 6, (number, filtered, row, wanted)
    texts = Cell.all().column(string_agg(Cell.text, "|")).run()
    assert sorted(texts[0].split("|")) == sorted(row["text"] for row in ROWS)
