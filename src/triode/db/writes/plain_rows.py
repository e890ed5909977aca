"""Read mappings whose values are all valid and stay as they are, without making an object of each.

The Python that does so is written once for the names of a mapping. It has names of ours and
numbers alone; what it calls is handed to it.
PERF: a row of 32 columns is inserted into SQLite in 19 us of processor time, not 34.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from triode.db.tables.table import ModelField, ModelTable
from triode.schema import INVALID
from triode.schema.unchanged import NAMES, unchanged_text

FEWEST: Final = 16
"""Rows of the same names in a row after which a program is written: it costs what they do.

SECURITY: names may come from a client, who must not have one written for each row.
"""

KEPT: Final = 20
"""Programs kept for a model."""

Read = Callable[..., tuple[Any, ...] | None]


class PlainRows:
    """Reads the mappings of one call, one after the other."""

    def __init__(self, table: ModelTable) -> None:
        self._table = table
        self._programs = _programs_of(table)
        self._names: tuple[str, ...] | None = None
        self._seen = 0
        self._read: Read | None = None

    def row(self, item: dict[str, Any]) -> tuple[Any, ...] | None:
        """Return the values of `table.given`; None where an object has to be made of it."""
        names = tuple(item)
        if names != self._names:
            self._names, self._seen = names, 0
            self._read = self._programs.get(names)
        elif self._seen < FEWEST:
            self._seen += 1
            if self._seen == FEWEST:
                self._read = self._program(names)
        return None if self._read is None else self._read(*item.values())

    def _program(self, names: tuple[str, ...]) -> Read | None:
        if names not in self._programs:
            if len(self._programs) >= KEPT:
                self._programs.clear()
            self._programs[names] = plain_reader(self._table, names)
        return self._programs[names]


@lru_cache(500)
def _programs_of(table: ModelTable) -> dict[tuple[str, ...], Read | None]:
    return {}


def plain_reader(table: ModelTable, names: tuple[str, ...]) -> Read | None:
    """Return what makes the values of `table.given` of those of `names`.

    It gives None where a value is refused, or is another once it is valid; it is itself None where
    that has to be seen row by row.
    """
    known = [table.by_name.get(name) for name in names]
    is_plain = all(field is not None and field.name in table.given for field in known)
    is_whole = all(field.name in names for field in table.required)
    # What has a default of ours is given too, though the database has one.
    has_more = any(field.info.has_default for field in table.optional)
    if not is_plain or not is_whole or has_more:
        return None
    program = _Program()
    for number, field in enumerate(field for field in known if field is not None):
        program.check(field, f"v{number}")
    variables = {name: f"v{number}" for number, name in enumerate(names)}
    values = [variables.get(name) or program.default(table.by_name[name]) for name in table.given]
    return program.made(list(variables.values()), values)


class _Program:
    """The text of a function, and what it calls."""

    def __init__(self) -> None:
        self._called: dict[str, Any] = {**NAMES, "INVALID": INVALID}
        self._tests: list[str] = []

    def _name(self, thing: Any) -> str:
        name = f"c{len(self._called)}"
        self._called[name] = thing
        return name

    def check(self, field: ModelField, variable: str) -> None:
        test = unchanged_text(field.schema, variable)
        if test is None:
            validate = self._name(field.validate)
            test = f"({variable} := {validate}({variable}, (), [])) is not INVALID"
        self._tests.append(f"({test})")

    def default(self, field: ModelField) -> str:
        """Return the value of a field of which nothing is said."""
        if field.info.default_factory is None:
            return self._name(field.make_default())
        return f"{self._name(field.make_default)}()"

    def made(self, variables: list[str], values: list[str]) -> Read:
        tests = " and ".join(self._tests) or "True"
        row = "".join(f"{value}, " for value in values)
        text = f"lambda {', '.join(variables)}: ({row}) if {tests} else None"
        made: Read = eval(text, self._called)  # noqa: S307 - our own text
        return made
