"""Queries: conditions, order, pages, values, changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.db.models import Hero, Team, User
from triode.db import (
    Database,
    MultipleRows,
    Page,
    QueryError,
    RowNotFound,
    Statement,
    ValueRefused,
    asc,
    avg,
    between,
    coalesce,
    col,
    contains,
    count,
    desc,
    icontains,
    in_,
    is_null,
    length,
    lower,
    max_,
    min_,
    not_,
    sum_,
    upper,
)

AGES = {"ann": 17, "Bob": 30, "cy_l": 45, "dÖra": 30}


@pytest.fixture
def people(database: Database) -> Database:
    User.insert_many(
        {"email": f"{name}@x.org".lower(), "age": age, "bio": name, "password": "p"}
        for name, age in AGES.items()
    ).run()
    return database


def names(statement: Statement[list[User]]) -> list[str | None]:
    return [user.bio for user in statement.run()]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (User.age >= 30, ["Bob", "cy_l", "dÖra"]),
        (User.age != 30, ["ann", "cy_l"]),
        ((User.age < 20) | (User.age > 40), ["ann", "cy_l"]),
        ((User.age > 20) & ~(User.bio == "Bob"), ["cy_l", "dÖra"]),
        (col(User.age).between(17, 30), ["ann", "Bob", "dÖra"]),
        (col(User.age).in_([17, 45, 99]), ["ann", "cy_l"]),
        (col(User.age).in_([]), []),
        (col(User.age).not_in([30]), ["ann", "cy_l"]),
        (col(User.bio).is_(None), []),
        (User.bio != None, ["ann", "Bob", "cy_l", "dÖra"]),  # noqa: E711
        (col(User.bio).contains("o"), ["Bob"]),
        (col(User.bio).icontains("B"), ["Bob"]),
        (col(User.bio).icontains("Ör"), ["dÖra"]),
        (col(User.bio).icontains("öR"), ["dÖra"]),
        (User.bio.startswith("a"), ["ann"]),
        (User.bio.endswith("_l"), ["cy_l"]),
        (col(User.bio).contains("*"), []),
        (col(User.bio).contains("%"), []),
        (col(User.bio).icontains("_"), ["cy_l"]),
        (col(User.bio).like("_nn"), ["ann"]),
        (User.age + 15 == 45, ["Bob", "dÖra"]),
        (User.age > User.age - 1, ["ann", "Bob", "cy_l", "dÖra"]),
    ],
)
def test_condition(people: Database, condition: object, expected: list[str]) -> None:
    assert names(User.where(condition).order_by(User.id)) == expected


def test_equality_by_name(people: Database) -> None:
    assert names(User.where(age=30, bio="Bob")) == ["Bob"]


def test_equality_with_none_is_null(people: Database) -> None:
    assert names(User.where(bio=None)) == []


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([desc(User.age), User.bio], ["cy_l", "Bob", "dÖra", "ann"]),
        (["-age", "-bio"], ["cy_l", "dÖra", "Bob", "ann"]),
        ([User.age.desc().nulls_last(), User.id], ["cy_l", "Bob", "dÖra", "ann"]),
    ],
)
def test_order(people: Database, orders: list[object], expected: list[str]) -> None:
    assert names(User.order_by(*orders)) == expected


def test_limit_and_offset(people: Database) -> None:
    query = User.order_by(User.id)
    assert names(query.limit(2)) == ["ann", "Bob"]
    assert names(query.offset(3)) == ["dÖra"]
    assert names(query.limit(1).offset(1)) == ["Bob"]


def test_values_of_one_shape_do_not_mix(people: Database) -> None:
    assert names(User.where(User.age > 40)) == ["cy_l"]
    assert names(User.where(User.age > 44, User.bio == "x")) == []
    assert names(User.where(User.age > 20).order_by(User.id).limit(1)) == ["Bob"]


def test_first_of_nothing_is_none(people: Database) -> None:
    assert User.where(User.age > 99).first().run() is None
    assert User.first(bio="Bob").run() == User.get(bio="Bob").run()


def test_get_of_several_is_refused(people: Database) -> None:
    with pytest.raises(MultipleRows):
        User.get(age=30).run()
    with pytest.raises(RowNotFound):
        User.get(age=99).run()


def test_get_of_a_query_takes_a_key_or_values(people: Database) -> None:
    query = User.where(User.age >= 18)
    bob = User.get(bio="Bob").run()
    assert query.get(bob.id).run() == query.get(bio="Bob").run() == bob
    child = User.get(bio="ann").run()
    for key in (child.id, "1", 2**70, 10.5, None):
        with pytest.raises(RowNotFound):
            query.get(key).run()


def test_count_and_exists(people: Database) -> None:
    assert User.count().run() == 4
    assert User.where(User.age == 30).order_by(User.age + 1).count().run() == 2
    assert User.where(User.age == 30).limit(1).count().run() == 1
    assert User.where(User.age == 30).exists().run() is True
    assert User.exists(age=31).run() is False


def test_page(people: Database) -> None:
    page = User.order_by(User.id).page(2, size=3).run()
    assert page == Page(items=page.items, total=4, page=2, size=3, pages=2)
    assert [user.bio for user in page.items] == ["dÖra"]


def test_values(people: Database) -> None:
    rows = User.where(User.age < 20).values(User.bio, shout=upper(User.bio)).run()
    assert rows == [{"bio": "ann", "shout": "ANN"}]


def test_groups(people: Database) -> None:
    rows = (
        User.group_by(User.age)
        .order_by(User.age)
        .values(User.age, number=count(), first=min_(User.bio))
        .run()
    )
    assert rows == [
        {"age": 17, "number": 1, "first": "ann"},
        {"age": 30, "number": 2, "first": "Bob"},
        {"age": 45, "number": 1, "first": "cy_l"},
    ]


def test_aggregates(people: Database) -> None:
    [row] = User.values(total=sum_(User.age), mean=avg(User.age), oldest=max_(User.age)).run()
    assert row == {"total": 122, "mean": 30.5, "oldest": 45}


def test_column_with_several_values_in_a_group_is_refused(people: Database) -> None:
    refused = (
        lambda: User.values(User.email, number=count()).run(),
        lambda: User.group_by(User.age).values(User.email, number=count()).run(),
        lambda: User.group_by(User.age).column(upper(User.email)).run(),
    )
    for query in refused:
        with pytest.raises(QueryError) as caught:
            query()
        assert str(caught.value) == (
            "User.email may differ among the rows that are counted or summed together. Name it in "
            "User.group_by(…) too, or make one value of it, as with max_(User.email). "
            "[query-not-grouped]"
        )


def test_columns_of_a_row_that_is_grouped_by(people: Database) -> None:
    rows = User.group_by(User.id).order_by(User.id).tuples(User, upper(User.email), count()).run()
    assert rows == [(user, user.email.upper(), 1) for user in User.order_by(User.id).run()]
    ages = User.group_by(User.age * 2).tuples(User.age * 2, count()).run()
    assert sorted(ages) == [(34, 1), (60, 2), (90, 1)]


def test_groups_by_a_computed_value_are_sorted_by_it(people: Database) -> None:
    groups = User.group_by(User.age * 2).order_by(desc(User.age * 2))
    assert groups.tuples(User.age * 2, count()).run() == [(90, 1), (60, 2), (34, 1)]
    assert groups.column(count()).run() == [1, 2, 1]
    assert groups.having(count() > 1).limit(1).tuples(count(), User.age * 2).run() == [(2, 60)]
    assert groups.limit(2).count().run() == 2
    by_both = User.group_by(User.age * 2, User.age * 3).order_by(User.age * 3, User.age * 2)
    assert by_both.limit(1).tuples(User.age * 3, User.age * 2).run() == [(51, 34)]


def test_order_by_another_computed_value_than_the_groups_is_refused(people: Database) -> None:
    grouped = User.group_by(User.age * 2)
    refused = (
        grouped.order_by(User.age * 3),
        grouped.order_by(User.age),
        grouped.having(User.age > 3),
        User.order_by(User.age),
    )
    for query in refused:
        with pytest.raises(QueryError, match=r"User\.age may differ .*query-not-grouped"):
            query.column(count()).run()


def test_rows_given_once_are_sorted_by_what_is_in_them(people: Database) -> None:
    assert User.order_by(desc(User.age)).distinct().column(User.age).run() == [45, 30, 17]
    assert User.order_by(User.age * 2).distinct().column(User.age * 2).run() == [34, 60, 90]
    assert names(User.order_by("age", "bio").distinct()) == ["ann", "Bob", "dÖra", "cy_l"]
    assert User.order_by("age").distinct().exists().run() is True
    assert User.order_by("age").distinct().page(1, size=1).run().total == 4


def test_rows_given_once_are_not_sorted_by_something_else(people: Database) -> None:
    with pytest.raises(QueryError) as caught:
        User.order_by(User.age).distinct().column(User.bio).run()
    assert str(caught.value) == (
        "Rows that are given once each cannot be sorted by User.age, which is not in them. Ask for "
        "it too, sort by what is asked for, or write group_by(…) and sort by min_(…) instead of "
        "distinct(). [query-distinct-order]"
    )
    refused = (
        User.order_by(User.age * 3).distinct().column(User.age * 2),
        User.order_by(User.age * 3).distinct(),
        Hero.order_by("team.name").distinct(),
    )
    for query in refused:
        with pytest.raises(QueryError, match="query-distinct-order"):
            query.run()
    assert Hero.include(Hero.team).order_by("team.name").distinct().run() == []


def test_update_of_many(people: Database) -> None:
    assert User.where(User.age == 30).update(age=User.age + 1, bio="x").run() == 2
    assert User.where(age=31, bio="x").count().run() == 2


def test_delete_of_many(people: Database) -> None:
    assert User.where(User.age == 30).delete().run() == 2
    assert User.count().run() == 2


def test_delete_with_a_limit_takes_no_more(people: Database) -> None:
    assert User.order_by(User.id).limit(1).delete().run() == 1
    assert names(User.order_by(User.id)) == ["Bob", "cy_l", "dÖra"]


def test_streaming_gives_every_row(database: Database) -> None:
    Team.insert_many({"name": f"team {number}"} for number in range(1234)).run()

    async def stream() -> list[int]:
        return [team.id async for team in Team.order_by(Team.id)]

    assert asyncio.run(stream()) == list(range(1, 1235))


def test_condition_has_no_truth_value() -> None:
    with pytest.raises(QueryError, match="has no truth value"):
        User.where(User.age > 3 and User.age < 5)


def test_condition_of_another_model_is_refused(database: Database) -> None:
    with pytest.raises(QueryError, match=r"Team\.name is not a field of User"):
        User.where(Team.name == "x").run()


def test_unknown_field_is_refused() -> None:
    with pytest.raises(QueryError, match="User has no field 'nam'"):
        User.where(nam="x")
    with pytest.raises(AttributeError, match="User has no field 'nam'"):
        _ = User.nam
    with pytest.raises(QueryError):
        User.order_by("nam")


def test_text_is_not_a_condition() -> None:
    with pytest.raises(QueryError, match="is not a condition"):
        User.where("age > 3")


def test_insert_many_says_which_item_is_wrong(database: Database) -> None:
    from triode.schema import ValidationFailed

    with pytest.raises(ValidationFailed) as caught:
        Team.insert_many([{"name": "A"}, {}, {"name": 7}]).run()
    assert [error["loc"] for error in caught.value.errors] == [(1, "name"), (2, "name")]
    assert Team.count().run() == 0


def test_insert_many_is_all_or_nothing(database: Database) -> None:
    from triode.db import Duplicate

    with pytest.raises(Duplicate):
        Team.insert_many([{"name": "A"}, {"name": "B"}, {"name": "A"}]).run()
    assert Team.count().run() == 0


def test_default_order_comes_from_meta(database: Database) -> None:
    Hero.insert_many([{"name": "B"}, {"name": "A"}]).run()
    assert [hero.name for hero in Hero.all().run()] == ["A", "B"]


def test_fetch_runs_what_sqlalchemy_writes(people: Database) -> None:
    import sqlalchemy as sa

    table = User.table
    select = sa.select(table.c.bio, table.c.age).where(table.c.age.in_([17, 45])).order_by("age")
    rows = people.fetch(select).run()
    assert [(row.bio, row.age) for row in rows] == [("ann", 17), ("cy_l", 45)]
    name = people.engine.dialect.identifier_preparer.format_table(table)
    update = sa.text(f"UPDATE {name} SET age = :age")
    assert people.fetch(update.bindparams(age=3)).run() == []
    assert people.fetch(sa.text(f"SELECT max(age) FROM {name}")).run() == [(3,)]
    assert User.where(age=3).count().run() == 4


def test_fetch_gives_what_an_update_returns(people: Database) -> None:
    update = User.table.update().values(age=1).returning(User.table.c.id)
    if people.engine.dialect.update_returning:
        assert len(people.fetch(update).run()) == 4
        return
    with pytest.raises(QueryError, match="has no UPDATE … RETURNING"):
        people.fetch(update).run()
    assert User.where(age=1).count().run() == 0


def test_negative_limit_is_refused() -> None:
    with pytest.raises(ValueRefused):
        User.order_by(User.id).limit(-1)
    with pytest.raises(ValueRefused):
        User.order_by(User.id).offset(-1)


@pytest.mark.parametrize(("number", "size"), [(99, 10), (10**30, 10), (2, 10**30)])
def test_page_after_the_last_has_no_items(people: Database, number: int, size: int) -> None:
    assert User.order_by(User.id).page(number, size).run().items == []


@pytest.mark.parametrize("key", [2**70, -(2**70)])
def test_key_that_cannot_be_stored_is_no_row_s(people: Database, key: int) -> None:
    with pytest.raises(RowNotFound):
        User.get(key).run()


def test_too_many_values_are_refused() -> None:
    with pytest.raises(QueryError, match="too many for one query"):
        col(User.age).in_(range(20_000))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lower(User.bio), "bob"),
        (upper(User.bio), "BOB"),
        (length(User.bio), 3),
        (coalesce(User.bio, "none"), "Bob"),
        (User.age * 2, 60),
        (10 + User.age, 40),
        (100 - User.age, 70),
        (2 * User.age, 60),
        (User.age - 1, 29),
        (count(User.bio), 1),
    ],
)
def test_computed_value(people: Database, expression: Any, expected: object) -> None:
    assert User.where(bio="Bob").values(it=expression).run() == [{"it": expected}]


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        (in_(User.age, [17]), 1),
        (between(User.age, 17, 30), 3),
        (contains(User.bio, "o"), 1),
        (icontains(User.bio, "O"), 1),
        (is_null(User.bio), 0),
        (not_(User.age == 30), 2),
        (col(User.bio).is_not(None), 4),
        (col(User.bio).istartswith("A"), 1),
        (col(User.bio).iendswith("B"), 1),
        (col(User.bio).ilike("%B%"), 1),
    ],
)
def test_condition_as_a_function(people: Database, condition: Any, number: int) -> None:
    assert User.where(condition).count().run() == number


def test_orders_as_functions(people: Database) -> None:
    assert names(User.order_by(asc(User.age), desc(User.id)))[0] == "ann"
    assert names(User.order_by(desc(User.age).nulls_first()))[0] == "cy_l"


def test_function_of_something_else_is_refused() -> None:
    with pytest.raises(QueryError, match="'age' is not a field of a model"):
        desc("age")
    with pytest.raises(QueryError, match="has no name of its own"):
        User.values(User.age + 1)
    with pytest.raises(QueryError, match="is a column of the model"):
        User.age = 3  # type: ignore[misc]


def test_exists_keeps_a_limit(database: Database) -> None:
    Team(name="a").save().run()
    found = [Team.all().limit(count).exists().run() for count in (0, 1, 2, None)]
    assert found == [False, True, True, True]


@pytest.mark.parametrize("number", [0, -3])
def test_page_below_the_first_is_the_first(people: Database, number: int) -> None:
    assert User.page(number, 3).run() == User.page(1, 3).run()
