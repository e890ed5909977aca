"""Who opens a WebSocket connection.

Middleware stands around HTTP endpoints only, so a connection's session is opened when its handler
asks who it is: read once, never written.
"""

from __future__ import annotations

from triode.http import Call
from triode.middleware.csrf import CsrfProtection
from triode.middleware.sessions import SessionManager


async def open_socket_session(call: Call) -> None:
    """Give the call of a connection its session and user.

    SECURITY: a browser sends cookies along from any site's page and asks no leave of us, so a
    connection from another site is refused (cross-site WebSocket hijacking).

    Raises:
        CsrfFailed: another site's page opens the connection.
    """
    sessions: SessionManager | None = call.app.extension(SessionManager)
    protection: CsrfProtection | None = call.app.extension(CsrfProtection)
    if sessions is None or protection is None:
        return
    session = await sessions.open(call)
    if not session.is_new:
        protection.came_from_us(call)
    call.extras = {**(call.extras or {}), "session": session, "user": session.user}
