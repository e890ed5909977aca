"""Whether a database has every migration of its application, told at start-up.

The scripts are read as text: a server that starts needs no Alembic for this.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

from triode.db.database import Database
from triode.db.engine import Channel
from triode.db.errors import SchemaMismatch
from triode.db.sources import command_for
from triode.db.statement import Operation
from triode.db.tables.creation import VERSION_TABLE, columns_in_database


class Scripts(NamedTuple):
    """The migrations of a folder: by name, which ones each comes after."""

    before: dict[str, tuple[str, ...]]

    def missing(self, current: set[str]) -> list[str]:
        """Return those that a database at `current` does not have, the oldest first."""
        done: set[str] = set()
        waiting = list(current)
        while waiting:
            name = waiting.pop()
            if name not in done:
                done.add(name)
                waiting += self.before.get(name, ())
        return sorted(set(self.before) - done)


def read_scripts(directory: Path) -> Scripts:
    """Read the names of the migrations in a folder; none where there is no folder.

    Raises:
        SchemaMismatch: a script cannot be read.
    """
    before: dict[str, tuple[str, ...]] = {}
    for path in sorted(directory.glob("*.py")) if directory.is_dir() else ():
        try:
            values = _constants(path)
        except (SyntaxError, ValueError, OSError) as exc:
            raise SchemaMismatch(f"The migration {path} cannot be read: {exc}.") from exc
        revision, down = values.get("revision"), values.get("down_revision")
        if isinstance(revision, str):
            names = (down,) if isinstance(down, str) else tuple(down or ())
            before[revision] = names
    return Scripts(before)


def _constants(path: Path) -> dict[str, str | tuple[str, ...] | None]:
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("revision", "down_revision"):
                found[name] = ast.literal_eval(node.value)
    return found


def pending(database: Database, directory: Path) -> Operation[list[str]]:
    """Give the migrations in `directory` that the database does not have, the oldest first.

    Raises:
        SchemaMismatch: the database has one that is not there.
    """
    scripts = read_scripts(directory)

    async def execute(channel: Channel) -> list[str]:
        current = await _current(channel) if scripts.before else set()
        unknown = sorted(current - set(scripts.before))
        if unknown:
            raise SchemaMismatch(
                f"The database has the migration {unknown[0]}, which is not in {directory}: the "
                "program is older than the database. Start the newer version, or take the "
                f"migration back with it: {command_for(database.name, 'downgrade')}."
            )
        return scripts.missing(current)

    return Operation(execute, lambda: database)


async def _current(channel: Channel) -> set[str]:
    if VERSION_TABLE not in await columns_in_database(channel):
        return set()
    rows = await channel.read(f"SELECT version_num FROM {VERSION_TABLE}", ())  # noqa: S608
    return {str(row[0]) for row in rows}
