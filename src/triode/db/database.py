"""The database of an application: its address and its engine.

The engine opens itself when it is first used, so that a script needs nothing but `Database(url)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.expression import ClauseElement

from triode.db.engine import Channel, Engine, Write
from triode.db.engine.generic import GenericEngine
from triode.db.engine.generic_statements import MYSQL
from triode.db.engine.observed import ObservedChannel, Observer
from triode.db.engine.options import EngineOptions, take_options
from triode.db.engine.postgres import PostgresEngine
from triode.db.engine.postgres_listening import Listener
from triode.db.engine.read_only import ReadOnlyChannel
from triode.db.engine.sqlite import SQLiteEngine
from triode.db.errors import QueryError
from triode.db.fetching import Fetched
from triode.db.loops import LOOP_LOG
from triode.db.nesting import Level, LevelChannel
from triode.db.slowness import SlowLog
from triode.db.sources import Source
from triode.db.statement import Operation
from triode.db.tables.creation import create_missing, drop
from triode.db.tables.registry import model_registry
from triode.errors import ConfigError
from triode.settings import is_debug
from triode.settings import slow_query as default_slow_query

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
R = TypeVar("R")

# SECURITY: of an address that nobody can take apart.
_PASSWORD: Final = re.compile(r"^((?:[^/]*//)?[^:]*):.*@")
_POSTGRES: Final = ("postgresql", "postgres", "postgresql+asyncpg")


class Database:
    """A database by its address.

    `sqlite:///app.db` is a file in the working folder, `sqlite:////srv/app.db` an absolute one,
    `sqlite://` one in memory; `postgresql://user:password@host/name` is a PostgreSQL server.
    The first one made is the default for models.

    `slow_query` is in seconds: a statement that takes as long is logged as a warning of the logger
    `triode.db`, with its time and the line of the program that asked for it. What nobody says here
    the variable `TRIODE_SLOW_QUERY` may say.

    With a `name` it holds the models whose `Meta.database` says it, and no others. One that is
    `read_only` is a copy that another database writes, for `using`.

    `pool_size`, `statement_timeout` (seconds), `prepared_statements` and `slow_query` may stand in
    the address too: `postgresql://host/name?pool_size=20`.

    Raises:
        ConfigError: the address cannot be understood, or names a database we do not know; the name
            is none.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        read_only: bool = False,
        pool_size: int | None = None,
        statement_timeout: float | None = None,
        prepared_statements: bool | None = None,
        slow_query: float | None = None,
    ) -> None:
        self.url = url
        self._name = None if name is None else _checked_name(name)
        self.is_read_only = read_only
        options = EngineOptions(pool_size, statement_timeout, prepared_statements, slow_query)
        _, options = take_options(parse(url), options)
        self.engine: Engine = make_engine(url, options)
        self.pinned: ContextVar[Level | None] = ContextVar("triode_transaction", default=None)
        self.engine.pinned = self.pinned
        self._observers: list[Observer] = []
        self._enclosing: Level | None = None
        seconds = default_slow_query() if options.slow_query is None else options.slow_query
        if seconds is not None:
            self.observe(SlowLog(seconds))
        if is_debug():
            self.observe(LOOP_LOG)
        if read_only:
            self._redirect()
        if name is not None:
            Source.named.setdefault(name, self)
        elif Source.default is None and not read_only:
            self.make_default()

    def __repr__(self) -> str:
        return f"Database({parse(self.url).render_as_string(hide_password=True)!r})"

    @property
    def name(self) -> str | None:
        """What `Meta.database` and `using` call it; None for the default database."""
        return self._name

    @property
    def is_temporary(self) -> bool:
        """Whether it lives in memory alone, so that it begins empty every time."""
        url = parse(self.url)
        is_sqlite = url.get_backend_name() == "sqlite"
        return is_sqlite and url.database in (None, "", ":memory:")

    def make_default(self) -> None:
        """Be the database of every model where no other is active."""
        Source.default = self

    def register(self, name: str | None = None) -> None:
        """Be found under its name, or under `name`, by every model; else be the default.

        Raises:
            ConfigError: it has another name already, or the name is none.
        """
        if name is not None and name != self._name:
            if self._name is not None:
                raise ConfigError(
                    f"A database cannot have two names: {self._name!r} and {name!r}.",
                    code="database-name",
                )
            self._name = _checked_name(name)
            if Source.default is self:
                Source.default = None
        if self._name is not None:
            Source.named[self._name] = self
        elif not self.is_read_only:
            self.make_default()

    def _forget(self) -> None:
        if Source.default is self:
            Source.default = None
        if self._name is not None and Source.named.get(self._name) is self:
            del Source.named[self._name]

    @contextmanager
    def active(self) -> Iterator[Database]:
        """Be the database of every model within this context that names no other."""
        token = Source.current.set(self)
        try:
            yield self
        finally:
            Source.current.reset(token)

    async def start(self) -> None:
        """Open the database and check that it can be used.

        Raises:
            DatabaseUnavailable: it cannot; says why and what to do.
            ModelError: a relation of a model leads nowhere.
        """
        for table in model_registry.tables():
            _ = table.table
        if self._enclosing is None:
            await self.engine.start()

    async def stop(self) -> None:
        """Finish what was begun and close every connection; `start` opens it again."""
        if self._enclosing is not None:
            return
        await self.engine.close()
        self._forget()

    def close(self) -> None:
        """Do what `stop` does, in plain code."""
        if self._enclosing is not None:
            return
        self.engine.close_now()
        self._forget()

    def setup(self, app: Any) -> None:
        """Attach to an application: opened when it starts, closed when it stops."""
        self.register()
        app.add_startup(self._start_registered)
        app.add_shutdown(self.stop)

    async def _start_registered(self) -> None:
        self.register()
        await self.start()

    def level(self) -> Level | None:
        """Return the innermost transaction of this context that is still open.

        A task may outlive the transaction it was started in; then it has none.
        """
        level = self.pinned.get()
        while level is not None and not level.is_open:
            level = level.outer
        return self._enclosing if level is None else level

    def channel(self) -> Channel:
        """Return the way to the database for code on an event loop."""
        # PERF: nearly every statement is outside a transaction.
        level = None if self.pinned.get() is None else self.level()
        return self.engine.awaiting if level is None else level.awaiting

    def blocking_channel(self) -> Channel:
        """Return the way to the database for plain code."""
        level = self.level()
        return self.engine.blocking if level is None else level.blocking

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Tell `observer` of every statement from now on: its SQL, seconds, rows (None: unknown).

        For debugging and tests. Gives what ends it.
        """
        if observer not in self._observers:
            self._observers.append(observer)
        self._redirect()

        def stop() -> None:
            if observer in self._observers:
                self._observers.remove(observer)
            self._redirect()

        return stop

    def enclose(self, level: Level | None) -> None:
        """Put every statement of every task and thread into one transaction; None ends it.

        For tests: until then `stop` and `close` leave the database open.
        """
        self._enclosing = level
        self._redirect()

    def _redirect(self) -> None:
        # PERF: it replaces `channel` and `blocking_channel`, so nobody else pays for it.
        if self._enclosing is None and not self._observers and not self.is_read_only:
            self.__dict__.pop("channel", None)
            self.__dict__.pop("blocking_channel", None)
            return
        self.__dict__.update(
            channel=lambda: self._observed(self.engine.awaiting, "awaiting"),
            blocking_channel=lambda: self._observed(self.engine.blocking, "blocking"),
        )

    def _observed(self, root: Channel, pinned: str) -> Channel:
        level = self.level()
        if self.is_read_only:
            inner = root if level is None else getattr(level, pinned)
            refusing = ReadOnlyChannel(inner, repr(self))
            return ObservedChannel(refusing, self._tell) if self._observers else refusing
        if not self._observers:
            return root if level is None else getattr(level, pinned)
        if level is None:
            return ObservedChannel(root, self._tell)
        inner = ObservedChannel(getattr(level, pinned), self._tell)
        return LevelChannel(level, inner)

    def _tell(self, sql: str, seconds: float, rows: int | None) -> None:
        for observer in tuple(self._observers):
            observer(sql, seconds, rows)

    @overload
    def fetch(self, statement: ClauseElement) -> Fetched[Any]: ...
    @overload
    def fetch(self, statement: ClauseElement, *, into: Callable[..., R]) -> Fetched[R]: ...
    def fetch(
        self, statement: ClauseElement, *, into: Callable[..., Any] | None = None
    ) -> Fetched[Any]:
        """Run a SQLAlchemy statement; a SELECT gives named tuples, anything else is written.

        With `into` each row becomes an object of a model, or of a Struct, a dataclass or anything
        else that is called with the columns by their names. A write without RETURNING gives an
        empty list. `async for`, or `for` in plain code, streams the rows of what only reads.

        Raises:
            QueryError: the columns do not fit `into`.
        """
        return Fetched(statement, into, self)

    def notify(self, channel: str, payload: str = "") -> Operation[None]:
        """Say something to everybody who listens to `channel`; PostgreSQL alone.

        In a transaction it is said when that is committed. A payload has 8000 bytes at most.

        Raises:
            QueryError: another database cannot do it.
        """

        async def execute(to: Channel) -> None:
            self._postgres("notify")
            await to.write([Write("SELECT pg_notify($1, $2)", (channel, payload))])

        return Operation(execute, lambda: self)

    def listen(self, *channels: str) -> Listener:
        """Hear what is said on channels: `async for notification in database.listen("jobs")`.

        It has a connection of its own, and another when that is lost; then, and when it reads too
        slowly, it gives a notification whose payload is None: something may have been missed.
        Within `async with` it hears from the start of the block on.

        Raises:
            QueryError: another database cannot do it.
        """
        return self._postgres("listen").listen(channels)

    def _postgres(self, what: str) -> PostgresEngine:
        if not isinstance(self.engine, PostgresEngine):
            raise QueryError(
                f"{what} is PostgreSQL's; {self.engine.dialect.name} has nothing like it.",
                code="query-notify",
            )
        return self.engine

    def create_tables(self, *models: Any) -> Operation[list[str]]:
        """Create the missing tables of `models`, of all models of this database if none is named.

        Gives the names of the tables that were made.

        Raises:
            SchemaMismatch: an existing table lacks columns of its model.
        """
        return Operation(lambda channel: create_missing(channel, models, self._name), lambda: self)

    def drop_tables(self, *models: Any) -> Operation[None]:
        """Drop the tables of `models`, all of this database if none is named, and their rows."""
        return Operation(lambda channel: drop(channel, models, self._name), lambda: self)


def current_database(name: str | None = None) -> Database:
    """Return the database that statements use here, or the one of that name.

    Raises:
        ConfigError: there is none yet, or none of that name.
    """
    found = Source.database() if name is None else Source.by_name(name)
    assert isinstance(found, Database)
    return found


def database_for(given: Database | str | None) -> Database:
    """Return a database that was given as such, by its name, or as None for the current one.

    Raises:
        ConfigError: there is none, or none of that name.
    """
    return given if isinstance(given, Database) else current_database(given)


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be the name of a database, which names a folder of migrations too: "
            "take small letters, digits and underscores.",
            code="database-name",
        )
    return name


def parse(url: str) -> URL:
    """Take an address apart.

    Raises:
        ConfigError: it is none.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as exc:  # a port that is no number is a mere ValueError
        shown = _PASSWORD.sub(r"\1:***@", url)
        raise ConfigError(
            f"{shown!r} is not the address of a database. Write it like sqlite:///app.db or "
            "postgresql://user:password@host/name.",
            code="database-url",
        ) from exc


def make_engine(url: str, options: EngineOptions = EngineOptions()) -> Engine:  # noqa: B008
    """Make the engine for an address, without opening it.

    Raises:
        ConfigError: there is no engine for this kind of database.
        MissingExtraError: its driver is not installed.
    """
    parsed, options = take_options(parse(url), options)
    if parsed.drivername.partition("+")[0] == "sqlite":
        is_memory = parsed.database in (None, "", ":memory:")
        path = None if is_memory else Path(str(parsed.database)).expanduser()
        return SQLiteEngine(path, options)
    if parsed.drivername in _POSTGRES:
        return PostgresEngine(parsed, options)
    return GenericEngine(_with_plain_driver(parsed), options)


def _with_plain_driver(url: URL) -> URL:
    """Name the driver of an address that names none, and the plain one for an asynchronous one."""
    name, _, driver = url.drivername.partition("+")
    if name in MYSQL and driver in ("", "aiomysql", "asyncmy"):
        return url.set(drivername=f"{name}+pymysql")
    return url
