"""`triode db`: make migrations from the models, apply them, take them back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from triode.cli.discovery import load
from triode.cli.errors import CommandError
from triode.cli.target import Named, Target
from triode.db import Database
from triode.db.migrations import Danger, Migrations, Question, Step, nothing_renamed
from triode.db.migrations.renames import Chooser, refuse_to_guess
from triode.db.sources import command_for
from triode.framework import Triode

Flag = Annotated[bool, Parameter(negative="")]


def migrate(
    message: str,
    target: Target = "",
    /,
    *,
    database: Named = "",
    empty: Flag = False,
    no_renames: Flag = False,
) -> None:
    """Write a migration that makes the database like the models.

    Parameters
    ----------
    message
        What the migration does, in a few words.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    empty
        Change no table: write a script with a place for steps that change rows.
    no_renames
        Nothing was renamed: what is gone is dropped, what is new is added.
    """
    migrations = _migrations(target, database)
    if empty:
        print(f"Wrote {_shown(migrations.make_empty(message))}. Write your step into it.")
        return
    made = migrations.make(message, choose=nothing_renamed if no_renames else _chooser())
    if made is None:
        print("Nothing differs.")
        return
    if made.is_applied:
        print(f"Wrote {_shown(made.path)}. This database has its tables already: it is applied.")
        return
    command = command_for(migrations.database.name, "upgrade")
    print(f"Wrote {_shown(made.path)}. Read it, then: {command}")
    _warn(made.dangers)


def upgrade(
    target: Target = "",
    /,
    *,
    database: Named = "",
    to: str = "head",
    sql: Flag = False,
    taken_over: Flag = False,
) -> None:
    """Apply the migrations that the database does not have.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    to
        The migration to stop after; all of them when left out.
    sql
        Print the SQL, and run nothing.
    taken_over
        The tables of the first migration are there: count it as applied, and go on from it.
    """
    migrations = _migrations(target, database)
    if sql:
        _print_sql(migrations.sql(to))
    else:
        _tell("Applied", migrations.upgrade(to, is_taken_over=taken_over))


def downgrade(
    target: Target = "", /, *, database: Named = "", to: str = "-1", sql: Flag = False
) -> None:
    """Take migrations back, the last one when nothing else is said.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    to
        The migration to go back to, a number of steps such as -2, or "base" for all.
    sql
        Print the SQL, and run nothing.
    """
    migrations = _migrations(target, database)
    if sql:
        _print_sql(migrations.sql(to, is_downgrade=True))
    else:
        _tell("Took back", migrations.downgrade(to))


def history(target: Target = "", /, *, database: Named = "") -> None:
    """List the migrations, and which of them the database has.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    """
    migrations = _migrations(target, database)
    steps = migrations.steps()
    for step in steps:
        print(f"{'applied' if step.is_applied else 'waiting'}  {step.revision}  {step.message}")
    if not steps:
        command = command_for(migrations.database.name, 'migrate "message"')
        print(f"There are no migrations. Make the first: {command}")


def check(target: Target = "", /, *, database: Named = "") -> None:
    """Fail with exit code 1 where the models, the migrations and the database differ.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    """
    report = _migrations(target, database).check()
    for problem in report.problems:
        print(problem)
    _warn(report.dangers)
    if report.problems:
        sys.exit(1)
    print("The models, the migrations and the database agree.")


def merge(message: str, target: Target = "", /, *, database: Named = "") -> None:
    """Join migrations that were made side by side, in two branches of the code.

    Parameters
    ----------
    message
        What is joined, in a few words.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    """
    migrations = _migrations(target, database)
    command = command_for(migrations.database.name, "upgrade")
    print(f"Wrote {_shown(migrations.merge(message))}. Then: {command}")


def squash(
    message: str,
    target: Target = "",
    /,
    *,
    database: Named = "",
    drop_data_steps: Flag = False,
) -> None:
    """Put one migration in the place of all.

    Parameters
    ----------
    message
        What it makes, in a few words.
    target
        A file, folder, package or module:attribute; the current folder when left out.
    database
        The name of one of the application's databases; the default one when left out.
    drop_data_steps
        Leave out what the scripts do to rows.
    """
    made = _migrations(target, database).squash(message, drop_data_steps=drop_data_steps)
    print(
        f"Wrote {_shown(made)} in the place of all others. Databases that have them need nothing."
    )


def _tell(done: str, steps: list[Step]) -> None:
    for step in steps:
        print(f"{done} {step.revision}: {step.message}")
    if not steps:
        print("There was nothing to do.")


def _warn(dangers: list[Danger]) -> None:
    for danger in dangers:
        print(f"\n  {danger.file}:{danger.line} {danger.what}\n    {danger.safe_way}")
    if dangers:
        print("\nA comment `# safe: why` at the end of a line says that you have thought of it.")


def _print_sql(text: str) -> None:
    print(text or "-- There is nothing to do.")


def _chooser() -> Chooser:
    return _ask if sys.stdin.isatty() and sys.stdout.isatty() else refuse_to_guess


def _ask(question: Question) -> str | None:
    print(question)
    print(f"  1  no, {question.new} is new")
    for number, name in enumerate(question.gone, 2):
        print(f"  {number}  yes, from {name}")
    last = len(question.gone) + 1
    while True:
        answer = input(f"[1-{last}]: ").strip()
        if answer.isdigit() and 1 <= int(answer) <= last:
            return None if answer == "1" else question.gone[int(answer) - 2]
        print(f"Answer with a number from 1 to {last}.")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def database_of(target: str, name: str = "") -> tuple[Database, Path]:
    """Return a database of an application, and the folder of its migrations.

    Raises:
        CommandError: the application can have none, or has none of that name.
    """
    program = load(target)
    app = program.app
    if not isinstance(app, Triode):
        raise CommandError(f"{program.address} is no Triode application, so it has no database")
    database = app.databases.get(name) if name else app.database
    if database is None:
        known = f"There are: {', '.join(app.databases)}" if app.databases else "None has a name"
        raise CommandError(f"{program.address} has no database named {name!r}. {known}")
    return database, app.migrations_folder(database)


def _migrations(target: str, name: str) -> Migrations:
    return Migrations(*database_of(target, name))
