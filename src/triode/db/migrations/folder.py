"""The folder of migration scripts: reading it, writing into it."""

from __future__ import annotations

import secrets
import traceback
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import StatementError

from triode.db.errors import MigrationError
from triode.db.migrations.lint import calls_in
from triode.db.migrations.rendering import imports_for
from triode.db.migrations.scope import command

TEMPLATE = Path(__file__).parent / "template"

_DATA_CALLS = frozenset({"execute", "run", "bulk_insert"})


def open_folder(directory: Path) -> ScriptDirectory:
    """Return the scripts of a folder; none where there is no folder.

    Raises:
        MigrationError: a script cannot be read.
    """
    script = ScriptDirectory(
        TEMPLATE,
        file_template="%(rev)s_%(slug)s",
        version_locations=[directory],
        messaging_opts={"quiet": True},
    )
    try:
        script.get_heads()
    except CommandError as exc:
        said = str(exc).partition(". Be sure")[0]
        raise MigrationError(f"The scripts in {directory} cannot be read: {said}.") from exc
    except Exception as exc:  # A script is a program, and may do anything.
        raise script_error(exc, directory) from exc
    return script


def script_error(
    exc: Exception, directory: Path, mend: str = "Mend it, then try again."
) -> MigrationError:
    """Say which line of which script failed, how, and what to do."""
    frames = [
        frame
        for frame in traceback.extract_tb(exc.__traceback__)
        if Path(frame.filename).resolve().parent == directory.resolve()
    ]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else str(directory)
    if isinstance(exc, SyntaxError) and exc.filename:
        place = f"{Path(exc.filename).name}:{exc.lineno}"
        return MigrationError(f"The migration {place} is no Python: {exc.msg}. Mend that line.")
    said = f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
    if isinstance(exc, StatementError):
        said = f"{exc.orig}. The statement was: {exc.statement}"
    return MigrationError(f"The migration {place} failed: {said}. {mend}")


def only_head(script: ScriptDirectory) -> str | None:
    """Return the newest migration, None where there is none.

    Raises:
        MigrationError: there are several, made side by side.
    """
    heads = sorted(script.get_heads())
    if len(heads) > 1:
        merge = command('merge "message"')
        raise MigrationError(
            f"Migrations were made side by side: {' and '.join(heads)}. Look whether they change "
            f"the same things, then join them: {merge}."
        )
    return heads[0] if heads else None


def new_revision() -> str:
    """Return a name that sorts by time: the second, and four letters against a collision."""
    now = datetime.now(UTC)
    letters = "".join(secrets.choice(ascii_lowercase) for _ in range(4))
    return f"{now:%Y%m%d_%H%M%S}_{letters}"


def write_script(
    script: ScriptDirectory,
    message: str,
    texts: tuple[str, str],
    *,
    revision: str | None = None,
    head: Any = "head",
    **fields: Any,
) -> Path:
    """Write a script with the bodies of `upgrade` and `downgrade`.

    Raises:
        MigrationError: the message is empty, or the file cannot be written.
    """
    if not message.strip():
        wanted = command('migrate "books have a price"')
        raise MigrationError(f"A migration needs a message: {wanted}.")
    try:
        Path(script.version_locations[0]).mkdir(parents=True, exist_ok=True)
        made = script.generate_revision(
            revision or new_revision(),
            message,
            head=head,
            upgrades=texts[0],
            downgrades=texts[1],
            imports=imports_for([*texts, fields.get("functions", "")]),
            **{"functions": "", "replaces": (), **fields},
        )
    except OSError as exc:
        raise MigrationError(
            f"No migration can be written to {exc.filename}: {exc.strerror}."
        ) from exc
    assert made is not None
    return Path(made.path)


def has_data_steps(path: Path) -> bool:
    """Whether a script changes rows, or runs SQL of its own."""
    return any(call.name in _DATA_CALLS for call in calls_in(path))


def replaced_by(script: ScriptDirectory, revision: str) -> str | None:
    """Return the squashed migration that took the place of an older one."""
    for each in script.walk_revisions():
        if revision in getattr(each.module, "replaces", ()):
            return each.revision
    return None


def stamp(connection: Connection, script: ScriptDirectory, revision: str) -> None:
    """Note a migration as applied, without running it."""
    MigrationContext.configure(connection).stamp(script, revision)
