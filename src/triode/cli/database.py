"""`triode db`: make migrations from the models, apply them, take them back."""

from __future__ import annotations

from pathlib import Path

from triode.cli.discovery import load
from triode.cli.errors import CommandError
from triode.cli.target import Target
from triode.db.migrations import Migrations, Step
from triode.framework import Triode

FOLDER = "migrations"


def migrate(message: str, target: Target = "", /) -> None:
    """Write a migration that makes the database like the models.

    Parameters
    ----------
    message
        What the migration does, in a few words.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    """
    made = _migrations(target).make(message)
    print("Nothing differs." if made is None else f"Wrote {made}. Read it, then: triode db upgrade")


def upgrade(target: Target = "", /, *, to: str = "head") -> None:
    """Apply the migrations that the database does not have.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    to
        The migration to stop after; all of them when left out.
    """
    _tell("Applied", _migrations(target).upgrade(to))


def downgrade(target: Target = "", /, *, to: str = "-1") -> None:
    """Take migrations back, the last one when nothing else is said.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    to
        The migration to go back to, a number of steps such as -2, or "base" for all.
    """
    _tell("Took back", _migrations(target).downgrade(to))


def history(target: Target = "", /) -> None:
    """List the migrations, and which of them the database has.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    """
    for step in _migrations(target).steps():
        print(f"{'applied' if step.is_applied else 'waiting'}  {step.revision}  {step.message}")


def _tell(done: str, steps: list[Step]) -> None:
    for step in steps:
        print(f"{done} {step.revision}: {step.message}")
    if not steps:
        print("There was nothing to do.")


def _migrations(target: str) -> Migrations:
    program = load(target)
    app = program.app
    if not isinstance(app, Triode):
        raise CommandError(f"{program.address} is no Triode application, so it has no database")
    return Migrations(app.database, Path(app.directory) / FOLDER)
