"""The call that is being served, for code that is not handed one: templates, `url_for`, `flash`."""

from __future__ import annotations

from contextvars import ContextVar

from triode.errors import TriodeError
from triode.http.call import Call

current_call: ContextVar[Call] = ContextVar("triode_current_call")


def require_call(feature: str) -> Call:
    """Return the current call.

    Raises:
        TriodeError: no request is being served; `feature` is named in the message.
    """
    call = current_call.get(None)
    if call is None:
        raise TriodeError(
            f"{feature} needs a request, and none is being served here. "
            "Pass what it needs as an argument, or call it from a handler.",
            code="no-current-request",
        )
    return call
