"""Many rows at once, rows that may be there already, rows that others change meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.db.models import Hero, Power, Team, User
from triode.db import (
    Database,
    Duplicate,
    Field,
    Model,
    QueryError,
    RowNotFound,
    StaleRow,
    TooLong,
    col,
    count,
    desc,
    excluded,
    exists,
    in_,
    outer,
    rank,
    sum_,
    transaction,
)
from triode.schema import Create, Patch, json_decoder


class Stock(Model):
    name: str = Field(unique=True)
    number: int = 0
    version: int = Field(1, version=True)


@pytest.fixture
def stock(empty: Database) -> Iterator[Database]:
    empty.create_tables(Stock, Team, Power, Hero, User).run()
    Stock.insert_many([{"name": name, "number": at} for at, name in enumerate("abcd")]).run()
    return empty


def numbers() -> dict[str, int]:
    return dict(Stock.order_by(Stock.name).tuples(Stock.name, Stock.number).run())


def test_insert_of_many_batches_is_one_transaction(stock: Database) -> None:
    rows = [{"name": f"x{number}"} for number in range(2500)]
    assert Stock.insert_many(iter(rows)).run() == 2500
    with pytest.raises(Exception, match="already exists"):
        Stock.insert_many({"name": f"y{number % 2400}"} for number in range(2500)).run()
    assert Stock.count().run() == 2504


def test_client_begins_no_row_with_a_version_and_may_change_one_with_it(stock: Database) -> None:
    sent = b'{"name": "new", "version": 9223372036854775807}'
    made = json_decoder(Create[Stock])(sent).save().run()
    assert (made.name, Stock.get(made.id).run().version) == ("new", 1)
    changes = json_decoder(Patch[Stock])(b'{"number": 4, "version": 1}')
    made.update(changes).run()
    assert Stock.get(made.id).run().version == 2
    with pytest.raises(StaleRow):
        Stock.get(made.id).run().update(changes).run()


def test_keys_that_are_given_are_kept(stock: Database) -> None:
    before = Stock.count().run()
    rows = [{"id": 70, "name": "with"}, {"name": "without"}, {"id": 71, "name": "too"}]
    more = [{"id": 100 + number, "name": f"n{number}"} for number in range(60)]  # by COPY
    assert Stock.insert_many([*rows, *more]).run() == 63
    assert Stock.get(70).run().name == "with"
    assert (Stock.get(71).run().name, Stock.get(159).run().name) == ("too", "n59")
    assert Stock.count().run() == before + 63


def test_taken_key_among_others_leaves_nothing(stock: Database) -> None:
    before = Stock.count().run()
    with pytest.raises(Duplicate):
        Stock.insert_many([{"name": "new"}, {"id": 1, "name": "taken"}]).run()
    assert Stock.count().run() == before


def test_update_many(stock: Database) -> None:
    rows = [{"id": 1, "number": 10}, {"id": 3, "number": 30}, {"id": 4, "number": 40}]
    assert Stock.update_many(rows, Stock.number).run() == 3
    assert numbers() == {"a": 10, "b": 1, "c": 30, "d": 40}


def test_update_many_refuses_rows_that_others_changed(stock: Database) -> None:
    mine, other = Stock.get(name="a").run(), Stock.get(name="b").run()
    Stock.get(name="a").run().update(number=50).run()
    mine.number = other.number = 60
    with pytest.raises(StaleRow):
        Stock.update_many([other, mine], Stock.number).run()
    with pytest.raises(StaleRow):
        Stock.update_many([{"id": mine.id, "number": 1, "version": 1}], Stock.number).run()
    assert numbers() == {"a": 50, "b": 1, "c": 2, "d": 3}
    assert other.version == 1


def test_update_many_tells_objects_their_new_versions(stock: Database) -> None:
    rows = Stock.order_by(Stock.name).run()
    for number in (10, 20):
        for row in rows:
            row.number = number
        Stock.update_many(rows, Stock.number).run()
    rows[0].number = 30
    rows[0].save().run()
    assert numbers() == {"a": 30, "b": 20, "c": 20, "d": 20}
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        Stock.update_many(rows, Stock.number).run()
        raise ZeroDivisionError
    assert [row.version for row in rows] == [4, 3, 3, 3]


def test_last_of_two_updates_of_one_row_counts(stock: Database) -> None:
    rows = [{"id": 1, "number": 7}, {"id": 2, "number": 5}, {"id": 1, "number": 8}]
    assert Stock.update_many(rows, Stock.number).run() == 2
    assert numbers() == {"a": 8, "b": 5, "c": 2, "d": 3}


def test_update_many_is_all_or_nothing(stock: Database) -> None:
    with pytest.raises(RowNotFound):
        Stock.update_many([{"id": 1, "number": 10}, {"id": 99, "number": 1}], Stock.number).run()
    assert numbers()["a"] == 0


def test_upsert(stock: Database) -> None:
    rows = [{"name": "a", "number": 5}, {"name": "z", "number": 6}]
    assert Stock.upsert(rows, on=Stock.name).run() == 2
    added = {"number": Stock.number + excluded(Stock.number)}
    Stock.upsert(rows, on=Stock.name, update=added).run()
    Stock.upsert([{"name": "a", "number": 99}], on=Stock.name, update=[]).run()
    assert numbers() == {"a": 10, "b": 1, "c": 2, "d": 3, "z": 12}


def test_upsert_needs_a_unique_field(stock: Database) -> None:
    with pytest.raises(QueryError, match="number of Stock is not unique"):
        Stock.upsert([], on=Stock.number)


def test_get_or_create(stock: Database) -> None:
    row, is_new = Stock.get_or_create({"number": 9}, name="new").run()
    assert (row.number, is_new) == (9, True)
    again, is_new = Stock.get_or_create({"number": 1}, name="new").run()
    assert (again.number, again.id, is_new) == (9, row.id, False)
    changed, is_new = Stock.update_or_create({"number": 2}, name="new").run()
    assert (changed.number, is_new) == (2, False)


def test_get_or_create_at_once_makes_one_row(stock: Database) -> None:
    made: list[bool] = []
    work = [threading.Thread(target=lambda: made.append(_once(stock))) for _ in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


def _once(database: Database) -> bool:
    with database.active():
        return Stock.get_or_create(name="once").run()[1]


def test_stale_row_is_refused(stock: Database) -> None:
    mine, yours = Stock.get(1).run(), Stock.get(1).run()
    assert yours.update(number=7).run().version == 2
    mine.number = 8
    with pytest.raises(StaleRow):
        mine.save().run()
    with pytest.raises(StaleRow):
        mine.delete().run()
    mine.refresh().run()
    mine.number = 8
    assert mine.save().run().version == 3
    with pytest.raises(StaleRow):
        mine.update(number=9, version=1).run()


def test_upsert_by_a_key_that_the_database_makes(stock: Database) -> None:
    rows = [{"id": 1, "name": "A", "number": 5}, {"id": 9, "name": "i", "number": 6}]
    if "maria" in stock.url:
        with pytest.raises(QueryError, match="name of Stock is unique too"):
            Stock.upsert(rows, on=Stock.id).run()
        return
    assert Stock.upsert(rows, on=Stock.id).run() == 2
    assert numbers() == {"A": 5, "b": 1, "c": 2, "d": 3, "i": 6}
    assert Stock(name="next").save().run().id == 10


def test_upsert_computes_with_values(stock: Database) -> None:
    added = {"number": Stock.number + 100 + excluded(Stock.number)}
    Stock.upsert([{"name": "b", "number": 7}, {"name": "y"}], on=Stock.name, update=added).run()
    assert numbers() == {"a": 0, "b": 108, "c": 2, "d": 3, "y": 0}


def test_get_or_create_by_a_key_keeps_it(stock: Database) -> None:
    row, is_new = Stock.get_or_create({"name": "k"}, id=40).run()
    assert (row.id, row.name, is_new) == (40, "k", True)
    again, is_new = Stock.get_or_create({"name": "k"}, id=40).run()
    assert (again.id, is_new) == (40, False)
    assert Stock(name="next").save().run().id == 41


def test_get_or_create_with_another_unique_value_taken_is_refused(stock: Database) -> None:
    with pytest.raises(Duplicate) as caught:
        Stock.get_or_create({"name": "a"}, id=40).run()
    assert caught.value.fields == ("name",)


def test_update_or_create_in_a_transaction(stock: Database) -> None:
    with transaction():
        row, is_new = Stock.update_or_create({"number": Stock.number + 5}, name="d").run()
    assert (row.number, row.version, is_new) == (8, 2, False)


def test_many_rows_of_many_columns_are_updated(stock: Database) -> None:
    Stock.insert_many({"name": f"n{number}", "number": 0} for number in range(700)).run()
    rows = Stock.where(Stock.name > "n").order_by(Stock.id).run()
    changes = [{"id": row.id, "name": f"m{row.id}", "number": row.id * 2} for row in rows]
    assert Stock.update_many(changes, Stock.name, Stock.number).run() == 700
    changed = Stock.where(Stock.name > "m").order_by(Stock.id).run()
    assert [(row.name, row.number, row.version) for row in changed] == [
        (f"m{row.id}", row.id * 2, 2) for row in rows
    ]


def test_update_and_delete_give_rows(stock: Database) -> None:
    if "maria" in stock.url:
        with pytest.raises(QueryError, match="gives no rows of an update"):
            Stock.where(Stock.number > 1).update(number=3).returning().run()
        assert Stock.where(name="a").delete().returning(Stock.name).run() == [("a",)]
        return
    rows = Stock.where(Stock.number > 1).update(number=Stock.number * 2).returning().run()
    assert sorted((row.name, row.number, row.version) for row in rows) == [("c", 4, 2), ("d", 6, 2)]
    assert Stock.where(name="a").delete().returning(Stock.name).run() == [("a",)]


def test_queries_of_one_model_combine(stock: Database) -> None:
    small, even = Stock.where(Stock.number < 3), Stock.where(in_(Stock.name, ["b", "d"]))
    names = [row.name for row in small.except_(even).order_by(Stock.name).run()]
    assert names == ["a", "c"]
    assert small.union(even).count().run() == 4
    assert small.intersect(even).column(Stock.name).run() == ["b"]


def test_selections_combine(stock: Database) -> None:
    first = Stock.where(Stock.number < 2).tuples(Stock.name)
    assert sorted(first.union(Stock.where(name="a").tuples(Stock.name)).run()) == [("a",), ("b",)]


def test_cursor_pages(stock: Database) -> None:
    query = Stock.order_by(desc(Stock.number))
    first = query.after(size=2).run()
    assert ([row.name for row in first.items], first.previous) == (["d", "c"], None)
    second = query.after(first.next, size=2).run()
    assert ([row.name for row in second.items], second.next) == (["b", "a"], None)
    back = query.before(second.previous, size=2).run()
    assert [row.name for row in back.items] == ["d", "c"]


def test_windows_groups_and_queries_within(stock: Database) -> None:
    red, blue = (Team(name=name).save().run() for name in ("red", "blue"))
    Hero.insert_many([{"name": name, "team": red} for name in "xyz"]).run()
    place = rank().over(partition_by=Hero.team, order_by=Hero.name)
    assert Hero.order_by(Hero.name).tuples(Hero.name, place).run() == [("x", 1), ("y", 2), ("z", 3)]
    groups = Hero.group_by(Hero.team_id).having(count() > 2).tuples(Hero.team_id, count())
    assert groups.run() == [(red.id, 3)]
    inside = Hero.where(Hero.team_id == outer(Team.id))
    assert Team.where(exists(inside)).column(Team.name).run() == ["red"]
    assert Team.where(~exists(inside)).run() == [blue]
    number = inside.column(count())
    assert Team.order_by(Team.id).tuples(Team, number).run() == [(red, 3), (blue, 0)]
    odd = count(Hero.id).filter(Hero.name != "x")
    assert Hero.all().tuples(odd, sum_(Hero.id), count(Hero.team_id, distinct=True)).run() == [
        (2, 6, 1)
    ]


def test_lock_needs_a_transaction(stock: Database) -> None:
    with pytest.raises(Exception, match="within"):
        Stock.all().for_update().run()
    with transaction():
        assert len(Stock.all().for_update(skip_locked=True).run()) == 4


def test_plain_for_streams(stock: Database) -> None:
    assert [row.name for row in Stock.order_by(Stock.name)] == ["a", "b", "c", "d"]


def test_sql_and_explain(stock: Database) -> None:
    query = Stock.where(Stock.name == "a")
    assert "WHERE" in query.sql()
    assert query.count().sql().startswith("SELECT count(*)")
    assert query.explain().run()
    assert "UPDATE" in query.update(number=1).sql()
    assert numbers()["a"] == 0


def test_text_too_long_to_be_looked_for_finds_nothing_or_is_refused(stock: Database) -> None:
    query = Stock.where(col(Stock.name).contains("a" * 100_000)).count()
    if stock.engine.dialect.name != "sqlite":
        assert query.run() == 0
        return
    with pytest.raises(TooLong) as caught:
        query.run()
    assert caught.value.message == "A text is too long to be looked for in others."
