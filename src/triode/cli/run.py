"""`triode run`: production."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from triode.cli.discovery import load
from triode.cli.errors import CommandError
from triode.cli.serving import config_for, serve, serve_with_workers
from triode.cli.sockets import listen, listen_at_path
from triode.cli.target import Target
from triode.server import Limits, ServerOptions
from triode.settings import PROXIES_VARIABLE

# The second name is that of uvicorn and of FastAPI's command.
PROXIES = Parameter(name=("--trusted-proxies", "--forwarded-allow-ips"))
_DEFAULT = Limits()


def run(
    target: Target = "",
    /,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: Path | None = None,
    workers: int = 1,
    access_log: bool = False,
    trusted_proxies: Annotated[str, PROXIES] = "",
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
    keep_alive: int = 75,
    graceful_shutdown: int = 30,
    limit_concurrency: int | None = None,
    backlog: int = 2048,
    server_name: str = "triode",
    limits: Annotated[Limits, Parameter(name="*")] = _DEFAULT,
) -> None:
    """Serve an application in production.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    host
        The address to listen on; 0.0.0.0 for every address of this machine.
    port
        The port to listen on; 0 takes a free one.
    uds
        A path to listen on as a Unix socket, in place of host and port.
    workers
        How many processes share the work; one per core is usual.
    access_log
        Write a line for each request.
    trusted_proxies
        Networks of the proxies whose X-Forwarded-For and -Proto headers are believed, with commas
        between them, or how many proxies each request passes; where the program names none.
    ssl_certfile
        The file of a TLS certificate.
    ssl_keyfile
        The file of its private key.
    keep_alive
        Seconds that a connection may wait for the next request.
    graceful_shutdown
        Seconds that requests, streams and WebSockets have to finish when the server is told to end.
    limit_concurrency
        How many requests may be under way at once; others get 503.
    backlog
        How many connections may wait to be accepted.
    server_name
        The Server header of every response; empty for none.
    """
    if workers < 1:
        raise CommandError(f"--workers {workers} serves nothing. Use 1 or more")
    if trusted_proxies:
        os.environ[PROXIES_VARIABLE] = trusted_proxies  # The workers read it as well.
    program = load(target)
    listener = listen_at_path(uds) if uds else listen(host, port)
    options = ServerOptions(
        workers=workers,
        access_log=access_log,
        ssl_certfile=str(ssl_certfile) if ssl_certfile else None,
        ssl_keyfile=str(ssl_keyfile) if ssl_keyfile else None,
        keep_alive=keep_alive,
        graceful_shutdown=graceful_shutdown,
        limit_concurrency=limit_concurrency,
        backlog=backlog,
        server_name=server_name,
        limits=limits,
    )
    scheme = "https" if ssl_certfile else "http"
    address = f"unix:{uds}" if uds else f"{scheme}://{host}:{listener.getsockname()[1]}"
    shared = f" with {workers} workers" if workers > 1 else ""
    if program.app.debug:
        print("triode: warning: debug pages are on. Unset TRIODE_DEBUG", file=sys.stderr)
    announcement = f"triode: serving {program.address} on {address}{shared} [{os.getpid()}]"
    try:
        if workers > 1:
            serve_with_workers(config_for(program.address, options), listener, announcement)
        else:
            config = config_for(program.app, options)
            config.announcement = announcement
            serve(config, listener)
    finally:
        if uds:
            uds.unlink(missing_ok=True)
    sys.exit(0)
