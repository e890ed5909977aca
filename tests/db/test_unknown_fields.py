"""A misspelt field is told when the query is written, with the one that was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.db.conftest import database_on
from tests.db.models import Hero, Team, User
from triode.db import QueryError, count, related
from triode.errors import TriodeError


@pytest.mark.parametrize(
    "write",
    [
        lambda: User.where(emial="x"),
        lambda: User.get(emial="x"),
        lambda: User.first(emial="x"),
        lambda: User.exists(emial="x"),
        lambda: User.get_or_create(emial="x"),
        lambda: User.get_or_create({"emial": "x"}, email="y"),
        lambda: User.update_or_create({"emial": "x"}, email="y"),
        lambda: User.update_or_create({}, emial="y"),
        lambda: User.where().update(emial="x"),
        lambda: User.order_by("emial"),
        lambda: User.order_by("-emial"),
        lambda: User.group_by("emial"),
        lambda: User.group_by(User.age).values("emial", users=count()),
        lambda: User.all().values(address="emial"),
        lambda: User.all().tuples("emial"),
        lambda: User.all().column("emial"),
        lambda: User.all().into(dict, "emial"),
        lambda: User.upsert([], on="emial"),
        lambda: User.where().delete().returning("emial"),
        lambda: User(emial="x"),
    ],
)
def test_misspelt_field_is_told_with_the_one_that_was_meant(write: Callable[[], Any]) -> None:
    with pytest.raises(TriodeError) as caught:
        write()
    assert "User has no field 'emial'. Did you mean 'email'?" in str(caught.value)
    assert caught.value.code in ("query-unknown-field", "model-unknown-field")


def test_misspelt_attribute_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(AttributeError) as caught:
        User.emial  # type: ignore[attr-defined]  # noqa: B018
    assert str(caught.value) == "User has no field 'emial'. Did you mean 'email'?"
    with pytest.raises(AttributeError) as caught:
        related(Hero.team).nmae  # type: ignore[attr-defined]  # noqa: B018
    assert str(caught.value) == "Team has no field 'nmae'. Did you mean 'name'?"


@pytest.mark.parametrize("name", ["team.nmae", "teem.name"])
def test_misspelt_path_is_told(name: str) -> None:
    with pytest.raises(QueryError, match=r"Did you mean '(name|team)'"):
        Hero.order_by(name)


def test_misspelt_relation_is_told() -> None:
    with pytest.raises(QueryError) as caught:
        Hero.where().include("powres")
    assert str(caught.value) == (
        "Hero has no field 'powres'. Did you mean 'powers'? [query-unknown-field]"
    )


def test_name_that_is_like_none_gets_all_that_there_are() -> None:
    with pytest.raises(QueryError) as caught:
        Team.where(zzz=1)
    assert str(caught.value) == (
        "Team has no field 'zzz'. It has: id, name, heroes. [query-unknown-field]"
    )


def test_path_through_a_field_leads_nowhere() -> None:
    with pytest.raises(QueryError, match=r"'name.first' leads to no field"):
        Hero.order_by("name.first")


@pytest.mark.parametrize("order", ["password", "-password"])
def test_name_of_a_secret_is_no_order(order: str, tmp_path: Path) -> None:
    with pytest.raises(QueryError) as caught:
        User.order_by(order)
    assert (caught.value.code, caught.value.message) == (
        "query-secret-order",
        "User.password is write_only: a client who sorts by its name could find out its value. "
        "Write the field itself.",
    )
    with database_on("sqlite", tmp_path) as made, made.active():
        assert User.order_by(User.password).sql().endswith("ORDER BY user.password ASC")


@pytest.mark.parametrize("name", ["__table__.primary_key.column", "_", "team.__table__"])
def test_name_with_an_underscore_before_it_leads_nowhere(name: str) -> None:
    with pytest.raises(QueryError, match="leads to no field"):
        Hero.order_by(name)
