"""`triode dev`: serve while one works on the program."""

from __future__ import annotations

import logging
import os
import socket
import sys
import webbrowser
from typing import Annotated

import uvicorn
from cyclopts import Parameter

from triode import __version__
from triode.app import App
from triode.cli.browser_reload import SCRIPT_PATH, BrowserReload
from triode.cli.discovery import load, locate
from triode.cli.errors import EXIT_CODE, CommandError, report
from triode.cli.reload import Reloader
from triode.cli.serving import ServingConfig, config_for, serve
from triode.cli.sockets import listen
from triode.cli.start_error import StartError
from triode.cli.target import Target
from triode.server import ServerOptions
from triode.settings import DEBUG_VARIABLE, editor_address

_GRACE_SECONDS = 1  # an open event stream must not hold up a reload
_BROWSER_VARIABLE = "TRIODE_OPEN"


def dev(
    target: Target = "",
    /,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    reload: bool = True,
    open_: Annotated[bool, Parameter(name="--open", negative="")] = False,
) -> None:
    """Serve an application for development: reload on change, debug pages, tables created.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    host
        The address to listen on.
    port
        The port to listen on; 0 takes a free one.
    reload
        Start again when a Python file changes.
    open_
        Open the application in the browser.
    """
    location = locate(target)
    editor_address()  # a wrong name is said now, and not when an error is shown
    listener = listen(host, port)
    os.environ.setdefault(DEBUG_VARIABLE, "1")
    if open_:
        webbrowser.open(address_of(listener))
    if not reload:
        serve_program(target, listener, True, browser_reload=False)
        sys.exit(0)
    sys.exit(Reloader(serve_program, target, listener, location.folder).run())


def _is_of_program(record: logging.LogRecord) -> bool:
    """Leave out of the log what Triode's own script asks for."""
    return SCRIPT_PATH not in record.getMessage()


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser on this machine can open."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 -- compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_program(
    target: str, listener: socket.socket, is_first: bool, browser_reload: bool = True
) -> None:
    """Import and serve; what fails at the first start ends the process, later it is shown.

    `browser_reload` puts the script into pages that reloads them.
    """
    try:
        program = load(target)
    except CommandError as exc:
        report(exc)
        if is_first:
            sys.exit(EXIT_CODE)
        _serve_error(exc, listener)
        return
    if browser_reload:
        BrowserReload(program.location.folder).setup(program.app)
    options = ServerOptions(access_log=True, graceful_shutdown=_GRACE_SECONDS)
    config = config_for(program.app, options)
    first = banner(program.app, address_of(listener), program.location.file.name)
    config.announcement = first if is_first else "  Reloaded"
    if is_first:
        _hint_at_first_admin(program.app, target, config)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the banner says the rest
    logging.getLogger("uvicorn.access").addFilter(_is_of_program)
    serve(config, listener)


def banner(app: App, address: str, name: str) -> str:
    """Return what is printed when the server is ready: the addresses worth opening."""
    places = {"App": "/", "Docs": app.docs_url, "ReDoc": app.redoc_url, "Admin": _admin_path(app)}
    lines = [f"  {_strong('Triode')} {__version__}  {name}", ""]
    lines += [f"  {label:<7}{_strong(address + path)}" for label, path in places.items() if path]
    return "\n" + "\n".join([*lines, "", "  Ctrl-C stops it.", ""])


def _hint_at_first_admin(app: App, target: str, config: ServingConfig) -> None:
    """Announce how to make an account, where there is an admin and nobody who may enter."""
    room = sys.modules.get("triode.admin")
    if room is None or app.extension(room.Admin) is None:
        return
    accounts = sys.modules["triode.auth"]

    async def look_for_admins() -> None:
        if not await accounts.User.where(is_admin=True).exists():
            command = " ".join(["triode user create", *([target] if target else []), "--admin"])
            config.announcement += f"  Nobody can enter the admin yet: {command}\n"

    app.add_startup(look_for_admins)


def _admin_path(app: App) -> str | None:
    paths = [getattr(route, "path", "") for route in app.routes]
    return next((path for path in paths if path.strip("/") == "admin"), None)


def _strong(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def _serve_error(error: CommandError, listener: socket.socket) -> None:
    """Answer every request with what is wrong, until the next change of a file."""
    answer = StartError(str(error), error.detail)
    serve(uvicorn.Config(answer, lifespan="off", log_level="warning", access_log=False), listener)
