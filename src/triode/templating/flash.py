"""Messages that wait in the session for the next page."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from triode.errors import TriodeError
from triode.http import require_call

KEY = "_flashes"
LONGEST = 500
# SECURITY: a visitor's session is a cookie of 4 KB; messages must not crowd out everything else.
LONGEST_TOGETHER = 1500


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next page this visitor sees.

    `category` is for the style: "message", "success", "warning", "error". A text is cut at 500
    characters, and the newest 1500 are kept, because a visitor's session is a cookie.
    """
    session = _session()
    waiting = [*session.get(KEY, []), [category, str(message)[:LONGEST]]]
    while sum(len(text) for _, text in waiting) > LONGEST_TOGETHER:
        del waiting[0]
    session[KEY] = waiting


def get_flashed_messages(
    with_categories: bool = False, category_filter: Sequence[str] = ()
) -> list[Any]:
    """Return the waiting messages and forget them: texts, or (category, text) pairs."""
    call = require_call("get_flashed_messages")
    session = (call.extras or {}).get("session")
    if session is None or KEY not in session:
        return []
    messages = [(str(category), str(text)) for category, text in session.pop(KEY)]
    if category_filter:
        messages = [message for message in messages if message[0] in category_filter]
    return messages if with_categories else [text for _, text in messages]


def _session() -> MutableMapping[str, Any]:
    session: MutableMapping[str, Any] | None = (require_call("flash").extras or {}).get("session")
    if session is None:
        raise TriodeError(
            "flash needs sessions, and the application has none. "
            "Write Auth(app), or Sessions(app).",
            code="no-sessions",
        )
    return session
