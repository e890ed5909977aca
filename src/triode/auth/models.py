"""The tables of accounts: users, groups, and the sessions of those who are logged in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from triode.db import Field, ForeignKey, ManyToMany, Model, utcnow
from triode.schema import Email


class Group(Model):
    """Permissions under one name, for many users."""

    class Meta:
        db_table = "auth_group"

    name: str = Field(unique=True, max_length=150)
    permissions: list[str] = Field(default_factory=list)

    def __str__(self) -> str:
        return self.name


class User(Model):
    """Somebody with an account.

    `permissions` are names such as "post.add". Who `is_admin` may do everything. An account that
    is not active cannot log in, and its sessions end at once.
    """

    class Meta:
        db_table = "auth_user"

    email: Email = Field(unique=True, max_length=254)
    name: str = Field(default="", max_length=150)
    is_active: bool = True
    is_admin: bool = False
    permissions: list[str] = Field(default_factory=list)
    groups: list[Group] = ManyToMany(related_name="users")
    # SECURITY: neither accepted from a client nor sent to one; `set_password` writes it.
    password_hash: str = Field(default="", max_length=255, read_only=True, write_only=True)
    created: datetime = Field(default_factory=utcnow, read_only=True)
    last_login: datetime | None = Field(default=None, read_only=True)

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def all_permissions(self) -> frozenset[str]:
        """The user's own permissions and those of the groups.

        Raises:
            NotLoaded: the groups were not loaded; whoever is logged in has them loaded.
        """
        return frozenset(self.permissions).union(*(group.permissions for group in self.groups))

    def has_permission(self, *names: str) -> bool:
        """Return whether the user may do all of this; always, for an active admin."""
        if not self.is_active:
            return False
        return self.is_admin or self.all_permissions.issuperset(names)


class LoginSession(Model):
    """The session of somebody who is logged in; times are Unix seconds.

    `key` is the SHA-256 of the token in the cookie.
    """

    class Meta:
        db_table = "auth_session"

    key: str = Field(primary_key=True, max_length=64)
    user: User = ForeignKey(on_delete="cascade", index=True)
    data: dict[str, Any] = Field(default_factory=dict)
    created: int = 0
    seen: int = Field(default=0, index=True)
