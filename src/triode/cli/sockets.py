"""Open the socket a server listens on, before anything else is started."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from triode.cli.errors import CommandError

BACKLOG = 2048
_LAST_PORT = 65535
_PORTS_TRIED = 50


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 lets the system choose.

    Raises:
        CommandError: the port is taken or not allowed, or the host is not this machine's.
    """
    if not 0 <= port <= _LAST_PORT:
        raise CommandError(f"the port {port} is not between 0 and {_LAST_PORT}")
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError) as exc:
        raise CommandError(f"the host {host!r} is not known: {exc}") from exc
    # "localhost" is two addresses, and the older one is what everybody reaches.
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError as exc:
        opened.close()
        raise _refused(exc, host, port) from exc
    opened.set_inheritable(True)
    return opened


def listen_at_path(path: Path) -> socket.socket:
    """Return a socket bound to a path of the file system; a dead one there is replaced.

    Raises:
        CommandError: a server listens there, or the path cannot be used.
    """
    if path.is_socket():
        if _answers(path):
            raise CommandError(f"the socket {str(path)!r} is in use by another server")
        path.unlink()
    opened = socket.socket(socket.AF_UNIX)
    try:
        opened.bind(str(path))
        os.chmod(path, 0o666)  # noqa: S103 -- the proxy in front runs as another user
        opened.listen(BACKLOG)
    except OSError as exc:
        opened.close()
        raise CommandError(f"the socket {str(path)!r} cannot be made: {exc.strerror}") from exc
    return opened


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _refused(exc: OSError, host: str, port: int) -> CommandError:
    if exc.errno == errno.EADDRINUSE:
        free = _free_port(host, port)
        mend = f"Choose another, for instance: --port {free}" if free else "Choose another: --port"
        return CommandError(f"port {port} on {host} is in use. {mend}")
    if exc.errno == errno.EACCES:
        return CommandError(f"port {port} needs more rights than you have. Choose one above 1023")
    if exc.errno == errno.EADDRNOTAVAIL:
        return CommandError(f"the host {host!r} is not an address of this machine")
    return CommandError(f"{host}:{port} cannot be used: {exc.strerror}")


def _free_port(host: str, port: int) -> int | None:
    """Return the next port that nothing listens on, None when there is none nearby."""
    for candidate in range(port + 1, min(port + _PORTS_TRIED, _LAST_PORT + 1)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    return None
