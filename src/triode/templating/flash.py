"""Messages that wait in the session for the next page."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from triode.errors import TriodeError
from triode.http import require_call

KEY = "_flashes"
MOST = 20
LONGEST = 500


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next page this visitor sees.

    `category` is for the style: "message", "success", "warning", "error". The newest twenty are
    kept; a text is cut at 500 characters, because a visitor's session is a cookie.
    """
    session = _session()
    waiting = session.get(KEY, [])
    session[KEY] = [*waiting, [category, str(message)[:LONGEST]]][-MOST:]


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
            "flash needs sessions, and the application has none. Write Auth(app).",
            code="no-sessions",
        )
    return session
