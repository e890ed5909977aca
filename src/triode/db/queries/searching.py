"""Full-text search: `found = search(Post, "sea -storm")`, `Post.where(found)`.

What a `Search` of `class Meta` makes in the database stands in `search_index`, what a visitor's
text means in `sql.search_words`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement, FromClause

from triode.db.errors import QueryError, ValueRefused
from triode.db.fields.constraints import Search
from triode.db.sql.arithmetic import plain, typed
from triode.db.sql.builder import Builder, Path
from triode.db.sql.column import Column
from triode.db.sql.expressions import Condition, Expression
from triode.db.sql.nodes import Built
from triode.db.sql.search_documents import configuration, document, is_english
from triode.db.sql.search_marks import BEGIN, END, MarkedText
from triode.db.sql.search_words import MarkingText, SearchText
from triode.db.sql.storage import RealStorage
from triode.db.tables.lookup import field_of
from triode.db.tables.search_index import VECTOR, SearchIndex, index_of, key_of, weights_of
from triode.db.tables.table import ModelTable

SNIPPET_WORDS: Final = 30


def search(model: Any, text: str, *, prefix: bool = False) -> Found:
    """Find the rows of a model, or those that a relation leads to, that hold what `text` asks for.

    The model says in its `Meta` what is searched. `text` is what a visitor typed, and whatever it
    is, it is no error: words that all must be there, "an exact phrase", -without, one or another.
    With `prefix` the last word may be the beginning of one, for a search while somebody types.

    Raises:
        QueryError: the model has no `Meta.search`.
        ValueRefused: it is given no text.
    """
    if not isinstance(text, str):
        raise ValueRefused(f"A search is for a text, not for a {type(text).__name__}.")
    path: Path = getattr(model, "as_path", ())
    table = getattr(path[-1], "target", None) if path else getattr(model, "__table__", None)
    if not isinstance(table, ModelTable) or isinstance(model, Column):
        raise QueryError(
            f"{model!r} is no model and no relation. Write search(Post, text).",
            code="query-search",
        )
    if table.options.search is None:
        raise QueryError(
            f"{table.model_name} says nothing of a search. Write class Meta: "
            'search = Search("title", "body").',
            code="query-search",
        )
    return Found(table, path, text, prefix=prefix)


class Found(Condition):
    """The rows that a search finds, and what it says of each of them."""

    __slots__ = ("_path", "_prefix", "_table")

    def __init__(self, table: ModelTable, path: Path, text: str, *, prefix: bool) -> None:
        self._table = table
        self._path = path
        self._prefix = prefix
        self.shape = ("search", table.key, tuple(step.key for step in path), prefix)
        self.values = (text,)

    def __repr__(self) -> str:
        return f"search({'.'.join([self._table.model_name, *(s.name for s in self._path)])}, …)"

    @property
    def relevance(self) -> Expression:
        """How well a row fits; more is better, 0 where it does not fit.

        The numbers of two databases, or of two searches, cannot be compared.
        """
        self._refuse_many()
        return Relevance(self)

    def highlight(self, field: Any) -> Expression:
        """Give a searched field as HTML, with `<mark>` around what was found.

        All else is escaped; templates take the value as it is.
        """
        return Highlight(self, self._field(field), None)

    def snippet(self, field: Any, words: int = SNIPPET_WORDS) -> Expression:
        """Give the part of a searched field that tells most, as `highlight` does."""
        if isinstance(words, bool) or not isinstance(words, int) or words < 1:
            raise QueryError(f"{words!r} is no number of words.", code="query-wrong-type")
        return Highlight(self, self._field(field), words)

    def _field(self, field: Any) -> Column:
        self._refuse_many()
        found = field_of(self._table, field)
        names = dict(self.index.labels)
        is_ours = isinstance(found, Column) and found.owner is self._table
        if isinstance(field, str) and isinstance(found, Column):
            found = found.along(self._path) if self._path else found
        if not is_ours or not isinstance(found, Column) or found.name not in names:
            raise QueryError(
                f"{field!r} is no field that {self!r} looks into. It looks into: "
                f"{', '.join(names)}.",
                code="query-search",
            )
        if found.path != self._path:
            raise QueryError(
                f"{field!r} is reached in another way than {self!r}. Write the same relation in "
                "both.",
                code="query-search",
            )
        return found

    def _refuse_many(self) -> None:
        if any(step.is_many for step in self._path):
            raise QueryError(
                f"{self!r} finds several rows for one, so that it has no single relevance or text. "
                f"Search {self._table.model_name} itself.",
                code="query-search",
            )

    @property
    def index(self) -> SearchIndex:
        """What is in the database."""
        found = index_of(self._table.table)
        assert found is not None
        return found

    @property
    def declared(self) -> Search:
        """What the model says."""
        found = self._table.options.search
        assert found is not None
        return found

    def many_paths(self) -> set[Path]:
        for at, step in enumerate(self._path):
            if step.is_many:
                return {self._path[: at + 1]}
        return set()

    def build_here(self, builder: Builder) -> Built:
        source = self.source(builder)
        if builder.family == "postgresql":
            return self.vector(source).op("@@", is_comparison=True)(self.query(builder))
        key = source.c[key_of(self._table.table).name]
        return key.in_(self.matching(builder))

    def source(self, builder: Builder) -> FromClause:
        """Return the table that is searched, joined where a relation leads to it.

        Raises:
            QueryError: the query is about another model, or the database has no search.
        """
        start = self._path[0].source if self._path else self._table
        if start is not builder.owner:
            raise QueryError(
                f"{self!r} is not about {builder.owner!r}. Reach other models over a relation: "
                "search(Comment.post, text).",
                code="query-foreign-field",
            )
        if builder.family == "generic":
            raise QueryError(
                f"{self!r} is for SQLite and PostgreSQL. Look for a text with icontains here.",
                code="query-not-supported",
            )
        return builder.source(self._path)

    def query(self, builder: Builder) -> ColumnElement[Any]:
        """Return what is looked for."""
        text = builder.bind(self.typed_text(SearchText))
        if builder.family == "sqlite":
            return text
        return sa.func.to_tsquery(configuration(self.declared.language), text)

    def typed_text(self, kind: type[SearchText]) -> SearchText:
        """Return what makes the database's query of the visitor's text."""
        return kind(is_begun=self._prefix, is_english=is_english(self.declared.language))

    def vector(self, source: FromClause) -> ColumnElement[Any]:
        """Return the column of PostgreSQL, which the model's own table does not name."""
        return sa.column(VECTOR, _selectable=source)

    def matching(self, builder: Builder, *columns: ColumnElement[Any]) -> sa.Select[Any]:
        """Return the keys of the rows that FTS5 finds, and more of each."""
        index, name = self._fts()
        key = key_of(self._table.table)
        if key.is_integer:
            select = sa.select(index.c.rowid.label("key"), *columns)
        else:
            keys = _keys(name)
            joined = index.join(keys, keys.c.number == index.c.rowid)
            select = sa.select(keys.c.key, *columns).select_from(joined)
        condition = index.c[name].op("MATCH", is_comparison=True)(self.query(builder))
        return select.where(condition).correlate(None)

    def score(self) -> ColumnElement[Any]:
        """Return how well a row fits that FTS5 finds; less is better."""
        index, name = self._fts()
        declared = self.declared
        weights = [repr(float(declared.weight(each))) for each in declared.fields]
        return sa.func.bm25(index.c[name], *[sa.literal_column(each) for each in weights])

    def _fts(self) -> tuple[sa.TableClause, str]:
        name = self.index.name
        return _fts(name), name


@cache
def _fts(name: str) -> sa.TableClause:
    """Return a table of FTS5 as SQLAlchemy knows it: the same one wherever a query names it."""
    return sa.table(name, sa.column("rowid"), sa.column(name))


@cache
def _keys(name: str) -> sa.TableClause:
    """Return the table that numbers the rows of a model without an integer key."""
    return sa.table(f"{name}_key", sa.column("number"), sa.column("key"))


class Relevance(Expression):
    """How well a row fits what a search looks for."""

    __slots__ = ("found",)

    def __init__(self, found: Found) -> None:
        self.found = found
        self.shape = ("relevance", found.shape)
        self.values = found.values

    def __repr__(self) -> str:
        return f"{self.found!r}.relevance"

    def build(self, builder: Builder) -> Built:
        found = self.found
        source = found.source(builder)
        nothing: Any = sa.literal_column("0.0")
        if builder.family == "postgresql":
            rank = sa.func.ts_rank(
                sa.literal_column(f"'{{{self._postgres_weights()}}}'::float4[]"),
                found.vector(source),
                found.query(builder),
                # Divided by the logarithm of the length, as SQLite does in its own way.
                sa.literal_column("1"),
            )
            return typed(sa.func.coalesce(rank, nothing), RealStorage())
        key = key_of(found._table.table).name
        # PERF: FTS5 ranks all rows once, by way of a limit that is none; SQLite then makes an index
        # of them. It would rank them anew for each row, and passes over the index where it joins
        # two such (10,000 rows found, the best 20: 0.05 s and 16 s).
        everything = found.matching(builder, found.score().label("score"))
        limited = everything.limit(sa.literal_column("-1")).offset(sa.literal_column("0"))
        ranks = limited.subquery()
        own = sa.select(-ranks.c.score).where(ranks.c.key == source.c[key])
        score = own.correlate(*builder.froms()).scalar_subquery()
        return typed(sa.func.coalesce(score, nothing), RealStorage())

    def _postgres_weights(self) -> str:
        """Return the weights of the labels D to A; the largest that PostgreSQL takes is 1."""
        weights = weights_of(self.found.declared)
        padded = [*weights, *[0.0] * (4 - len(weights))]
        return ",".join(repr(weight / weights[0]) for weight in reversed(padded))


class Highlight(Expression):
    """A field with marks around what a search found in it; a part of it if `words` is a number."""

    __slots__ = ("column", "found", "words")

    def __init__(self, found: Found, column: Column, words: int | None) -> None:
        self.found = found
        self.column = column
        self.words = words
        self.shape = ("highlight", column.shape, words, found.shape)
        self.values = found.values

    def __repr__(self) -> str:
        return f"{self.found!r}.{'highlight' if self.words is None else 'snippet'}({self.column!r})"

    def build(self, builder: Builder) -> Built:
        self.found.source(builder)
        column = self.column.build(builder)
        build = _on_postgres if builder.family == "postgresql" else _on_sqlite
        language = self.found.declared.language
        return typed(build(self, builder, column), MarkedText(self.words, language))


def _on_postgres(highlight: Highlight, builder: Builder, column: Built) -> Built:
    found = highlight.found
    options = f'\'HighlightAll=true, StartSel="{BEGIN}", StopSel="{END}"\''
    folded = sa.func.ts_headline(
        configuration(found.declared.language),
        document(column),
        found.query(builder),
        sa.literal_column(options),
    )
    text = sa.type_coerce(column, sa.Text())
    size = sa.cast(sa.func.length(text), sa.Text())
    return size.op("||")(sa.literal_column("':'")).op("||")(text).op("||")(folded)


def _on_sqlite(highlight: Highlight, builder: Builder, column: Built) -> Built:
    query = builder.bind(highlight.found.typed_text(MarkingText))
    return plain(query).op("||")(plain(column))
