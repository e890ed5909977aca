"""The names that fields get for the columns of a database that exists."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

from triode.db.model import Model

_OWN: Final = frozenset({"Meta"})


def refuse_name(name: str) -> bool:
    """Whether no field of a model can have a name."""
    return (
        not name.isidentifier()
        or unicodedata.normalize("NFKC", name) != name
        or keyword.iskeyword(name)
        or name.startswith("_")
        or name in _OWN
        or name in dir(Model)
        or hasattr(type(Model), name)
    )


class Names:
    """The names in one model: of its fields and relations, by their columns.

    A column keeps its name where Python and Triode can; a relation is called as its column is
    without `_id`.
    """

    def __init__(self, columns: Iterable[str], foreign: Iterable[str]) -> None:
        columns, keys = list(columns), list(foreign)
        rest = [name for name in columns if name not in keys]
        self.fields: dict[str, str] = {name: name for name in rest if not refuse_name(name)}
        self.taken = set(self.fields)
        self.relations: dict[str, str] = {}
        for name in keys:
            self.relations[name] = self.relation(name.removesuffix("_id"), ["id"])
            self.fields[name] = f"{self.relations[name]}_id"
        for name in rest:
            if name not in self.fields:
                self.fields[name] = self._free(_usable(name))
                self.taken.add(self.fields[name])

    def relation(self, wanted: str, endings: Iterable[str]) -> str:
        """Take a name for a relation, whose fields have it with the endings behind."""
        name = _usable(wanted)
        parts = list(endings)
        if self._is_taken(name, parts):
            name = f"{name}_row"
        while self._is_taken(name, parts):
            name += "_"
        self.taken |= {name, *(f"{name}_{part}" for part in parts)}
        return name

    def many(self, wanted: Iterable[str]) -> str:
        """Take the first of some names that is free, for a relation to many rows."""
        names = list(wanted)
        usable = (name for name in names if not refuse_name(name) and name not in self.taken)
        name = next(usable, None) or self._free(_usable(names[-1]))
        self.taken.add(name)
        return name

    def _is_taken(self, name: str, endings: Iterable[str]) -> bool:
        return not self.taken.isdisjoint({name, *(f"{name}_{part}" for part in endings)})

    def _free(self, name: str) -> str:
        while name in self.taken or refuse_name(name):
            name += "_"
        return name


def _usable(name: str) -> str:
    """Return the nearest name that a field can have."""
    words = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name)).strip("_")
    made = words if words and not words[0].isdigit() else f"field_{words}".rstrip("_")
    return f"{made}_" if refuse_name(made) else made


def common_relation(columns: Mapping[str, str]) -> str | None:
    """Return what the columns of a foreign key are called before the names of the key's, if so.

    `columns` are those of the other model's key by the columns here.
    """
    starts = {
        here.removesuffix(f"_{there}") if here.endswith(f"_{there}") else None
        for here, there in columns.items()
    }
    return starts.pop() if len(starts) == 1 else None


def wide_keys(table: Any, tables: Mapping[str, Any]) -> list[Any]:
    """Return the foreign keys of several columns that a model can declare.

    Those share no column with another key, are empty in all columns or none, lead to a whole key,
    and are in their own table's key as a whole or not at all.
    """
    used = [*table.foreign, *(name for each in table.wide for name in each["constrained_columns"])]
    return [each for each in table.wide if _is_declarable(each, table, tables, used)]


def _is_declarable(key: Any, table: Any, tables: Mapping[str, Any], used: list[str]) -> bool:
    columns, there = key["constrained_columns"], tables.get(key["referred_table"])
    if there is None or list(there.keys) != list(key["referred_columns"]):
        return False
    # The other key's columns are foreign keys of several columns themselves.
    deep = {name for each in there.wide for name in each["constrained_columns"]}
    inside = [name for name in table.keys if name in columns]
    at = table.keys.index(inside[0]) if inside else 0
    is_whole = not inside or table.keys[at : at + len(columns)] == columns
    is_even = len({bool(table.columns[name]["nullable"]) for name in columns}) == 1
    is_alone = all(used.count(name) == 1 for name in columns)
    return is_whole and is_even and is_alone and not deep & set(there.keys)
