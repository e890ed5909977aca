"""The text of a row as PostgreSQL makes words of it: without accents, cut at punctuation.

SQLite's tokenizer does the same by itself. What an index holds and what is looked for in it have
to be made alike, so both come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement

from triode.db.sql.search_words import PUNCTUATION

MOST_INDEXED: Final = 200_000
"""Characters of a row that PostgreSQL indexes: a tsvector holds a megabyte, and refuses more."""

TOKENIZER: Final = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
"""FTS5's: the marks of Indic writing are parts of words."""


def tokenizer(language: str | None) -> str:
    """Return the tokenizer of FTS5, which knows the stems of English words and no others."""
    return f"porter {TOKENIZER}" if is_english(language) else TOKENIZER


def is_english(language: str | None) -> bool:
    """Whether a text search configuration is that of English."""
    return (language or "").rpartition(".")[2] == "english"


def configuration(language: str | None) -> ColumnElement[Any]:
    """Return PostgreSQL's configuration for a language."""
    return sa.literal_column(f"'{language or 'simple'}'::regconfig")


def document(column: ColumnElement[Any], most: Any = MOST_INDEXED) -> ColumnElement[Any]:
    """Return a text without accents and punctuation, on PostgreSQL, cut after `most` characters."""
    function = sa.func
    text = function.left(function.coalesce(column, _text("")), sa.literal_column(str(most)))
    apart = function.normalize(text, sa.literal_column("NFD"))
    # Accents of Latin letters only, as SQLite does; other marks make another letter.
    bare = function.regexp_replace(
        apart, _text("([A-Za-z])[\\u0300-\\u036f]+"), _text("\\1"), _text("g")
    )
    whole = function.normalize(bare, sa.literal_column("NFC"))
    return function.translate(whole, _text(PUNCTUATION), _text(" " * len(PUNCTUATION)))


def vector(labels: Mapping[str, str], language: str | None) -> ColumnElement[Any]:
    """Return the words of several columns, each marked with the label of its column."""
    parts: list[ColumnElement[Any]] = []
    budget = str(MOST_INDEXED)
    for name, label in labels.items():
        column: ColumnElement[Any] = sa.column(name)
        words = sa.func.to_tsvector(configuration(language), document(column, budget))
        parts.append(sa.func.setweight(words, _text(label)))
        quoted = '"' + name.replace('"', '""') + '"'
        left = f"{budget} - coalesce(length({quoted}), 0)"
        budget = f"greatest(0, {left})"
    built = parts[0]
    for part in parts[1:]:
        built = built.op("||")(part)
    return built


def _text(text: str) -> ColumnElement[Any]:
    quoted = text.replace("'", "''")
    return sa.literal_column(f"'{quoted}'")
