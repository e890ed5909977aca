"""`Triode`, the class that users meet: an `App` with a database and an admin, when they are used.

A room is loaded when the program first asks for it. A program without a model imports no
SQLAlchemy and opens no database, and one that never says `app.admin` has no admin.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Unpack

from triode.app import App, AppOptions
from triode.http.folder import Folder
from triode.routing.folders import STATIC_MAX_AGE, StaticFolder
from triode.settings import database_url, is_debug, trusted_proxies

if TYPE_CHECKING:
    from triode.admin import Admin
    from triode.db import Database, Model
    from triode.middleware.errors import ErrorBoundary

_logger = logging.getLogger("triode")
_TABLES = "triode.db.tables.registry"  # imported with the first model


class Triode(App):
    """A web application.

    `database` is an address such as "postgresql://…", or a `Database`. Without one it is
    `DATABASE_URL`, and without that the SQLite file `app.db` in `directory`. `databases` are
    others by their names, which the `Meta` of models and `using` know.

    Attributes:
        databases: those others.
        directory: the folder of the file that made the application, where `app.db`, `templates`,
            `static` and the like are looked for.
    """

    def __init__(
        self,
        *,
        title: str = "Triode",
        version: str = "0.1.0",
        database: str | Database | None = None,
        databases: Mapping[str, str | Database] | None = None,
        **options: Unpack[AppOptions],
    ) -> None:
        self.directory = _directory_of(sys._getframe(1))
        options.setdefault("debug", is_debug())
        options.setdefault("trusted_proxies", trusted_proxies() or None)
        super().__init__(title=title, version=version, **options)
        self._serve_static()
        self._database_given = database
        self._database: Database | None = None
        self.databases: dict[str, Database] = {}
        self.add_startup(self._open_databases)
        self.add_shutdown(self._close_databases)
        for name, given in (databases or {}).items():
            self.databases[name] = self._opened(given, name)
        if database is not None or _TABLES in sys.modules:
            self._make_database()

    @property
    def database(self) -> Database:
        """The database of the application, loaded when first asked for."""
        return self._database or self._make_database()

    def admin(self, *models: type[Model], **options: Any) -> Admin:
        """Give models a page in the admin, and return it.

        `options` are those of `Admin.register`.
        """
        room = _room("admin")
        admin: Admin = self.extension(room.Admin) or self.attach(room.Admin())
        for model in models:
            admin.register(model, **options)
        return admin

    def _serve_static(self) -> None:
        """Serve `static/` beside the application's file, where no route of its own answers."""
        folder = Folder(self.directory / "static")
        if folder.exists:
            handler = StaticFolder(folder, max_age=STATIC_MAX_AGE, is_fallback=True)
            self._add_folder("/static", handler, "static")

    def _make_database(self) -> Database:
        self._database = self._opened(self._database_given or database_url(self.directory))
        self.extensions[type(self._database)] = self._database
        return self._database

    def _opened(self, given: str | Database, name: str | None = None) -> Database:
        """Return a database by its address, or as it was given; it opens itself when it is used."""
        database_class: type[Database] = _room("db").Database
        if isinstance(given, str):
            return database_class(given, name=name)
        if name is not None:
            given.register(name)
        return given

    @property
    def _needs_database(self) -> bool:
        if self._database_given is not None:
            return True
        tables = sys.modules.get(_TABLES)
        return tables is not None and bool(tables.model_registry.tables_in(None))

    def _boundary(self) -> ErrorBoundary:
        boundary = super()._boundary()
        if self.debug and self._needs_database:
            boundary.after = _room("debug.statements").tell_of_loops
        return boundary

    async def _open_databases(self) -> None:
        opened = [*([self.database] if self._needs_database else []), *self.databases.values()]
        for database in opened:
            if self.debug:
                database.observe(_room("debug.statements").record)
            database.register()
        if opened:
            _room("db.sources").refuse_unknown(sys.modules[_TABLES].model_registry.tables())
        for database in opened:
            await database.start()
            if not database.is_read_only:
                await self._prepare_tables(database)

    def migrations_folder(self, database: Database) -> Path:
        """Return the folder of a database's migrations: `migrations`, or one in it by its name."""
        folder = self.directory / "migrations"
        return folder if database.name is None else folder / database.name

    async def _prepare_tables(self, database: Database) -> None:
        folder = self.migrations_folder(database)
        if folder.is_dir() and not database.is_temporary:
            missing = await _room("db.versions").pending(database, folder)
            if missing:
                count = "a migration" if len(missing) == 1 else f"{len(missing)} migrations"
                which, option = ("", "")
                if database.name is not None:
                    which, option = f" {database.name!r}", f" --database {database.name}"
                _logger.warning(
                    "The database%s lacks %s, from %s on. Apply them: triode db upgrade%s",
                    which,
                    count,
                    missing[0],
                    option,
                )
                return
        await database.create_tables()

    async def _close_databases(self) -> None:
        for database in (*self.databases.values(), self._database):
            if database is not None:
                await database.stop()


FastAPI = Triode  # The name that programs written for FastAPI import.


def _room(name: str) -> ModuleType:
    return import_module(f"triode.{name}")


def _directory_of(frame: FrameType) -> Path:
    """Return the folder of the file that makes an application, the current one without a file.

    The constructors of subclasses are passed over: they may stand in a library.
    """
    while frame.f_code.co_name == "__init__" and frame.f_back is not None:
        frame = frame.f_back
    file = frame.f_globals.get("__file__")
    return Path(file).resolve().parent if file else Path.cwd()
