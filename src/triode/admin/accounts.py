"""The pages of accounts and groups, which every admin has.

Only administrators see them: whoever could change permissions could give himself any.
"""

from __future__ import annotations

from typing import Any

from triode.admin.model_admin import ModelAdmin, action
from triode.auth.models import Group, User
from triode.auth.store import DatabaseSessions


class AdministratorsOnly(ModelAdmin):
    """Pages for those who may do everything."""

    group = "Accounts"

    def _may(self, user: Any, verb: str) -> bool:
        return bool(user.is_active and user.is_admin)


class AccountAdmin(AdministratorsOnly):
    """Accounts. A password is set by its owner, or on the command line."""

    label = "account"
    plural = "accounts"
    list_display = ("email", "name", "is_active", "is_admin", "groups", "last_login")
    list_filter = ("is_active", "is_admin", "groups", "last_login")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (
        "email", "name", "is_active", "is_admin", "groups", "permissions", "created", "last_login",
    )  # fmt: skip

    @action("End all sessions")
    async def end_sessions(self, request: Any, accounts: Any) -> None:
        """Log the picked accounts out, everywhere."""
        for account in await accounts:
            await DatabaseSessions().remove_of(account.id)


class GroupAdmin(AdministratorsOnly):
    """Groups of accounts, and what they may do."""

    list_display = ("name", "permissions")
    search_fields = ("name",)
    ordering = ("name",)


ACCOUNTS: tuple[tuple[Any, type[ModelAdmin]], ...] = ((User, AccountAdmin), (Group, GroupAdmin))
