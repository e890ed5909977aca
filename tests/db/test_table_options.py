"""Checks, indexes, schemas, bases and mix-ins, computed values: what `class Meta` may say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import sqlalchemy as sa

from triode.db import (
    Check,
    Database,
    Duplicate,
    Field,
    Index,
    ManyToMany,
    Model,
    SchemaMismatch,
    ValueRefused,
    computed,
    desc,
    lower,
    utcnow,
)
from triode.schema import Registry, describe, json_encoder


class Stamped:
    """A class that is no model: its annotations become fields all the same."""

    created: datetime = Field(default_factory=utcnow, read_only=True)
    author: str = "nobody"

    def signed(self) -> str:
        return f"by {self.author}"


class Ranked(Stamped, Model):
    rank: int = 0

    class Meta:
        abstract = True
        ordering = ["-rank"]
        indexes = [("rank",)]


class Article(Ranked):
    title: str = Field(check="length(title) > 1")
    author: str = "editor"
    price: Decimal = Field(default=Decimal("9.50"), max_digits=8, decimal_places=2)
    cost: Decimal = Field(default=Decimal("1.00"), max_digits=8, decimal_places=2)
    secret: str = Field(default="hidden", write_only=True)

    class Meta:
        constraints = [
            Check(lambda each: each.price >= each.cost, name="article_margin"),
            Check(
                lambda each: each.price < Decimal("1000.25"),
                name="article_price",
                message="It is too dear.",
            ),
        ]

    @computed
    def label(self) -> str:
        """The title as it is shown."""
        return self.title.title()


class Member(Model):
    email: str
    is_active: bool = True
    joined: int = 0

    class Meta:
        indexes = [
            Index(lambda each: lower(each.email), unique=True, name="member_email"),
            Index("email", unique=True, where=lambda each: each.is_active == True),  # noqa: E712
            Index("-joined", "email"),
            Index(lambda each: desc(each.joined)),
        ]


@pytest.fixture
def articles(empty: Database) -> Iterator[Database]:
    empty.create_tables(Article).run()
    yield empty
    empty.drop_tables(Article).run()


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        (
            {"title": "x"},
            "title",
            "Article: title does not meet the condition article_title_check.",
        ),
        (
            {"title": "xy", "cost": "10"},
            None,
            "Article: the values do not meet the condition article_margin.",
        ),
        ({"title": "xy", "price": "1000.25"}, None, "Article: It is too dear."),
    ],
)
def test_database_holds_checks(
    articles: Database, values: dict[str, str], field: str | None, message: str
) -> None:
    with pytest.raises(ValueRefused) as caught:
        Article(**values).save().run()  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.message) == (field, message)
    assert "hidden" not in str(caught.value)
    assert Article(title="xy").save().run().price == Decimal("9.50")


def test_options_and_fields_come_from_bases(articles: Database) -> None:
    for rank in (1, 3, 2):
        Article(title="xy", rank=rank).save().run()
    found = Article.all().run()
    assert [each.rank for each in found] == [3, 2, 1]
    assert (found[0].signed(), found[0].created.year > 2000) == ("by editor", True)
    assert [each.name for each in Article.__table__.fields] == [
        "id", "created", "author", "rank", "title", "price", "cost", "secret",
    ]  # fmt: skip
    assert {index.name for index in Article.table.indexes} == {"article_rank_idx"}


def test_class_that_is_no_model_is_a_base_of_rows(articles: Database) -> None:
    article = Article(title="ab").save().run()
    article.title = "cd"
    article.save().run()
    assert isinstance(article, Stamped)
    assert article.refresh().run().title == "cd"


def test_computed_value_is_sent_and_described(articles: Database) -> None:
    article = Article(title="the end").save().run()
    assert article.label == "The End"
    assert b'"label":"The End"' in json_encoder(Article)(article)
    assert b'"label":"The End"' in json_encoder(list[Article])([article])
    body = describe(Article).body(Registry(), "output")  # type: ignore[attr-defined]
    assert body["properties"]["label"] == {
        "type": "string",
        "title": "Label",
        "description": "The title as it is shown.",
        "readOnly": True,
    }
    assert "label" in body["required"]
    assert "label" not in describe(Article).body(Registry(), "input")["properties"]  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="is computed"):
        article.label = "x"  # type: ignore[misc]


def test_partial_and_expression_indexes(empty: Database) -> None:
    if "mariadb" in empty.url:
        with pytest.raises(SchemaMismatch, match="which mariadb does not know"):
            empty.create_tables(Member).run()
        return
    empty.create_tables(Member).run()
    Member(email="a@x").save().run()
    with pytest.raises(Duplicate):
        Member(email="A@X").save().run()
    assert {index.name for index in Member.table.indexes} == {
        "member_email", "member_email_key", "member_joined_email_idx", "member_expression_idx",
    }  # fmt: skip
    empty.drop_tables(Member).run()


def test_partial_index_lets_other_rows_be(empty: Database) -> None:
    class Seat(Model):
        place: int
        is_taken: bool = True

        class Meta:
            indexes = Index("place", unique=True, where="is_taken")

    if "mariadb" in empty.url:
        return
    empty.create_tables(Seat).run()
    Seat(place=1, is_taken=False).save().run()
    Seat(place=1).save().run()
    with pytest.raises(Duplicate):
        Seat(place=1).save().run()
    empty.drop_tables(Seat).run()


def test_table_lies_in_a_schema(empty: Database) -> None:
    name = f"triode_{uuid4().hex}"

    class Entry(Model):
        text: str
        parts: list[Entry] = ManyToMany()

        class Meta:
            schema = name

    if "sqlite" in empty.url:
        with pytest.raises(SchemaMismatch, match="SQLite has no schemas"):
            empty.create_tables(Entry).run()
    elif "postgres" in empty.url:
        assert empty.create_tables(Entry).run() == [f"{name}.entry", f"{name}.entry_parts"]
        assert empty.create_tables(Entry).run() == []
        Entry(text="x").save().run()
        [row] = empty.fetch(sa.text(f"SELECT text FROM {name}.entry")).run()
        assert row[0] == "x"
        empty.fetch(sa.text(f"DROP SCHEMA {name} CASCADE")).run()


def test_each_row_has_its_own_default() -> None:
    class Basket(Model):
        things: list[str] = []

    first, second = Basket(), Basket()
    first.things.append("x")
    assert second.things == []
