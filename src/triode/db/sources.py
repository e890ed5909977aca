"""Where statements find their database: the active one, the default one, or one by its name.

It is decided when a statement runs, so that a model or a query may be made before its database.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import partial
from typing import Any, ClassVar, NoReturn, Protocol, TypeAlias

from triode.db.engine import Channel
from triode.errors import ConfigError


class HasChannels(Protocol):
    """What a statement needs of a database."""

    @property
    def name(self) -> str | None:
        """What `Meta.database` and `using` call it; None for the default one."""
        ...

    @property
    def is_read_only(self) -> bool:
        """Whether it is a copy, in which nothing is written."""
        ...

    def channel(self) -> Channel:
        """Return the way that awaited statements take: that of the block around them, if any."""
        ...

    def blocking_channel(self) -> Channel:
        """Return the way that statements of plain code take."""
        ...


FindDatabase: TypeAlias = Callable[[], HasChannels]
"""Gives the database that a statement goes to, when it runs."""


class Source:
    """The databases of this program."""

    current: ClassVar[ContextVar[HasChannels | None]] = ContextVar("triode_database", default=None)
    default: ClassVar[HasChannels | None] = None
    named: ClassVar[dict[str, HasChannels]] = {}

    @classmethod
    def database(cls) -> HasChannels:
        """Return the database of the models that name none."""
        return cls.current.get() or cls.default or cls.missing()

    @classmethod
    def by_name(cls, name: str) -> HasChannels:
        """Return the database of that name.

        Raises:
            ConfigError: there is none.
        """
        active = cls.current.get()
        if active is not None and active.name == name:
            return active
        found = cls.named.get(name)
        return cls.unknown(name) if found is None else found

    @staticmethod
    def missing() -> NoReturn:
        raise ConfigError(
            "There is no database yet. Triode() opens one for an application; in a script, "
            'write Database("sqlite:///app.db") first.',
            code="database-missing",
        )

    @classmethod
    def unknown(cls, name: str, whose: str = "") -> NoReturn:
        known = f"There are: {', '.join(sorted(cls.named))}" if cls.named else "None has a name"
        raise ConfigError(
            f"{whose}There is no database named {name!r}. {known}. Write "
            f"Triode(databases={{{name!r}: …}}), or Database(…, name={name!r}) in a script.",
            code="database-unknown",
        )


def refuse_unknown(tables: Iterable[Any]) -> None:
    """Refuse models that lie in a database which there is not.

    Raises:
        ConfigError: names the first.
    """
    for table in tables:
        name = table.options.database
        if name is not None and name not in Source.named:
            Source.unknown(name, f"{table.model_name}.Meta names {name!r}. ")


def find_database(given: HasChannels | str | None) -> FindDatabase:
    """Return what finds a database by its name; None stands for that of models without one."""
    if given is None:
        return Source.database
    return partial(Source.by_name, given) if isinstance(given, str) else partial(_itself, given)


def _itself(database: HasChannels) -> HasChannels:
    return database


def keep_source(result: Any, find: FindDatabase) -> None:
    """Let rows remember the database they are from, with what they have loaded, lists of them too.

    What is done to them later goes there, and not to a row of another database with the same key.
    A read-only database is a copy of that of the model, which takes the changes.
    """
    if find().is_read_only:
        return
    waiting, seen = [result], set()
    while waiting:
        item = waiting.pop()
        table = getattr(type(item), "__table__", None)
        if isinstance(item, list | tuple):
            waiting += item
        elif table is None:
            # The rows of a page.
            fields = getattr(type(item), "__struct_fields__", ())
            waiting += [item.items] if "items" in fields else []
        elif id(item) not in seen:
            seen.add(id(item))
            vars(item)["_find"] = find
            waiting += [slot.peek(item) for slot in table.slots.values()]


def command_for(database: str | None, words: str) -> str:
    """Return a command of `triode db`, which names a database that has a name."""
    option = "" if database is None else f" --database {shlex.quote(database)}"
    return f"triode db {words}{option}"
