"""Collect the named schemas of a document: `#/components/schemas`.

While a document is built its references name an entry by number, because only at the end it is
known which names collide and which schemas differ between input and output. `resolve` then puts
the names in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

Mode: TypeAlias = Literal["input", "output"]

_MARK: Final = "triode-schema:"
_NOT_A_NAME: Final = re.compile(r"[^a-zA-Z0-9._-]")


@dataclass(slots=True)
class _Entry:
    name: str
    module: str
    bodies: dict[Mode, dict[str, Any]] = field(default_factory=dict)


class Registry:
    """Names and holds the schemas that a document refers to.

    A schema has one name; two where what is accepted differs from what is sent
    (`User-Input`, `User-Output`); the module in front where two classes have the same name.
    """

    def __init__(self, prefix: str = "#/components/schemas/") -> None:
        self.prefix = prefix
        self._numbers: dict[Any, int] = {}
        self._keys: list[Any] = []
        self._entries: list[_Entry] = []

    def reference(
        self, key: Any, name: str, mode: Mode, make: Callable[[], dict[str, Any]],
        *, module: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Return a reference to the schema of `key`, which `make` makes when it is first needed.

        The reference is a placeholder: `resolve` the whole document when it is done.
        """
        known = key if isinstance(key, str | tuple) else id(key)
        number = self._numbers.get(known)
        if number is None:
            number = self._numbers[known] = len(self._entries)
            self._keys.append(key)
            place = module or str(getattr(getattr(key, "target", key), "__module__", ""))
            self._entries.append(_Entry(_NOT_A_NAME.sub("_", name), place))
        entry = self._entries[number]
        if mode not in entry.bodies:
            entry.bodies[mode] = {}  # A class that contains itself finds this and goes no deeper.
            entry.bodies[mode].update(make())
        return {"$ref": f"{_MARK}{number}:{mode}"}

    def components(self) -> dict[str, dict[str, Any]]:
        """Return every schema by its name, references resolved, names sorted."""
        names = self._names()
        found: dict[str, dict[str, Any]] = {}
        for number, entry in enumerate(self._entries):
            for mode, body in entry.bodies.items():
                found.setdefault(names[number, mode], self._resolved(body, names))
        return dict(sorted(found.items()))

    def resolve(self, document: Any) -> Any:
        """Return `document` with names in place of the placeholders."""
        return self._resolved(document, self._names())

    def _resolved(self, value: Any, names: dict[tuple[int, Mode], str]) -> Any:
        if isinstance(value, dict):
            return {key: self._resolved(item, names) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._resolved(item, names) for item in value]
        if isinstance(value, str) and value.startswith(_MARK):
            number, _, mode = value.removeprefix(_MARK).partition(":")
            return self.prefix + names[int(number), mode]  # type: ignore[index]
        return value

    def _names(self) -> dict[tuple[int, Mode], str]:
        split = self._split()
        by_name = defaultdict(list)
        for number, entry in enumerate(self._entries):
            by_name[entry.name].append(number)
        names: dict[tuple[int, Mode], str] = {}
        for name, numbers in by_name.items():
            leaders = {number: self._leader(number, numbers, split) for number in numbers}
            distinct = sorted(set(leaders.values()))
            for number in numbers:
                leader = leaders[number]
                full = self._full_name(name, leader, distinct.index(leader), distinct)
                for mode in self._entries[number].bodies:
                    twin = f"-{mode.capitalize()}" if number in split else ""
                    names[number, mode] = full + twin
        return names

    def _leader(self, number: int, numbers: list[int], split: set[int]) -> int:
        """Return the first entry of a name that says the same: both then share the name.

        An enum that pydantic described is the enum that we describe.
        """

        def body(entry: int) -> dict[str, Any]:
            return next(iter(self._entries[entry].bodies.values()))

        same = (other for other in numbers if body(other) == body(number))
        return number if number in split else next(other for other in same if other not in split)

    def _full_name(self, name: str, number: int, place: int, numbers: list[int]) -> str:
        if len(numbers) == 1:
            return name
        module = self._entries[number].module
        modules = [self._entries[other].module for other in numbers]
        full = f"{module.replace('.', '__')}__{name}"
        return full if modules.count(module) == 1 else f"{full}_{place + 1}"

    def _split(self) -> set[int]:
        """Return the entries whose two modes differ, directly or through what they refer to."""
        split: set[int] = set()
        while True:
            found = {
                number
                for number, entry in enumerate(self._entries)
                if len(entry.bodies) == 2
                and self._resolved(entry.bodies["input"], _Comparison(split))
                != self._resolved(entry.bodies["output"], _Comparison(split))
            }
            if found == split:
                return split
            split = found


class _Comparison(dict[tuple[int, Mode], str]):
    """Names under which two modes of an entry compare equal unless they are known to differ."""

    def __init__(self, split: set[int]) -> None:
        super().__init__()
        self.split = split

    def __missing__(self, key: tuple[int, Mode]) -> str:
        number, mode = key
        return f"{number}:{mode}" if number in self.split else str(number)
