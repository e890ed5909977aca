"""Modules that are loaded when something in them is first used.

A program that declares routes serves nobody yet. What only serving needs is named by `later`, and
loaded at once by `load_all` when the routes are compiled, so that no request waits for an import.
What a package hands on is named by `handing_on`.

COMPAT: Python 3.15 has `lazy import` (PEP 810), which does both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

_waiting: set[Later] = set()


class Later:
    """Stands for a module in the module that uses it, until it is first used there."""

    def __init__(self, owner: dict[str, Any], variable: str, name: str) -> None:
        self._owner = owner
        self._variable = variable
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.load(), attribute)

    def load(self) -> Any:
        """Import the module, put it in its place, and return it.

        PERF: from then on a use costs what a use of an imported module costs.
        """
        module = import_module(self._name)
        if self._owner.get(self._variable) is self:
            self._owner[self._variable] = module
        _waiting.discard(self)
        return module


def later(owner: dict[str, Any], **modules: str) -> None:
    """Give a module others, by the dotted names of those, that are loaded when they are used.

    Type checkers read the same names as imports:

        if TYPE_CHECKING:
            from triode.http import files
        else:
            later(globals(), files="triode.http.files")
    """
    _waiting.update(on_demand(owner, **modules))


def on_demand(owner: dict[str, Any], **modules: str) -> list[Later]:
    """Do as `later` does, for what even most servers never use; `load_all` leaves it alone."""
    stand_ins = [Later(owner, variable, name) for variable, name in modules.items()]
    owner.update(zip(modules, stand_ins, strict=True))
    return stand_ins


def load_all() -> None:
    """Import every module that was named by `later`, and what those name in turn."""
    while _waiting:
        next(iter(_waiting)).load()


def handing_on(owner: dict[str, Any], homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package that loads each of its names when it is first used.

    `homes` has the modules, and of each the names it has, with spaces between them.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def find(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {owner['__name__']!r} has no attribute {name!r}")
        found = owner[name] = getattr(import_module(home), name)
        return found

    return find
