"""What a search found in a text, as HTML: the whole text, or the part of it that tells most.

PostgreSQL, or FTS5, puts marks around what it found. They become `<mark>` here, after everything
else in the text has been escaped: what a text holds is never taken for HTML.
"""

from __future__ import annotations

import atexit
import re
import sqlite3
import threading
from functools import cache
from html import escape
from typing import Final, NamedTuple
from unicodedata import normalize

import sqlalchemy as sa
from markupsafe import Markup

from triode.db.sql.column_types import Converter, Family, Storage
from triode.db.sql.search_documents import tokenizer
from triode.db.sql.search_words import fold, plain

BEGIN: Final = "\ufdd0"
END: Final = "\ufdd1"
"""Marks that no text has: Unicode keeps these two for a program's own use."""

_WORD: Final = re.compile(r"\S{1,24}\s*")
_PIECE: Final = re.compile("[^\u0300-\u036f]?[\u0300-\u036f]*")
"""What folds to one letter: a letter and the marks upon it."""
_LENGTH: Final = re.compile(r"(\d+):")


class Marks(NamedTuple):
    """A text, and from where to where in it something was found."""

    text: str
    spans: list[tuple[int, int]]


def marked(text: str) -> Marks:
    """Read a text with marks; marks without their other half are left out."""
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    at, begin = 0, -1
    for part in re.split(f"([{BEGIN}{END}])", text):
        if part == BEGIN:
            begin = at
        elif part == END:
            if 0 <= begin < at:
                spans.append((begin, at))
            begin = -1
        else:
            parts.append(part)
            at += len(part)
    return Marks("".join(parts), spans)


def aligned(original: str, folded: Marks) -> Marks:
    """Return what was found in a text without accents and punctuation, in the text itself."""
    text = normalize("NFC", original)
    whole = plain(text)
    if not whole.startswith(folded.text):
        # The database knows another version of Unicode: better no marks than wrong ones.
        return Marks(text, [])
    if not folded.spans or len(whole) == len(text):
        return Marks(text, folded.spans)
    places: list[int] = []
    start = 0
    for piece in _PIECE.findall(text):
        places += [start] * len(fold(piece))
        start += len(piece)
    places.append(start)
    if len(places) <= len(whole):
        return Marks(text, [])
    return Marks(text, [(places[begin], places[end]) for begin, end in folded.spans])


def as_html(found: Marks, start: int = 0, end: int | None = None) -> str:
    """Write a text, or a part of it, with `<mark>` around what was found."""
    end = len(found.text) if end is None else end
    parts: list[str] = []
    at = start
    for begin, stop in found.spans:
        if stop <= start or begin >= end:
            continue
        begin, stop = max(begin, start), min(stop, end)
        parts += [escape(found.text[at:begin]), f"<mark>{escape(found.text[begin:stop])}</mark>"]
        at = stop
    return "".join([*parts, escape(found.text[at:end])])


def snippet(found: Marks, count: int) -> str:
    """Write the `count` words in a row that hold most of what was found."""
    words = [each.span() for each in _WORD.finditer(found.text)]
    if len(words) <= count:
        return as_html(found)
    first = _best(words, found.spans, count)
    start, end = words[first][0], words[first + count - 1][1]
    shown = as_html(Marks(found.text.rstrip(), found.spans), start, len(found.text[:end].rstrip()))
    before = "… " if first else ""
    return f"{before}{shown}{' …' if first + count < len(words) else ''}"


def _best(words: list[tuple[int, int]], spans: list[tuple[int, int]], count: int) -> int:
    """Return the first of those `count` words in a row that hold the most spans."""
    hits = [0] * len(words)
    number = 0
    for begin, _ in spans:
        while number < len(words) - 1 and words[number][1] <= begin:
            number += 1
        hits[number] = 1
    inside = most = sum(hits[:count])
    best = 0
    for first in range(1, len(words) - count + 1):
        inside += hits[first + count - 1] - hits[first - 1]
        if inside > most:
            best, most = first, inside
    if best == 0:
        return 0
    # The last of the words is a hit, the first may not be: move on, so that some words follow.
    spare = next(at for at in range(best, best + count) if hits[at]) - best
    return min(best + spare // 2, len(words) - count)


class MarkedText(Storage):
    """A text with the database's marks, read as HTML; `words` is None for the whole text.

    From SQLite come the query and the text, which are put together here: to let FTS5 do it within
    the query would ask the index anew for every row that is found, before any limit.
    """

    impl = sa.Text

    def __init__(self, words: int | None, language: str | None) -> None:
        super().__init__()
        self.words = words
        self.language = language

    def reader(self, family: Family) -> Converter | None:
        def html(value: str) -> Markup:
            first, rest = _halves(value)
            if family == "sqlite":
                found = marked(marker(self.language).mark(first, rest))
            else:
                found = aligned(first, marked(rest))
            # SECURITY: `as_html` and `snippet` escape everything but the marks.
            text = as_html(found) if self.words is None else snippet(found, self.words)
            return Markup(text)  # noqa: S704

        return html


def _halves(value: str) -> tuple[str, str]:
    """Take "length:first", and what stands behind it, apart."""
    match = _LENGTH.match(value)
    assert match is not None
    end = match.end() + int(match[1])
    return value[match.end() : end], value[end:]


class Marker:
    """A table of FTS5 in memory that holds one text at a time, for its marks."""

    def __init__(self, language: str | None) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        atexit.register(self._connection.close)
        tokens = tokenizer(language).replace("'", "''")
        self._connection.execute(f"CREATE VIRTUAL TABLE one USING fts5(text, tokenize='{tokens}')")

    def mark(self, query: str, text: str) -> str:
        """Return a text with marks around what a query finds in it."""
        sql = "SELECT highlight(one, 0, ?, ?) FROM one WHERE one MATCH ?"
        with self._lock:
            run = self._connection.execute
            run("BEGIN")
            try:
                run("INSERT INTO one (text) VALUES (?)", (text,))
                row = run(sql, (BEGIN, END, query)).fetchone()
            finally:
                run("ROLLBACK")
        return text if row is None else str(row[0])


@cache
def marker(language: str | None) -> Marker:
    """Return the marker of a language."""
    return Marker(language)
