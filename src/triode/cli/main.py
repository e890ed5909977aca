"""The commands and their help.

A command's own module is imported when that command is used, and cyclopts when any is: a worker
process imports this module too, and needs neither.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from triode import __version__
from triode.cli.errors import CommandError, fail
from triode.errors import TriodeError

if TYPE_CHECKING:
    from cyclopts import App

COMMANDS = {
    "dev": ("triode.cli.dev:dev", "Serve for development: reload on change, debug pages."),
    "run": ("triode.cli.run:run", "Serve in production."),
    "new": ("triode.cli.new:new", "Start a new project."),
    "routes": ("triode.cli.routes:routes", "List the routes of an application."),
    "openapi": ("triode.cli.openapi:openapi", "Write the OpenAPI document of an application."),
    "shell": ("triode.cli.shell:shell", "Open a Python shell with the models imported."),
}
DATABASE_COMMANDS = {
    "migrate": ("triode.cli.database:migrate", "Write a migration from what the models say."),
    "upgrade": ("triode.cli.database:upgrade", "Apply migrations."),
    "downgrade": ("triode.cli.database:downgrade", "Take migrations back."),
    "history": ("triode.cli.database:history", "List migrations."),
    "backup": ("triode.cli.backups:backup", "Write a SQLite database into a file, while in use."),
    "restore": ("triode.cli.backups:restore", "Put a checked backup in the database's place."),
    "check": ("triode.cli.database:check", "Compare models, migrations and database."),
    "merge": ("triode.cli.database:merge", "Join migrations that were made side by side."),
    "squash": ("triode.cli.database:squash", "Put one migration in the place of all."),
    "dump": ("triode.cli.data:dump", "Write rows into a file."),
    "load": ("triode.cli.data:load", "Read rows from a file."),
    "inspect": ("triode.cli.inspect:inspect", "Write models for a database that exists."),
}
USER_COMMANDS = {
    "create": ("triode.cli.user:create", "Create a user account."),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process: 0, or 2 for an error in one line."""
    from cyclopts import CycloptsError, UnusedCliTokensError

    try:
        try:
            make_command_line()(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # `triode openapi | head`: the reader has seen enough; Python would complain at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except UnusedCliTokensError as exc:
        unused = " ".join(exc.unused_tokens or [])
        fail(CommandError(f"more was given than the command takes: {unused}"))
    except CycloptsError as exc:
        fail(CommandError(str(exc)))
    except TriodeError as exc:
        fail(exc)
    except (KeyboardInterrupt, EOFError):  # Ctrl-C and Ctrl-D at a question
        print()
        sys.exit(130)


def make_command_line() -> App:
    """Return the command line, with the commands of every room that is there."""
    from cyclopts import App

    line = App(
        name="triode",
        help="One Python web framework: one file, one command.",
        version=__version__,
        print_error=False,
        exit_on_error=False,
        help_epilogue="Start here: triode new NAME, then: triode dev",
    )
    for name, (address, text) in COMMANDS.items():
        line.command(address, name=name, help=text)
    user = App(name="user", help="Manage user accounts.")
    for name, (address, text) in USER_COMMANDS.items():
        user.command(address, name=name, help=text)
    line.command(user)
    database = App(name="db", help="Version the tables of the database.")
    for name, (address, text) in DATABASE_COMMANDS.items():
        database.command(address, name=name, help=text)
    line.command(database)
    return line
