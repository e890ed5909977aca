"""Foreign keys to models with a key of several columns, and what goes by such keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from triode.db import (
    Database,
    Duplicate,
    Field,
    ForeignKey,
    Include,
    ManyToMany,
    MissingParent,
    Model,
    OneToOne,
    Protected,
    QueryError,
    Related,
    any_of,
    in_,
    model_registry,
    or_,
    outer,
    related,
)
from triode.errors import ModelError
from triode.schema import Create, Patch, ValidationFailed, json_decoder, json_encoder


class Purchase(Model):
    number: str


class Entry(Model):
    order: Purchase = ForeignKey(on_delete="cascade", related_name="lines")
    place: int
    text: str = ""
    notes: list[Note] = Related()
    seal: Seal | None = Related()

    class Meta:
        primary_key = ("order", "place")


class Note(Model):
    text: str
    line: Entry | None = ForeignKey(on_delete="set null", related_name="notes")


class Hold(Model):
    line: Entry = ForeignKey(on_delete="restrict", related_name="holds")
    reason: str = ""

    class Meta:
        primary_key = ("line",)


class Share(Model):
    """A row whose key holds the whole key of another one."""

    line: Entry = ForeignKey(on_delete="cascade", related_name="parts")
    number: int
    parent: Share | None = ForeignKey(on_delete="cascade", related_name="children")

    class Meta:
        primary_key = ("line", "number")


class Seal(Model):
    line: Entry = OneToOne(on_delete="cascade", related_name="seal")
    text: str = Field(max_length=20)


MODELS = [Purchase, Entry, Note, Hold, Share, Seal]


@pytest.fixture
def shop(empty: Database) -> Iterator[Database]:
    empty.create_tables(*MODELS).run()
    for number in ("A", "B"):
        Purchase(number=number).save().run()
    Entry.insert_many(
        [{"order_id": order, "place": place, "text": f"{order}.{place}"}
         for order in (1, 2) for place in (1, 2)]
    ).run()  # fmt: skip
    yield empty
    empty.drop_tables(*MODELS).run()


def texts(statement: Any) -> list[str]:
    return sorted(row.text for row in statement.run())


def test_columns_are_named_for_the_other_key() -> None:
    assert list(Note.__table__.by_name) == ["id", "text", "line_order_id", "line_place"]
    assert list(Share.__table__.by_name) == [
        "line_order_id", "line_place", "number",
        "parent_line_order_id", "parent_line_place", "parent_number",
    ]  # fmt: skip
    assert [field.name for field in Share.__table__.key_fields] == [
        "line_order_id", "line_place", "number",
    ]  # fmt: skip
    assert {index.name for index in Note.table.indexes} == {"note_line_idx"}
    # The first columns of a key have the key's index.
    assert {index.name for index in Share.table.indexes} == {"share_parent_idx"}


def test_relation_is_set_by_row_by_key_and_by_columns(shop: Database) -> None:
    line = Entry.get((1, 2)).run()
    assert Entry.where(Entry.place == 2).get((1, 2)).run() == line
    made = [
        Note(text="row", line=line),
        Note(text="key", line=(1, 2)),
        Note(text="columns", line_order_id=1, line_place=2),
    ]
    for note in made:
        note.save().run()
        assert (note.line_order_id, note.line_place) == (1, 2)
    assert made[0].line is line
    note = Note(text="none").save().run()
    assert note.line is None
    note.line = (2, 1)  # type: ignore[assignment]
    note.save().run()
    assert Note.get(note.id).run().line_place == 1
    note.update(line=line).run()
    assert (note.line, note.line_order_id) == (line, 1)
    note.update(line=None).run()
    assert (note.line, note.line_order_id, note.line_place) == (None, None, None)
    assert Note.where(line=line).update(line=(2, 2)).run() == 3
    assert texts(Note.where(line=(2, 2))) == ["columns", "key", "row"]


def test_key_of_the_wrong_length_is_told(shop: Database) -> None:
    for value in (1, (1,), (1, 2, 3)):
        with pytest.raises(QueryError) as caught:
            Note(text="x", line=value)
        assert caught.value.code == "query-key"
    with pytest.raises(ValidationFailed):
        Note(text="x", line=("a", 2))


def test_missing_parent_is_named(shop: Database) -> None:
    with pytest.raises(MissingParent) as caught:
        Note(text="x", line=(1, 9)).save().run()
    assert str(caught.value.detail) == "Note: there is no entry with order_id, place 1, 9."


def test_deletions_follow_the_key(shop: Database) -> None:
    Note(text="x", line=(1, 1)).save().run()
    Hold(line=(2, 1)).save().run()
    Share(line=(1, 1), number=1).save().run()
    Share(line=(1, 2), number=1, parent=(1, 1, 1)).save().run()
    with pytest.raises(Protected):
        Entry.get((2, 1)).run().delete().run()
    Entry.get((1, 1)).run().delete().run()
    assert Note.get(1).run().line is None
    assert Share.count().run() == 0
    with pytest.raises(Protected):
        Purchase.get(2).run().delete().run()


def test_conditions_over_the_relation(shop: Database) -> None:
    lines = Entry.order_by("order_id", "place").run()
    for line in lines[:3]:
        Note(text=line.text, line=line).save().run()
    Note(text="none").save().run()

    assert texts(Note.where(Note.line == lines[0])) == ["1.1"]
    assert texts(Note.where(Note.line != lines[0])) == ["1.2", "2.1"]
    assert texts(Note.where(Note.line != None)) == ["1.1", "1.2", "2.1"]  # noqa: E711
    assert texts(Note.where(line=None)) == ["none"]
    assert texts(Note.where(related(Note.line).is_(None))) == ["none"]
    assert texts(Note.where(in_(Note.line, [lines[0], (2, 1), (7, 7)]))) == ["1.1", "2.1"]
    assert texts(Note.where(in_(Note.line, []))) == []
    assert texts(Note.where(in_(Note.line, Entry.where(place=1)))) == ["1.1", "2.1"]
    assert texts(Note.where(related(Note.line).order.number == "A")) == ["1.1", "1.2"]
    assert texts(Entry.where(related(Entry.notes).text == "2.1")) == ["2.1"]
    assert texts(Entry.where(any_of(Entry.notes, Note.text == "1.1"))) == ["1.1"]
    assert texts(Entry.where(or_(Entry.notes == 1, Entry.place == 2))) == ["1.1", "1.2", "2.2"]
    assert texts(Purchase.where(Purchase.lines == (2, 1)).run() and Entry.where(order_id=2)) == [  # type: ignore[attr-defined]
        "2.1", "2.2",
    ]  # fmt: skip


def test_several_fields_are_compared_at_once(shop: Database) -> None:
    fields = (Entry.order, Entry.place)
    assert texts(Entry.where(in_(fields, [(1, 1), (2, 2), (3, 3)]))) == ["1.1", "2.2"]
    inner = Entry.where(text="1.2").tuples(Entry.order, Entry.place)
    assert texts(Entry.where(in_(fields, inner))) == ["1.2"]
    assert texts(Entry.where(~in_(fields, [(1, 1), (1, 2), (2, 1)]))) == ["2.2"]
    with pytest.raises(QueryError) as caught:
        Entry.where(in_(fields, Entry.all().column(Entry.place)))
    assert caught.value.code == "query-many-columns"
    with pytest.raises(QueryError) as caught:
        Entry.where(in_(fields, [1]))
    assert caught.value.message == (
        "1 is no key of (Entry.order_id, Entry.place): give a tuple of as many values."
    )


def test_one_column_is_asked_for_by_its_name(shop: Database) -> None:
    with pytest.raises(QueryError) as caught:
        Note.order_by(Note.line)
    assert caught.value.message == (
        "Note.line has several columns: Note.line_order_id, Note.line_place. Name one of them, or "
        "compare the relation with a row or a tuple."
    )
    assert Note.order_by("line_place").run() == []
    assert Entry.where(outer(Entry.place) == 1) is not None


def test_relation_is_loaded_both_ways(shop: Database) -> None:
    for line in Entry.all().run():
        Note(text=line.text, line=line).save().run()
    Note(text="none").save().run()
    Seal(line=(1, 1), text="wax").save().run()

    notes = Note.order_by("id").include(related(Note.line).order).run()
    assert [note.line and note.line.order.number for note in notes] == ["A", "A", "B", "B", None]
    lines = Entry.order_by("order_id", "place").include(Entry.notes, Entry.seal).run()
    assert [[note.text for note in line.notes] for line in lines] == [
        ["1.1"], ["1.2"], ["2.1"], ["2.2"],
    ]  # fmt: skip
    assert [line.seal and line.seal.text for line in lines] == ["wax", None, None, None]
    [first, *_, last] = Note.order_by("id").run()
    first.load(Note.line).run()
    assert (first.line, last.line) == (Entry.get((1, 1)).run(), None)
    newest = Include(Entry.notes, Note.order_by("-id").limit(1))
    Note(text="new", line=(1, 1)).save().run()
    assert [note.text for note in Entry.include(newest).where(place=1, order=1).run()[0].notes] == [
        "new"
    ]
    orders = Purchase.include(related(Purchase.lines).notes).order_by("id").run()  # type: ignore[attr-defined]
    assert [len(line.notes) for line in orders[0].lines] == [2, 1]  # type: ignore[attr-defined]


def test_json_has_the_columns_and_what_is_loaded(shop: Database) -> None:
    note = json_decoder(Create[Note])(b'{"text": "x", "line_order_id": 1, "line_place": 1}')
    note.save().run()
    changes = json_decoder(Patch[Note])(b'{"line_place": 2}')
    note.update(changes).run()
    encode = json_encoder(Note)
    assert encode(note) == b'{"id":1,"text":"x","line_order_id":1,"line_place":2}'
    [note] = Note.include(Note.line).run()
    assert msgspec.json.decode(encode(note))["line"] == {"order_id": 1, "place": 2, "text": "1.2"}


def test_one_to_one_is_unique_as_a_whole(shop: Database) -> None:
    for place in (1, 2):
        Seal(line=(1, place), text="wax").save().run()
    with pytest.raises(Duplicate) as caught:
        Seal(line=(1, 1), text="ink").save().run()
    assert str(caught.value.detail) == "Seal with this line already exists."
    made = Seal.upsert([{"line": (1, 1), "text": "ink"}], on=Seal.line).run()
    assert (made, texts(Seal.all())) == (1, ["ink", "wax"])
    seal, is_made = Seal.get_or_create({"text": "new"}, line=(2, 1)).run()
    assert (seal.line_place, is_made) == (1, True)


def test_keys_are_not_unique_in_parts(shop: Database) -> None:
    with pytest.raises(QueryError) as caught:
        Entry.upsert([{"order_id": 1, "place": 1}], on=Entry.place)
    assert caught.value.code == "query-not-unique"
    row = {"order_id": 1, "place": 1, "text": "x"}
    assert Entry.upsert([row], on=[Entry.order, Entry.place]).run() == 1
    assert Entry.get((1, 1)).run().text == "x"


def test_many_rows_are_updated_by_their_keys(shop: Database, engine_name: str) -> None:
    if engine_name == "mariadb":
        pytest.skip("update_many is for SQLite and PostgreSQL")
    lines = Entry.order_by("order_id", "place").run()
    for line in lines:
        line.text = f"new {line.place}"
    assert Entry.update_many(lines[:3], Entry.text).run() == 3
    assert texts(Entry.all()) == ["2.2", "new 1", "new 1", "new 2"]
    with pytest.raises(QueryError):
        Entry.update_many(lines, Entry.place).run()
    Note(text="a").save().run()
    assert Note.update_many([{"id": 1, "line_order_id": 2, "line_place": 2}], Note.line).run() == 1
    assert Note.where(line=(2, 2)).count().run() == 1


def test_pages_go_by_the_whole_key(shop: Database) -> None:
    found, cursor = [], None
    while True:
        page = Entry.order_by("place").after(cursor, size=1).run()
        found += [row.text for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == ["1.1", "2.1", "1.2", "2.2"]
    last = Entry.order_by("place").before(size=2).run()
    assert [row.text for row in last.items] == ["1.2", "2.2"]


def test_queries_are_combined_by_their_keys(shop: Database) -> None:
    ones, firsts = Entry.where(place=1), Entry.where(order=1)
    assert texts(ones.union(firsts)) == ["1.1", "1.2", "2.1"]
    assert texts(ones.intersect(firsts)) == ["1.1"]
    assert texts(ones.except_(firsts)) == ["2.1"]


def test_row_is_read_again_and_deleted(shop: Database) -> None:
    part = Share(line=(1, 1), number=3).save().run()
    assert Share.get((1, 1, 3)).run() == part
    assert part.refresh().run().number == 3
    hold = Hold(line=(1, 1), reason="a").save().run()
    hold.update(reason="b").run()
    assert Hold.get((1, 1)).run().reason == "b"
    hold.delete().run()
    assert Hold.count().run() == 0


def test_model_has_to_be_defined_before() -> None:
    class Early(Model):
        late: Late | None = ForeignKey()

    with pytest.raises(ModelError) as caught:

        class Late(Model):
            one: int
            two: int

            class Meta:
                primary_key = ("one", "two")

    assert caught.value.message == (
        "Early.late leads to Late, whose key has several columns, so it would be late_one, "
        "late_two. Define Late before Early."
    )
    assert caught.value.code == "model-composite-key"
    for name in ("Early", "Late"):
        model_registry.remove(model_registry[name].__table__)


def test_many_to_many_needs_one_key_column() -> None:
    class Tag(Model):
        lines: list[Entry] = ManyToMany()

    with pytest.raises(ModelError) as caught:
        Tag.__table__.relations["lines"].link_table()
    model_registry.remove(Tag.__table__)
    assert caught.value.code == "model-composite-key"


def test_default_is_a_tuple() -> None:
    class Fallback(Model):
        line: Entry = ForeignKey((1, 2), on_delete="set default")

    assert [str(column.server_default.arg) for column in list(Fallback.table.columns)[1:]] == [
        ":param_1",
        ":param_1",
    ]
    assert (Fallback().line_order_id, Fallback().line_place) == (1, 2)
    model_registry.remove(Fallback.__table__)
    with pytest.raises(ModelError) as caught:

        class Wrong(Model):
            line: Entry = ForeignKey(1)

    assert caught.value.code == "model-default"


def test_key_has_the_order_of_its_declaration(empty: Database) -> None:
    class Chair(Model):
        row: int
        hall: str = Field(max_length=10)
        guest: str = ""

        class Meta:
            primary_key = ("hall", "row")

    empty.create_tables(Chair).run()
    seat = Chair(row=1, hall="a", guest="ann").save().run()
    assert Chair.get(("a", 1)).run() == seat
    assert list(Chair.table.primary_key.columns.keys()) == ["hall", "row"]
    assert str(seat) == "ann"
    empty.drop_tables(Chair).run()
    model_registry.remove(Chair.__table__)
