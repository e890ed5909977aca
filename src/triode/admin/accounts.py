"""The pages of accounts and groups, which every admin has.

Only administrators see them: whoever could change permissions could give himself any.
"""

from __future__ import annotations

from typing import Any

from triode.admin.model_admin import ModelAdmin, action
from triode.auth.extension import auth_of
from triode.auth.models import Group, User
from triode.auth.store import DatabaseSessions
from triode.templating import flash

MOST_LINKS = 5  # messages are kept in the session, which is small


class AdministratorsOnly(ModelAdmin):
    """Pages for those who may do everything."""

    group = "Accounts"

    def _may(self, user: Any, verb: str) -> bool:
        return bool(user.is_active and user.is_admin)


class AccountAdmin(AdministratorsOnly):
    """Accounts. A password is set by its owner, after a one-time link if need be."""

    label = "account"
    plural = "accounts"
    list_display = ("email", "name", "is_active", "is_admin", "groups", "last_login")
    list_filter = ("is_active", "is_admin", "groups", "last_login")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (
        "email", "name", "is_active", "is_admin", "groups", "permissions", "created", "last_login",
    )  # fmt: skip

    @action("Make one-time login links")
    async def login_links(self, request: Any, accounts: Any) -> None:
        """Show a link for each picked account: for a first password, or a forgotten one."""
        auth = auth_of(request.app)
        base = str(request.base_url)
        for account in await accounts.limit(MOST_LINKS):
            link = auth.one_time_login_url(account, base_url=base, next=auth.password_path)
            flash(f"{account.email}, once and within ten minutes: {link}", "success")

    @action("End all sessions")
    async def end_sessions(self, request: Any, accounts: Any) -> None:
        """Log the picked accounts out, everywhere."""
        for account in await accounts:
            await DatabaseSessions().remove_of(account)


class GroupAdmin(AdministratorsOnly):
    """Groups of accounts, and what they may do."""

    list_display = ("name", "permissions")
    search_fields = ("name",)
    ordering = ("name",)


ACCOUNTS: tuple[tuple[Any, type[ModelAdmin]], ...] = ((User, AccountAdmin), (Group, GroupAdmin))
