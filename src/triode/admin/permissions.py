"""Who may come in, and who may do what.

`is_admin` may do everything. Anybody else needs the permission to come in at all, and one for
each model and verb: "post.view", "post.add", "post.change", "post.delete".
"""

from __future__ import annotations

from typing import Any

from triode.admin.desk import Desk
from triode.admin.visit import Visit

ENTRY = "admin.enter"


class Missing(Exception):
    """There is no such page or row; the text is for the visitor."""

    def __init__(self, heading: str, text: str, desk: Desk | None = None) -> None:
        super().__init__(heading)
        self.heading = heading
        self.text = text
        self.desk = desk


class Denied(Exception):
    """The visitor may not do this."""

    def __init__(self, what: str, desk: Desk | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.desk = desk


def may_enter(user: Any) -> bool:
    """Return whether a user may see the admin at all."""
    return bool(user.is_active and user.has_permission(ENTRY))


def desk_for(visit: Visit) -> Desk:
    """Return the desk that the address names.

    Raises:
        Missing: there is none.
        Denied: the visitor may not see it.
    """
    desk = visit.office.desks.get(visit.call.params["slug"])
    if desk is None:
        raise Missing("There is nothing here", "No model is registered under this address.")
    if not desk.admin.can_view(visit.user):
        raise Denied(f"see {desk.nouns}")
    return desk


async def row_for(visit: Visit, desk: Desk, text: str) -> Any:
    """Return the row with a key, among those the visitor may see.

    Raises:
        Missing: there is none.
    """
    key = desk.parse_key(text)
    row = None
    if key is not None:
        row = await desk.admin.query(visit.request).where(desk.key == key).first()
    if row is None:
        shown = text if len(text) <= 40 else text[:39] + "…"
        raise Missing(
            f"This {desk.label} does not exist",
            f"None has the key {shown}. It may have been deleted meanwhile.",
            desk,
        )
    return row
