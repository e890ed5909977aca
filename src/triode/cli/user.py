"""`triode user create`: an account from the command line, the first admin above all."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

from cyclopts import Parameter

from triode.admin import Admin
from triode.auth import Auth, create_user
from triode.cli.background import BackgroundApp
from triode.cli.discovery import load
from triode.cli.errors import CommandError
from triode.cli.target import Target


def create(
    target: Target = "",
    *,
    email: str | None = None,
    password: str | None = None,
    password_stdin: Annotated[bool, Parameter(negative="")] = False,
    admin: Annotated[bool, Parameter(negative="")] = False,
    name: str = "",
) -> None:
    """Create a user account. What is left out is asked.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    email
        The address to log in with.
    password
        The password. Other people on this machine may see it in the list of processes.
    password_stdin
        Read the password from the first line of standard input.
    admin
        Let the account do everything, and use the admin.
    name
        The name to show.
    """
    program = load(target)
    # The admin attaches accounts when the application starts, where there are none yet.
    if not any(program.app.extension(part) for part in (Auth, Admin)):
        raise CommandError(
            f"{program.location.file.name} has no accounts. Add them with auth = Auth(app), "
            "or with app.admin(…)"
        )
    address = email or _ask_email()
    secret = _read_password(password, password_stdin)
    with BackgroundApp(program.app) as background:
        user = background.run(create_user(address, secret, is_admin=admin, name=name))
    print(f"Created {'the admin' if admin else 'the user'} {user.email}.")


def _ask_email() -> str:
    if not sys.stdin.isatty():
        raise CommandError("say whom to create: --email name@example.org")
    return input("Email: ").strip()


def _read_password(given: str | None, is_on_stdin: bool) -> str:
    if given is not None:
        return given
    if is_on_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("give a password: --password-stdin reads it from standard input")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise CommandError("the two passwords differ. Nothing was created")
    return password
