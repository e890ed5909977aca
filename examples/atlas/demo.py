"""`make demo`: start the Atlas with an admin account, and print where everything is."""

from __future__ import annotations

import secrets
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from atlas.app import app, auth
from triode.auth import User, create_user
from triode.errors import TriodeError
from triode.server import ServerOptions, serve

HOST = "127.0.0.1"
FIRST_PORT = 8000
EMAIL = "admin@atlas.example"


def listen() -> socket.socket:
    """Return a socket on the first port from 8000 on that nobody listens on."""
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        try:
            return socket.create_server((HOST, port), backlog=2048)
        except OSError:
            continue
    sys.exit("demo: every port from 8000 to 8099 is in use")


LISTENER = listen()


async def introduce() -> None:
    """Print the addresses, with a link that logs the admin in once."""
    admin = await User.first(email=EMAIL)
    if admin is None:
        admin = await create_user(EMAIL, secrets.token_urlsafe(24), is_admin=True)
    base = f"http://{HOST}:{LISTENER.getsockname()[1]}"
    link = auth.one_time_login_url(admin, base_url=base, next="/admin/")
    print(
        f"\n  The Atlas runs. Ctrl-C ends it.\n\n"
        f"  Page    {base}/\n"
        f"  API     {base}/countries\n"
        f"  Docs    {base}/docs\n"
        f"  Admin   {link}\n"
        f"          (logs you in once, within ten minutes)\n",
        flush=True,
    )


if __name__ == "__main__":
    app.add_startup(introduce)
    try:
        serve(app, ServerOptions(log_level="warning"), listener=LISTENER)
    except TriodeError as exc:
        print(f"demo: error: {exc}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("  The Atlas has ended.")
