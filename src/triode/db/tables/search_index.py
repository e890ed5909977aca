"""What is searched of a table: as its model says, and as the database tells.

`search_making` has the DDL. The database keeps a note of what was made, which is read back here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from triode.db.fields.constraints import Search
from triode.db.sql.storage import IntegerStorage, TextStorage
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelTable
from triode.errors import ModelError

VECTOR: Final = "search_vector"
"""The column on PostgreSQL."""
_SIGN: Final = "triode search: "
_NOTE: Final = re.compile(re.escape(_SIGN) + r"(\{.*?\}\})")


@dataclass(frozen=True)
class SearchIndex:
    """What of a table is searched; `labels` are those of PostgreSQL's weights, A to D."""

    table: str
    labels: tuple[tuple[str, str], ...]
    language: str | None = None
    schema: str | None = None

    @property
    def name(self) -> str:
        """The name of the table of FTS5, or of the index."""
        return index_name(self.table)

    @property
    def note(self) -> str:
        """What the database is told, to be read back."""
        found = {"language": self.language, "fields": dict(self.labels)}
        return f"{_SIGN}{json.dumps(found)}"

    def renamed(self, old: str, new: str) -> SearchIndex:
        """Return the same after a column has another name."""
        labels = tuple((new if name == old else name, label) for name, label in self.labels)
        return replace(self, labels=labels)


_declared: Final[WeakKeyDictionary[sa.Table, SearchIndex]] = WeakKeyDictionary()
"""By table, and not in its `info`, which Alembic writes into scripts."""


class Key(NamedTuple):
    """The key column of a table; SQLite numbers its rows by it where it is an integer."""

    name: str
    is_integer: bool


_LANGUAGE: Final = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
_MOST_WEIGHTS: Final = 4


def declare(model: ModelTable, table: sa.Table) -> None:
    """Note at the table of a model what its `Meta.search` says.

    Raises:
        ModelError: it cannot be searched in that way.
    """
    search = model.options.search
    if search is None:
        return
    wrong = _wrong(model, search)
    if wrong is not None:
        raise ModelError(
            f"{model.model_name}.Meta.search: {wrong}", code="model-search", where=model.where
        )
    _declared[table] = SearchIndex(
        model.name, labels_of(model, search), search.language, model.options.schema
    )


def _wrong(model: ModelTable, search: Search) -> str | None:
    if model.is_composite:
        return "a model whose key has several columns cannot be searched. Give it an id."
    if VECTOR in model.by_name:
        return f"the field {VECTOR} has the name of the column that it makes. Name it otherwise."
    own = (index_name(model.name), f"{index_name(model.name)}_key")
    for each in model_registry.tables():
        if each.name in own:
            return f"{each} has the table {each.name}, which the search makes. Name it otherwise."
    fields = [model.field(name) for name in (*search.fields, *search.weights)]
    for field in fields:
        if field.is_secret:
            return f"{field.name} is write_only, and a search would tell what is in it."
        if not isinstance(field.storage, TextStorage):
            return f"{field.name} holds no text."
    names = [field.name for field in fields[: len(search.fields)]]
    if not names or len(set(names)) < len(names):
        return 'name the fields, each once: Search("title", "body").'
    if not set(search.weights) <= set(search.fields):
        return "weights name a field that is not searched."
    weights = {search.weight(name) for name in names}
    if len(weights) > _MOST_WEIGHTS or min(weights) <= 0:
        return "weights are positive numbers, at most four different ones."
    if search.language is not None and not _LANGUAGE.fullmatch(search.language):
        return f'{search.language!r} is no name of a language, such as "english".'
    return None


def index_name(table: str) -> str:
    """Return what the index of a table is called."""
    return f"{table}_fts"


def labels_of(model: ModelTable, search: Search) -> tuple[tuple[str, str], ...]:
    """Give the fields of the largest weight the label A, and so on."""
    label = dict(zip(weights_of(search), "ABCD", strict=False))
    return tuple((model.field(name).name, label[search.weight(name)]) for name in search.fields)


def weights_of(search: Search) -> list[float]:
    """Return the different weights, the largest first."""
    return sorted({search.weight(name) for name in search.fields}, reverse=True)


def index_of(table: sa.Table) -> SearchIndex | None:
    """Return what the model of a table declares."""
    return _declared.get(table)


def key_of(table: sa.Table) -> Key:
    """Return the key column of a table of a model."""
    [column] = table.primary_key.columns
    return Key(column.name, isinstance(column.type, IntegerStorage))


def trigger_names(name: str) -> list[str]:
    """Return the names of the triggers of an index on SQLite."""
    return [f"{name}_{event}" for event in ("insert", "update", "delete")]


PRESENT_ON_SQLITE: Final = (
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name LIKE '%\\_fts%' ESCAPE '\\'"
)
PRESENT_ON_POSTGRES: Final = (
    "SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname END, c.relname, "
    "col_description(c.oid, a.attnum), EXISTS (SELECT 1 FROM pg_index AS i "
    "WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)) "
    "FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE a.attname = 'search_vector' AND NOT a.attisdropped AND c.relkind IN ('r', 'p')"
)


class Present(NamedTuple):
    """An index in the database, by its name there; None where it is damaged or of another kind."""

    name: str
    made: SearchIndex | None


def present_on_sqlite(rows: Iterable[Sequence[Any]]) -> dict[str, Present]:
    """Return the indexes by their tables, from the rows of `PRESENT_ON_SQLITE`."""
    things = [tuple(row) for row in rows]
    names = {(kind, name) for kind, name, _, _ in things}
    found = {}
    for kind, trigger, table, sql in things:
        name = str(trigger).removesuffix("_insert")
        if kind != "trigger" or name == trigger or not name.endswith("_fts"):
            continue
        index = _read(table, None, sql)
        parts = {("table", name), *(("trigger", each) for each in trigger_names(name))}
        if index is not None:
            found[str(table)] = Present(name, index if parts <= names else None)
    return found


def present_on_postgres(rows: Iterable[Sequence[Any]]) -> dict[str, Present]:
    """Return the indexes by the full names of their tables, from `PRESENT_ON_POSTGRES`."""
    found = {}
    for schema, table, note, is_indexed in rows:
        index = _read(table, schema or None, note)
        if index is not None:
            full_name = f"{schema}.{table}" if schema else str(table)
            found[full_name] = Present(index.name, index if is_indexed else None)
    return found


def _read(table: str, schema: str | None, note: str | None) -> SearchIndex | None:
    match = _NOTE.search(note or "")
    if match is None:
        return None
    told = json.loads(match[1])
    return SearchIndex(str(table), tuple(told["fields"].items()), told["language"], schema)
