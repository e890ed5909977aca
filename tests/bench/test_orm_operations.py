"""What the operations of the ORM benchmark get, and what must come of them."""

from itertools import islice

from bench.orm.operations import (
    BY_NAME,
    OPERATIONS,
    SPARE,
    STEP,
    answer_of,
    changes,
    new_rows,
    operations_of,
    questions,
    rows_after,
    spare_rows,
)
from bench.orm.tables import HERO, PAGE, ROWS, SMALL, TABLES, TEAMS, WIDE


def test_wide_table_has_32_columns() -> None:
    assert len(WIDE.columns) + 1 == 32


def test_rows_are_the_same_each_time() -> None:
    assert all(table.row(7) == table.row(7) for table in TABLES)


def test_every_column_of_rows_a_step_apart_differs() -> None:
    nullable = {column.name for column in WIDE.columns if column.is_nullable}
    one, other = WIDE.row(1), WIDE.row(1 + STEP)
    assert [name for name in one if name not in nullable and one[name] == other[name]] == []


def test_each_level_is_a_page() -> None:
    assert len(answer_of(BY_NAME["filter_small"], SMALL, 3)) == PAGE == 20


def test_sizes_are_those_of_the_answers() -> None:
    for operation in (each for each in OPERATIONS if each.kind == "read" and each.size > 1):
        answer = answer_of(operation, HERO, next(questions(operation)))
        assert (operation.name, len(answer)) == (operation.name, operation.size)


def test_children_are_in_the_answer() -> None:
    teams = answer_of(BY_NAME["children"], HERO, 1)
    assert [team["id"] for team in teams] == list(range(1, 21))
    assert {len(team["heroes"]) for team in teams} == {ROWS // TEAMS}


def test_only_related_rows_have_parents() -> None:
    assert "parent" in [each.name for each in operations_of("related")]
    assert "parent" not in [each.name for each in operations_of("wide")]


def test_inserts_come_in_their_size() -> None:
    rows = spare_rows(SMALL)
    assert next(new_rows(BY_NAME["insert_one"], rows)) == (rows[0],)
    assert next(new_rows(BY_NAME["insert_batch"], rows)) == (rows[:100],)
    assert next(new_rows(BY_NAME["insert_bulk"], rows)) == (rows,)


def test_objects_are_deleted_once() -> None:
    given = changes(BY_NAME["delete"], SMALL, spare_rows(SMALL), ["a", "b"])
    assert list(given) == [("a",), ("b",)]


def test_objects_get_other_values_in_each_turn() -> None:
    rows = spare_rows(SMALL)
    given = list(islice(changes(BY_NAME["update_whole"], SMALL, rows, ["a", "b"]), 4))
    assert given == [("a", rows[7]), ("b", rows[8]), ("a", rows[14]), ("b", rows[15])]


def test_update_of_one_column_has_the_level_of_the_same_row() -> None:
    rows = spare_rows(SMALL)
    given = changes(BY_NAME["update_partial"], SMALL, rows, ["a"])
    assert next(given) == ("a", rows[STEP]["level"])


def test_first_update_is_what_the_table_must_hold() -> None:
    rows = spare_rows(SMALL)
    after = rows_after(BY_NAME["update_whole"], SMALL)
    assert after[0] == {"id": ROWS + 1, **rows[STEP]}
    assert after[1] == {"id": ROWS + 2, **rows[1]}
    assert len(after) == SPARE


def test_first_delete_leaves_the_others() -> None:
    after = rows_after(BY_NAME["delete"], SMALL)
    assert [row["id"] for row in after[:2]] == [ROWS + 2, ROWS + 3]
    assert len(after) == SPARE - 1
