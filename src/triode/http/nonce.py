"""The nonce of a response: what lets an inline script run under a Content-Security-Policy.

Whoever writes a page asks for it; the middleware that sends the policy puts it there, if somebody
asked.
"""

from __future__ import annotations

import secrets

from triode.http.call import Call
from triode.http.current import require_call

KEY = "csp_nonce"


def csp_nonce(call: Call | None = None) -> str:
    """Return the nonce of a request's response, made when it is first asked for.

    Raises:
        TriodeError: no call is given, and no request is being served.
    """
    call = call or require_call("csp_nonce")
    nonce = used_nonce(call)
    if nonce is None:
        nonce = secrets.token_urlsafe(16)
        call.add_extra(KEY, nonce)
    return nonce


def used_nonce(call: Call) -> str | None:
    """Return the nonce that somebody has asked for, None if nobody has."""
    return None if call.extras is None else call.extras.get(KEY)
