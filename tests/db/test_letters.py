"""Texts without regard to case, with letters beyond ASCII: on every engine the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.db.conftest import ENGINES, database_on
from triode import db
from triode.db import Database, Model, col


class Word(Model):
    text: str


WORDS = ["Ärger", "ÄRGER", "Straße", "STRASSE", "STRAẞE", "İstanbul", "istanbul", "ΟΔΟΣ", "οδοσ"]
WORDS += ["οδος", "Éa_%", "naïve", "ДА", "ﬁn", "a\\b"]


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    with database_on(request.param, tmp_path_factory.mktemp("words")) as made, made.active():
        made.create_tables(Word).run()
        Word.insert_many([{"text": word} for word in WORDS]).run()
        yield made


@pytest.fixture
def words(filled: Database) -> Iterator[Database]:
    with filled.active():
        yield filled


def found(condition: Any) -> list[str]:
    return Word.where(condition).order_by(Word.id).column(Word.text).run()


@pytest.mark.parametrize("word", WORDS)
def test_text_is_found_by_itself(words: Database, word: str) -> None:
    for method in ("iequals", "icontains", "istartswith", "iendswith"):
        assert word in found(getattr(col(Word.text), method)(word))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ärger", ["Ärger", "ÄRGER"]),
        ("ärgeR", ["Ärger", "ÄRGER"]),
        ("straße", ["Straße", "STRAẞE"]),
        ("strasse", ["STRASSE"]),
        ("οδοσ", ["ΟΔΟΣ", "οδοσ"]),
        ("ΟΔΟΣ", ["ΟΔΟΣ", "οδοσ"]),
        ("οδος", ["οδος"]),
        ("éA_%", ["Éa_%"]),
        ("NAÏVE", ["naïve"]),
        ("да", ["ДА"]),
        ("FIN", []),
        ("A\\B", ["a\\b"]),
        ("İSTANBUL", ["İstanbul", "istanbul"]),
    ],
)
def test_text_is_found_in_another_case(words: Database, text: str, expected: list[str]) -> None:
    if "maria" in words.url:  # It takes ẞ for no letter that ß is the small one of.
        expected = [word for word in expected if "ẞ" not in word]
    assert found(col(Word.text).iequals(text)) == expected
    assert found(col(Word.text).icontains(text)) == expected


def test_pattern_in_any_case(words: Database) -> None:
    assert found(col(Word.text).ilike("ä%")) == ["Ärger", "ÄRGER"]
    assert found(col(Word.text).ilike("%Ï_E")) == ["naïve"]


def test_case_is_changed_letter_by_letter(words: Database) -> None:
    rows = Word.order_by(Word.id).tuples(Word.text, db.lower(Word.text), db.upper(Word.text)).run()
    changed = {text: (lower, upper) for text, lower, upper in rows}
    assert changed["Straße"] == ("straße", "STRAßE")
    assert changed["ΟΔΟΣ"] == ("οδοσ", "ΟΔΟΣ")
    assert changed["İstanbul"] == ("istanbul", "İSTANBUL")
    assert changed["ﬁn"] == ("ﬁn", "ﬁN")


def test_latin_letters_look_for_few_others(words: Database) -> None:
    # SQLite compares a text of ASCII letters alone without a function of ours.
    expected = ["istanbul"] if "sqlite" in words.url else ["İstanbul", "istanbul"]
    assert found(col(Word.text).iequals("istanbul")) == expected
