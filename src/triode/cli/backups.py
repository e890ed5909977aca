"""`triode db backup` and `triode db restore`."""

from __future__ import annotations

from pathlib import Path

from triode.cli.database import database_of
from triode.cli.errors import CommandError
from triode.cli.target import Named, Target
from triode.db.migrations import Migrations
from triode.db.sources import command_for
from triode.db.transfer.backups import Contents, back_up
from triode.db.transfer.backups import restore as put_back


def backup(file: Path, target: Target = "", /, *, database: Named = "") -> None:
    """Write the SQLite database into a file, while it is used.

    Parameters
    ----------
    file
        The backup to write. It must not exist.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    """
    print(f"Wrote {back_up(database_of(target, database)[0], file)}.")


def restore(file: Path, target: Target = "", /, *, database: Named = "", yes: bool = False) -> None:
    """Put a backup in the place of the SQLite database, after checking it.

    Parameters
    ----------
    file
        The backup.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    yes
        Let the backup take the place of a database that exists; the old file is kept.
    """
    opened, folder = database_of(target, database)

    def accept(contents: Contents) -> None:
        known = Migrations(opened, folder).revisions() if folder.is_dir() else set()
        unknown = contents.revisions - known
        if unknown:
            raise CommandError(
                f"the backup has the migration {', '.join(sorted(unknown))}, which this program "
                "does not know: it was made by another version of it"
            )

    kept = put_back(opened, file, overwrite=yes, accept=accept)
    print(f"Restored {file}.")
    if kept is not None:
        print(f"The database that was there before is {kept}.")
    if folder.is_dir():
        waiting = [step for step in Migrations(opened, folder).steps() if not step.is_applied]
        if waiting:
            command = command_for(opened.name, "upgrade")
            print(f"The backup lacks {len(waiting)} migrations. Apply them: {command}")
