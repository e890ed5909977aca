"""What a visitor types into a search box, as the query language of a database.

The text is that of the search engines of the web: words that all must be there, "an exact
phrase", -without, one or another. Nothing in it is an error, and nothing of it but letters, marks
and digits reaches the database: words come quoted, operators are our own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import sqlalchemy as sa

from triode.db.sql.column_types import Converter, Family, Storage

MOST_WORDS: Final = 64
"""Words of a search that count; SQLite refuses an expression of some hundreds."""
MOST_CHARACTERS: Final = 4000

NOTHING: Final = {"sqlite": '""', "postgresql": ""}
"""What finds no row."""

PUNCTUATION: Final = (
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    "\u00a1\u00ab\u00b7\u00bb\u00bf\u2010\u2011\u2012\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026"
)
"""What PostgreSQL would take for parts of words, of addresses or of numbers."""

_PARTS: Final = re.compile(r'(-?)(?:"([^"]*)(?:"|$)|([^\s"]+))')
_ACCENTS: Final = re.compile("([A-Za-z])[\u0300-\u036f]+")
_SPACES: Final = str.maketrans(PUNCTUATION, " " * len(PUNCTUATION))
_LETTERS: Final = ("L", "N", "M", "Co")

# What PostgreSQL leaves out of an index in English; SQLite has no such list of its own.
_PASSED_OVER: Final = frozenset(
    re.findall(
        r"\w+",
        """
        i me my myself we our ours ourselves you your yours yourself yourselves he him his
        himself she her hers herself it its itself they them their theirs themselves what which
        who whom this that these those am is are was were be been being have has had having do
        does did doing a an the and but if or because as until while of at by for with about
        against between into through during before after above below to from up down in out on
        off over under again further then once here there when where why how all any both each
        few more most other some such no nor not only own same so than too very s t can will
        just don should now
        """,
    )
)


class Term(NamedTuple):
    """One word, or several that must follow each other."""

    words: tuple[str, ...]
    is_refused: bool = False
    is_begun: bool = False
    """Whether the last word is only the beginning of one."""


def fold(text: str) -> str:
    """Return a text without the accents of Latin letters, as the indexes hold it."""
    if text.isascii():
        return text
    bare = _ACCENTS.sub(r"\1", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare)


def plain(text: str) -> str:
    """Return a text as PostgreSQL makes words of it: of the same length as what `fold` gives."""
    return fold(text).translate(_SPACES)


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of a text, without what stands between them."""
    return tuple(
        "".join(
            letter if unicodedata.category(letter).startswith(_LETTERS) else " "
            for letter in fold(text)
        ).split()
    )


def alternatives(text: str, *, is_begun: bool) -> list[list[Term]]:
    """Return what a text asks for: the terms of one of several lists.

    `is_begun` takes the last word for the beginning of one, unless a space stands behind it. A
    list that only says what must not be there is left out, as it would find nearly everything.
    """
    found: list[list[Term]] = [[]]
    text = text[:MOST_CHARACTERS]
    last = len(text)
    left = MOST_WORDS
    for sign, phrase, word, end in _parts(text):
        is_last = is_begun and end == last and bool(word) and not sign
        if not sign and word.lower() == "or" and not is_last:
            found.append([])
            continue
        words = words_in(word or phrase)[:left]
        left -= len(words)
        if words:
            found[-1].append(Term(words, bool(sign), is_last))
    return [terms for terms in found if any(not term.is_refused for term in terms)]


def _parts(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Give the sign, the phrase or else the word, and where it ends."""
    for part in _PARTS.finditer(text):
        sign, phrase, word = part.groups()
        yield sign, phrase or "", word or "", part.end()


def for_sqlite(text: str, *, is_begun: bool, is_english: bool) -> str:
    """Return a text as FTS5's MATCH wants it."""
    lists = []
    for terms in alternatives(text, is_begun=is_begun):
        kept = [each for each in terms if not (is_english and _is_passed_over(each))]
        refused = " OR ".join(_quoted(each) for each in kept if each.is_refused)
        both = " AND ".join(_wanted(terms, kept))
        lists.append(f"(({both}) NOT ({refused}))" if refused else f"({both})")
    return " OR ".join(lists) or NOTHING["sqlite"]


def marks_for_sqlite(text: str, *, is_begun: bool, is_english: bool) -> str:
    """Return what finds each of the words and phrases that a text asks for."""
    found: dict[str, None] = {}
    for terms in alternatives(text, is_begun=is_begun):
        kept = [each for each in terms if not (is_english and _is_passed_over(each))]
        found.update(dict.fromkeys(_wanted(terms, kept)))
    return " OR ".join(found) or NOTHING["sqlite"]


def _wanted(terms: list[Term], kept: list[Term]) -> list[str]:
    """Return what must be there: of the words that are kept, unless there are no others."""
    wanted = [_quoted(each) for each in kept if not each.is_refused]
    return wanted or [_quoted(each) for each in terms if not each.is_refused]


def _quoted(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.is_begun else ""}'


def _is_passed_over(term: Term) -> bool:
    is_one = len(term.words) == 1 and not term.is_begun
    return is_one and term.words[0].lower() in _PASSED_OVER


def for_postgres(text: str, *, is_begun: bool) -> str:
    """Return a text as PostgreSQL's to_tsquery wants it."""
    lists = []
    for terms in alternatives(text, is_begun=is_begun):
        parts = [("!" if each.is_refused else "") + _lexemes(each) for each in terms]
        lists.append(f"({' & '.join(parts)})")
    return " | ".join(lists) or NOTHING["postgresql"]


def _lexemes(term: Term) -> str:
    if not term.is_begun:
        return f"'{' '.join(term.words)}'"
    *before, last = term.words
    return f"('{' '.join(before)}' <-> '{last}':*)" if before else f"'{last}':*"


class SearchText(Storage):
    """What a visitor typed, made into the database's query."""

    impl = sa.Text

    def __init__(self, *, is_begun: bool, is_english: bool) -> None:
        super().__init__()
        self.is_begun = is_begun
        self.is_english = is_english

    def writer(self, family: Family) -> Converter | None:
        if family != "sqlite":
            return lambda text: for_postgres(text, is_begun=self.is_begun)
        return lambda text: self.make(text, for_sqlite)

    def make(self, text: str, make: Callable[..., str]) -> str:
        """Return what FTS5 is asked."""
        return make(text, is_begun=self.is_begun, is_english=self.is_english)


class MarkingText(SearchText):
    """The same as what stands before the text that is to be marked: "length:query"."""

    def writer(self, family: Family) -> Converter | None:
        def write(text: str) -> str:
            query = self.make(text, marks_for_sqlite)
            return f"{len(query)}:{query}"

        return write
