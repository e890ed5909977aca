"""Full-text search: what a visitor's text finds, on both databases, and what it says of a row."""

from __future__ import annotations

import asyncio
from unicodedata import normalize
from uuid import UUID

import pytest
import sqlalchemy as sa

from triode.db import (
    Database,
    Field,
    ForeignKey,
    Model,
    QueryError,
    SchemaMismatch,
    Search,
    ValueRefused,
    desc,
    exists,
    model_registry,
    outer,
    search,
    uuid7,
)
from triode.db.migrations.connection import on_connection
from triode.db.migrations.inspection import inspect_models
from triode.db.migrations.model_text import module_text
from triode.db.transfer.dumping import dump
from triode.db.transfer.loading import load
from triode.errors import ModelError
from triode.schema import json_encoder


class Paper(Model):
    title: str
    body: str | None = None
    rank: str = ""
    code: str | None = Field(None, unique=True)
    views: int = 0

    class Meta:
        search = Search("title", "body", "rank", weights={"title": 4}, language="english")


class Memo(Model):
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    text: str

    class Meta:
        search = Search("text")


class Remark(Model):
    paper: Paper | None = ForeignKey(on_delete="cascade", related_name="remarks")
    text: str

    class Meta:
        search = Search("text")


class Unsearched(Model):
    name: str


MODELS = (Paper, Memo, Remark, Unsearched)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def papers(empty: Database) -> Database:
    empty.create_tables(*MODELS).run()
    Paper.insert_many(
        [
            Paper(title="Café storms", body="The sea <b>walking</b> & Übermut", rank="one"),
            Paper(title="Quiet sea", body="A storm in a cafe, user@example.org, 3.14", rank="two"),
            Paper(title="Nothing"),
        ]
    ).run()
    return empty


def found(text: str, *, prefix: bool = False) -> list[int]:
    """Return the keys of the papers that a text finds, the best first."""
    condition = search(Paper, text, prefix=prefix)
    rows = Paper.where(condition).order_by(desc(condition.relevance), Paper.id).run()
    assert Paper.where(condition).count().run() == len(rows)
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("cafe", [1, 2]),
        ("CAFÉ storm", [1, 2]),
        ("cafe\u0301", [1, 2]),
        ("sea -walk", [2]),
        ('sea -"quiet sea"', [1]),
        ("walked", [1]),
        ('"quiet sea"', [2]),
        ('"sea quiet"', []),
        ("storms or nothing", [3, 1, 2]),
        ("nothing OR quiet sea", [3, 2]),
        ("the sea", [2, 1]),
        ("example", [2]),
        ("user@example.org", [2]),
        ("3.14", [2]),
        ("übermut", [1]),
        ("two", [2]),
    ],
)
def test_texts_of_visitors(papers: Database, text: str, keys: list[int]) -> None:
    assert found(text) == keys


NOTHING = (
    ["", " ", "*", "-sea", "\0", '"', "''", "(", "\\", "\ud800", "a" * 5000, ":*", "zzz:*", "-"],
    ['""', '"" "', "or", "or or", "^x", "{", "zebra NOT", "zebra; DROP TABLE paper", "zebra' --"],
)
SEA = (
    ["sea*", "^sea", "(sea", 'sea"', "sea:*", "sea\0", "sea & !", "sea \\'", "sea' or ''"],
    ["sea AND sea", "sea " * 3000, "sea " + "-zebra " * 400, "sea <-> ", "(" * 3000 + "sea"],
)


@pytest.mark.parametrize("text", [text for texts in NOTHING for text in texts])
def test_texts_that_find_nothing(papers: Database, text: str) -> None:
    assert found(text) == []
    assert found(f"{text} ", prefix=True) == []


@pytest.mark.parametrize("text", [text for texts in SEA for text in texts])
def test_operators_of_databases_are_no_operators(papers: Database, text: str) -> None:
    assert set(found(text)) == {1, 2}


def test_names_of_columns_and_operators_are_words(papers: Database) -> None:
    assert found("title:sea") == found("NEAR(sea)") == found("sea AND zebra") == []


def memos(text: str) -> list[str]:
    return Memo.where(search(Memo, text, prefix=True)).order_by(Memo.text).column(Memo.text).run()


def test_beginning_of_the_last_word(papers: Database) -> None:
    Memo.insert_many([Memo(text="quiet sea"), Memo(text="ann@example.org")]).run()
    assert memos("quiet s") == memos("se") == ["quiet sea"]
    assert memos("quiet s ") == memos("qui sea") == memos("-s") == []
    assert memos("exam") == memos("ann@exa") == memos('"ann" exa') == ["ann@example.org"]
    assert memos("quiet or an") == ["ann@example.org", "quiet sea"]


def test_last_word_or_may_become_another(papers: Database) -> None:
    Memo(text="an orange").save().run()
    assert memos("or") == memos("an or") == memos("orange or ") == ["an orange"]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueRefused, match="A search is for a text, not for a NoneType"):
        search(Paper, None)  # type: ignore[arg-type]


def test_weights_decide_the_order(papers: Database) -> None:
    Paper(title="zebra", body="x").save().run()
    Paper(title="x", body="zebra").save().run()
    assert found("zebra") == [4, 5]


def test_relevance_is_a_value(papers: Database) -> None:
    condition = search(Paper, "sea")
    rows = Paper.order_by(Paper.id).values(Paper.id, fits=condition.relevance).run()
    assert [row["fits"] > 0 for row in rows] == [True, True, False]
    assert rows[2]["fits"] == 0.0
    best = Paper.where(condition.relevance > rows[0]["fits"]).run()
    assert [row.id for row in best] == [2]


def test_highlight_escapes_all_but_its_marks(papers: Database) -> None:
    condition = search(Paper, "walk cafe ubermut")
    rows = Paper.where(condition).values(
        title=condition.highlight(Paper.title),
        body=condition.highlight("body"),
        rank=condition.highlight(Paper.rank),
    )
    [row] = rows.run()
    assert row == {
        "title": "<mark>Café</mark> storms",
        "body": "The sea &lt;b&gt;<mark>walking</mark>&lt;/b&gt; &amp; <mark>Übermut</mark>",
        "rank": "one",
    }
    assert row["title"].__html__() == row["title"]
    assert json_encoder()(row["title"]) == b'"<mark>Caf\xc3\xa9</mark> storms"'


def test_highlight_of_texts_made_to_deceive(papers: Database) -> None:
    text = "\ufdd0<script>\ufdd1 zebra \ufdd0 <mark> '\" &amp; 9:x"
    Paper(title=text, body=None).save().run()
    condition = search(Paper, "zebra")
    [row] = (
        Paper.where(condition)
        .values(title=condition.highlight(Paper.title), body=condition.highlight(Paper.body))
        .run()
    )
    shown = row["title"].replace("<mark>", "").replace("</mark>", "")
    assert "<" not in shown
    assert "&lt;script&gt;" in shown
    assert "&lt;mark&gt; &#x27;&quot; &amp;amp; 9:x" in shown
    assert row["title"].count("<mark>") == row["title"].count("</mark>")
    assert row["body"] is None


def test_highlight_of_accents_that_are_letters_of_their_own(papers: Database) -> None:
    Paper(title="e\u0301te\u0301, x\u0302y\u0302 — ФЁДОР\u2019s naïve zebra").save().run()
    condition = search(Paper, "été xy фёдор naive")
    [title] = Paper.where(condition).column(condition.highlight(Paper.title)).run()
    assert normalize("NFC", title) == normalize(
        "NFC",
        "<mark>été</mark>, <mark>x\u0302y\u0302</mark> — <mark>ФЁДОР</mark>\u2019s "
        "<mark>naïve</mark> zebra",
    )


def test_snippet_is_the_part_that_tells_most(papers: Database) -> None:
    words = ["word"] * 100
    words[20] = words[70] = words[73] = "<zebra>"
    Paper(title="x", body=" ".join(words)).save().run()
    condition = search(Paper, "zebra")
    [part] = Paper.where(condition).column(condition.snippet(Paper.body, 8)).run()
    zebra = "&lt;<mark>zebra</mark>&gt;"
    assert part == f"… word word {zebra} word word {zebra} word word …"
    [whole] = Paper.where(condition).column(condition.snippet(Paper.title)).run()
    assert whole == "x"


def test_snippet_of_a_text_without_spaces_is_short(papers: Database) -> None:
    Paper(title="x", body="zebra " + "字" * 5000).save().run()
    condition = search(Paper, "zebra")
    [part] = Paper.where(condition).column(condition.snippet(Paper.body, 5)).run()
    assert part == f"<mark>zebra</mark> {'字' * 96} …"


def test_search_over_relations(papers: Database) -> None:
    first, second, _ = Paper.order_by(Paper.id).run()
    Remark(paper=first, text="splendid").save().run()
    Remark(paper=second, text="dull but true").save().run()
    Remark(text="lost").save().run()
    quiet = search(Remark.paper, "quiet")
    rows = Remark.order_by(desc(quiet.relevance), Remark.id).values(
        Remark.text,
        title=quiet.highlight(Remark.paper.title),  # type: ignore[union-attr]
    )
    assert [row["text"] for row in rows.run()] == ["dull but true", "splendid", "lost"]
    assert rows.run()[0]["title"] == "<mark>Quiet</mark> sea"
    assert rows.run()[2]["title"] is None
    assert [each.text for each in Remark.where(quiet).run()] == ["dull but true"]
    assert Paper.where(search(Paper.remarks, "splendid")).column(Paper.id).run() == [1]  # type: ignore[attr-defined]
    both = ~search(Paper, "sea") | search(Paper.remarks, "true")  # type: ignore[attr-defined]
    assert Paper.where(both).order_by(Paper.id).column(Paper.id).run() == [2, 3]


def test_search_in_other_statements(papers: Database) -> None:
    sea = search(Paper, "sea")
    page = Paper.where(sea, Paper.rank == "two").order_by(desc(sea.relevance)).page(1, size=1).run()
    assert [each.id for each in page.items] == [2]
    assert page.total == 1
    assert Paper.where(sea, sea.relevance > 0).update(views=7).run() == 2
    assert Paper.where(sea).column(Paper.views).run() == [7, 7]
    assert Paper.where(sea).exists().run() is True
    inside = Remark.where(Remark.paper_id == outer(Paper.id), search(Remark, "x"))  # type: ignore[attr-defined]
    assert Paper.where(exists(inside), sea).run() == []
    assert [row.id for row in Paper.where(sea).order_by("id")] == [1, 2]
    assert Paper.where(search(Paper, "quiet")).delete().run() == 1
    assert found("sea") == [1]


def test_keys_that_are_no_numbers(papers: Database) -> None:
    memo = Memo(text="hello wörld").save().run()
    Memo(text="other").save().run()
    world = search(Memo, "world")
    rows = (
        Memo.where(world)
        .order_by(desc(world.relevance))
        .values(Memo.id, fits=world.relevance, text=world.highlight(Memo.text))
    )
    [row] = rows.run()
    assert (row["id"], row["text"]) == (memo.id, "hello <mark>wörld</mark>")
    assert row["fits"] > 0
    memo.update(text="changed").run()
    assert Memo.where(world).run() == []
    assert Memo.where(search(Memo, "changed")).column(Memo.id).run() == [memo.id]


def test_index_follows_every_kind_of_write(papers: Database) -> None:
    [first, *_] = Paper.order_by(Paper.id).run()
    first.update(title="apple").run()
    assert found("apple") == [1]
    assert found("cafe") == [2]
    Paper.where(Paper.id == 2).update(body="banana").run()
    assert found("banana") == [2]
    Paper.where(Paper.id == 2).update(code="b").run()
    fresh = [Paper(code="b", title="cherry"), Paper(code="d", title="date")]
    Paper.upsert(fresh, on=Paper.code).run()
    [date] = found("date")
    assert (found("cherry"), found("banana")) == ([2], [])
    rows = Paper.where(Paper.id > 1).order_by(Paper.id).run()
    for row in rows:
        row.title = "elder"
    Paper.update_many(rows, Paper.title).run()
    assert sorted(found("elder")) == [2, 3, date]
    papers.fetch(sa.text("UPDATE paper SET title = 'fig' WHERE id = 3")).run()
    papers.fetch(sa.text("DELETE FROM paper WHERE code = 'd'")).run()
    assert (found("fig"), sorted(found("elder"))) == ([3], [2])
    papers.fetch(sa.text("UPDATE paper SET id = 33 WHERE id = 3")).run()
    assert found("fig") == [33]


def test_models_without_a_search_say_so(papers: Database) -> None:
    with pytest.raises(QueryError) as caught:
        search(Unsearched, "x")
    assert str(caught.value) == (
        'Unsearched says nothing of a search. Write class Meta: search = Search("title", "body"). '
        "[query-search]"
    )
    with pytest.raises(QueryError, match="is no model and no relation"):
        search(Paper.title, "x")
    with pytest.raises(QueryError, match=r"search\(Paper, …\) is not about Remark"):
        Remark.where(search(Paper, "x")).run()


def test_fields_that_are_not_searched_are_refused(papers: Database) -> None:
    condition = search(Paper, "x")
    with pytest.raises(QueryError, match="It looks into: title, body, rank"):
        condition.highlight(Paper.views)
    with pytest.raises(QueryError, match="is reached in another way"):
        search(Remark.paper, "x").highlight(Paper.title)
    with pytest.raises(QueryError, match="finds several rows for one"):
        _ = search(Paper.remarks, "x").relevance  # type: ignore[attr-defined]
    with pytest.raises(QueryError, match="0 is no number of words"):
        condition.snippet(Paper.title, 0)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (Search("title", "age"), "age holds no text."),
        (Search("title", "password"), "password is write_only, and a search would tell"),
        (Search(), 'name the fields, each once: Search("title", "body").'),
        (Search("title", "title"), "name the fields, each once"),
        (Search("title", weights={"other": 2}), "weights name a field that is not searched."),
        (Search("title", weights={"title": 0}), "weights are positive numbers, at most four"),
        (Search("title", language="klingon'"), '"klingon\'" is no name of a language'),
        (Search("title", "nothing"), "has no field 'nothing'"),
    ],
)
def test_senseless_declarations_are_refused(declared: Search, message: str) -> None:
    class Wrong(Model):
        title: str
        other: str = ""
        age: int = 0
        password: str = Field(write_only=True)

        class Meta:
            search = declared

    with pytest.raises(ModelError) as caught:
        _ = Wrong.table
    assert message in str(caught.value)


def test_name_of_the_index_is_taken() -> None:
    class Shelf(Model):
        title: str

        class Meta:
            search = Search("title")

    class ShelfFts(Model):
        title: str

    with pytest.raises(
        ModelError, match="ShelfFts has the table shelf_fts, which the search makes"
    ):
        _ = Shelf.table
    model_registry.remove(ShelfFts.__table__)
    assert Shelf.table.name == "shelf"


def test_option_of_another_kind_is_refused() -> None:
    with pytest.raises(ModelError, match=r'Write Search\("title", "body"\)'):

        class Wrong(Model):
            title: str

            class Meta:
                search = "title"


def test_development_makes_searches_anew(empty: Database) -> None:
    class Leaf(Model):
        text: str
        more: str = "acorn"

    empty.create_tables(Leaf).run()
    Leaf(text="oak").save().run()

    class Leaf(Model):  # type: ignore[no-redef]
        text: str
        more: str = "acorn"

        class Meta:
            search = Search("text")

    empty.create_tables(Leaf).run()
    empty.create_tables(Leaf).run()
    assert Leaf.where(search(Leaf, "oak")).count().run() == 1
    assert Leaf.where(search(Leaf, "acorn")).count().run() == 0

    class Leaf(Model):  # type: ignore[no-redef]
        text: str
        more: str = "acorn"

        class Meta:
            search = Search("text", "more")

    empty.create_tables(Leaf).run()
    assert Leaf.where(search(Leaf, "acorn")).count().run() == 1
    empty.drop_tables(Leaf).run()
    empty.create_tables(Leaf).run()
    assert Leaf.where(search(Leaf, "acorn")).count().run() == 0


def test_dumped_and_loaded_rows_are_found(papers: Database) -> None:
    Memo(text="hello").save().run()
    lines: list[bytes] = []
    asyncio.run(dump(papers, lines.append, MODELS))
    Memo.where().delete().run()
    Paper.where().delete().run()
    assert (found("sea"), Memo.where(search(Memo, "hello")).count().run()) == ([], 0)
    assert asyncio.run(load(papers, lines)) == 4
    assert found("sea") == [2, 1]
    assert Memo.where(search(Memo, "hello")).count().run() == 1


def test_inspection_knows_searches(papers: Database) -> None:
    models = on_connection(papers, lambda connection: inspect_models(connection, []))
    assert [model.table for model in models] == ["memo", "paper", "remark", "unsearched"]
    text = module_text(models, "a test")
    assert "from triode import Field, ForeignKey, Model, Search\n" in text
    assert text.count("search = Search(") == 3
    assert (
        "        search = Search(\n"
        '            "title",\n'
        '            "body",\n'
        '            "rank",\n'
        '            weights={"title": 2},\n'
        '            language="english",\n'
        "        )\n"
    ) in text
    assert "search_vector" not in text


@pytest.mark.service("mariadb")
def test_other_databases_say_what_they_lack() -> None:
    from tests.db.conftest import mariadb_database

    with mariadb_database() as made:
        with pytest.raises(SchemaMismatch) as caught:
            made.create_tables(Memo).run()
        assert str(caught.value).startswith(
            "Meta.search of the table memo is for SQLite and PostgreSQL, and this is m"
        )
        with made.active(), pytest.raises(QueryError, match="Look for a text with icontains here"):
            Memo.where(search(Memo, "x")).run()
