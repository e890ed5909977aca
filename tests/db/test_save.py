"""Which columns `save` writes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.db.kinds import Kinds
from tests.db.models import Team, User
from triode.db import Database, RowNotFound, transaction


def saved(**values: object) -> User:
    return User(email="a@example.org", age=1, password="secret", **values).save().run()


def test_save_writes_only_what_was_assigned(database: Database) -> None:
    key = saved().id
    mine, theirs = User.get(key).run(), User.get(key).run()
    theirs.age = 2
    theirs.password = "other"
    theirs.save().run()
    mine.bio = "new"
    mine.save().run()
    found = User.get(key).run()
    assert (found.age, found.bio, found.password) == (2, "new", "other")


def test_save_writes_an_assignment_once(database: Database) -> None:
    mine = saved()
    mine.age = 5
    mine.save().run()
    User.where(User.id == mine.id).update(age=9).run()
    mine.save().run()
    assert User.get(mine.id).run().age == 9


def test_assignment_that_was_refused_is_written_by_the_next_save(database: Database) -> None:
    Team(name="a").save().run()
    team = Team(name="b").save().run()
    team.name = "a"
    with pytest.raises(Exception, match="already exists"):
        team.save().run()
    Team.where(name="a").delete().run()
    team.save().run()
    assert Team.get(team.id).run().name == "a"


def test_assignment_that_was_undone_is_written_by_the_next_save(database: Database) -> None:
    team = Team(name="a").save().run()
    team.name = "b"
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        team.save().run()
        _ = 1 // 0
    team.save().run()
    assert Team.get(team.id).run().name == "b"


def test_json_that_changed_in_place_is_written(database: Database) -> None:
    kinds = Kinds(items_=[1]).save().run()
    kinds.items_.append(2)
    kinds.save().run()
    assert Kinds.get(kinds.key).run().items_ == [1, 2]


def test_save_without_a_change_finds_the_row_missing(database: Database) -> None:
    team = Team(name="a").save().run()
    Team.all().delete().run()
    with pytest.raises(RowNotFound):
        team.save().run()


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("moment", datetime(2020, 1, 2, 12), datetime(2020, 1, 2, 12, tzinfo=UTC)),
        ("exact", Decimal("1.5"), Decimal("1.500")),
    ],
)
def test_saved_object_holds_what_will_be_read(
    database: Database, name: str, given: object, kept: object
) -> None:
    made = Kinds(**{name: given}).save().run()
    changed = Kinds().save().run()
    changed.update({name: given}).run()
    read = Kinds.get(made.key).run()
    assert [repr(getattr(each, name)) for each in (made, changed, read)] == [repr(kept)] * 3
