"""Models: made, saved, found, changed, deleted."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.db.models import Country, Hero, Team, User
from triode.db import (
    Database,
    Duplicate,
    MissingParent,
    NotLoaded,
    Protected,
    QueryError,
    RowNotFound,
)
from triode.errors import ModelError
from triode.schema import ValidationFailed, json_decoder
from triode.schema.variants import Create, Patch


def make_user(**values: object) -> User:
    return User(**{"email": "a@x.org", "age": 30, "password": "secret", **values})


def test_saved_row_has_its_key(database: Database) -> None:
    user = make_user().save().run()
    assert (user.id, User.get(1).run()) == (1, user)


async def in_a_loop() -> User:
    user = await make_user().save()
    return await User.get(user.id)


def test_await_does_what_run_does(database: Database) -> None:
    assert asyncio.run(in_a_loop()).email == "a@x.org"


def test_loaded_row_has_every_value(database: Database) -> None:
    make_user(bio="x").save().run()
    user = User.get(1).run()
    assert (user.id, user.email, user.age, user.bio, user.password) == (
        1, "a@x.org", 30, "x", "secret",
    )  # fmt: skip


def test_secret_is_in_no_json_and_no_repr(database: Database) -> None:
    user = User.get(make_user().save().run().id).run()
    assert msgspec.json.encode(user) == b'{"id":1,"email":"a@x.org","age":30,"bio":null}'
    assert repr(user) == "User(id=1, email='a@x.org', age=30, bio=None)"


def test_missing_row_is_404(database: Database) -> None:
    with pytest.raises(RowNotFound) as caught:
        User.get(7).run()
    assert (caught.value.status_code, caught.value.detail) == (404, "User not found")


def test_taken_value_is_409(database: Database) -> None:
    make_user().save().run()
    with pytest.raises(Duplicate) as caught:
        make_user().save().run()
    assert caught.value.detail == "User with this email already exists."
    assert (caught.value.status_code, caught.value.fields) == (409, ("email",))


def test_values_are_checked(database: Database) -> None:
    with pytest.raises(ValidationFailed) as caught:
        User(email="nobody", age=-1)
    places = [(error["type"], error["loc"]) for error in caught.value.errors]
    assert places == [
        ("value_error", ("email",)),
        ("greater_than_equal", ("age",)),
        ("missing", ("password",)),
    ]


def test_unknown_value_is_refused() -> None:
    with pytest.raises(ModelError, match="User has no field 'name'"):
        make_user(name="x")


def test_assignment_is_checked() -> None:
    user = make_user()
    with pytest.raises(ValidationFailed):
        user.age = -3
    assert user.age == 30


def test_assignment_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'age'"):
        make_user().agee = 3


def test_second_save_writes_the_changes(database: Database) -> None:
    user = make_user().save().run()
    user.age = 31
    user.save().run()
    assert User.get(1).run().age == 31


def test_update_writes_what_was_sent(database: Database) -> None:
    user = make_user().save().run()
    changes = json_decoder(Patch[User])(b'{"bio": "new"}')
    assert user.update(changes).run() is user
    assert User.get(1).run().bio == user.bio == "new"


def test_update_takes_expressions(database: Database) -> None:
    user = make_user().save().run()
    user.update(age=User.age + 5).run()
    assert user.age == User.get(1).run().age == 35


def test_body_becomes_an_unsaved_row(database: Database) -> None:
    decode = json_decoder(Create[User])
    user = decode(b'{"id": 99, "email": "a@x.org", "age": 3, "password": "p"}')
    assert (user.id, user.age, user.bio, user.password) == (None, 3, None, "p")
    assert user.save().run().id == 1


def test_deleted_row_is_gone(database: Database) -> None:
    user = make_user().save().run()
    user.delete().run()
    assert User.count().run() == 0
    with pytest.raises(RowNotFound):
        user.delete().run()


def test_foreign_key_takes_an_object(database: Database) -> None:
    team = Team(name="Z").save().run()
    hero = Hero(name="A", team=team).save().run()
    assert (hero.team_id, hero.team) == (1, team)


def test_foreign_key_takes_a_key(database: Database) -> None:
    Team(name="Z").save().run()
    assert Hero(name="A", team_id=1).save().run().team_id == 1


def test_unloaded_relation_says_what_to_write(database: Database) -> None:
    Team(name="Z").save().run()
    hero = Hero(name="A", team_id=1).save().run()
    with pytest.raises(NotLoaded, match=r"include\(Hero.team\)"):
        _ = hero.team


def test_empty_foreign_key_needs_no_loading(database: Database) -> None:
    assert Hero(name="A").save().run().team is None


def test_missing_parent_is_409(database: Database) -> None:
    with pytest.raises(MissingParent) as caught:
        Hero(name="A", team_id=5).save().run()
    assert caught.value.detail == "Hero: there is no team with id 5."


def test_referred_row_is_protected(database: Database) -> None:
    from tests.db.models import Subdivision

    country = Country(code="DE", name="Germany").save().run()
    land = Subdivision(code="DE-BY", name="Bavaria", country=country).save().run()
    Subdivision(code="DE-M", name="Munich", country=country, parent=land).save().run()
    with pytest.raises(Protected) as caught:
        land.delete().run()
    assert caught.value.status_code == 409


def test_own_key_is_inserted_once(database: Database) -> None:
    Country(code="DE", name="Germany").save().run()
    with pytest.raises(Duplicate) as caught:
        Country(code="DE", name="Germany").save().run()
    assert caught.value.detail == "Country with this code already exists."


def test_rows_are_equal_by_key(database: Database) -> None:
    first = make_user().save().run()
    assert first == User.get(1).run()
    assert first != make_user(email="b@x.org").save().run()


def test_row_names_itself_by_its_first_text() -> None:
    assert str(Team(name="Z")) == "Z"


@pytest.mark.parametrize(
    ("method", "responses"),
    [
        ("get", {404: "User not found"}),
        ("save", {409: "User conflicts with another row"}),
        ("where", {}),
    ],
)
def test_documented_responses(method: str, responses: dict[int, str]) -> None:
    assert User.__responses__(method) == responses


def test_refused_secret_is_not_shown(database: Database) -> None:
    user = make_user().save().run()
    attempts = [
        lambda: make_user(password=b"\xff\xfe"),
        lambda: user.update(password=b"\xff\xfe").run(),
        lambda: setattr(user, "password", b"\xff\xfe"),
    ]
    for attempt in attempts:
        with pytest.raises(ValidationFailed) as caught:
            attempt()
        assert [error["input"] for error in caught.value.errors] == ["**********"]


def test_row_that_was_never_saved_cannot_be_changed(database: Database) -> None:
    for statement in (make_user().update(age=4), make_user().delete(), make_user().refresh()):
        with pytest.raises(QueryError, match="Save it first"):
            statement.run()


def test_refresh_reads_the_row_again(database: Database) -> None:
    user = make_user().save().run()
    User.where(id=1).update(age=77).run()
    assert user.refresh().run().age == 77
