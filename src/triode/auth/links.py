"""Links that log somebody in once, without a password.

A link is a signed token for ten minutes. It is bound to the account's last login and password,
so it dies with its first use, with any other login, and with a change of the password.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from triode.auth.models import User
from triode.auth.redirects import safe_path
from triode.auth.store import active_user
from triode.db import utcnow
from triode.signing import BadToken, Signer

LIFETIME = 10 * 60


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Whom a link logs in, and where it leads then."""

    user: User
    next: str


class LoginLinks:
    """Makes and reads one-time login links."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer.for_purpose("login-link")

    def make(self, user: User, *, next: str = "/") -> str:
        """Return the token of a link."""
        return self._signer.sign([user.id, _stamp(user), safe_path(next, fallback="/")])

    async def read(self, token: str) -> LinkTarget:
        """Return whom a token logs in; it stays valid.

        Raises:
            BadToken: the token is not ours, too old, or used up.
        """
        user_id, stamp, next_path = self._signer.read(token, max_age=LIFETIME)
        user = await active_user(user_id)
        if user is None or stamp != _stamp(user):
            raise BadToken("This link has been used, or the account has changed.")
        return LinkTarget(user, safe_path(next_path, fallback="/"))

    async def use(self, token: str) -> LinkTarget:
        """Return whom a token logs in, and let it be the last time.

        Raises:
            BadToken: the token is not ours, too old, or used up; also by a request at the same
                moment.
        """
        target = await self.read(token)
        user = target.user
        now = utcnow()
        untouched = User.where(User.id == user.id, User.last_login == user.last_login)
        if not await untouched.update(last_login=now):
            raise BadToken("This link has been used, or the account has changed.")
        user.last_login = now
        return target


def _stamp(user: User) -> str:
    seen = user.last_login.timestamp() if user.last_login else 0
    return hashlib.sha256(f"{seen}|{user.password_hash}|{user.email}".encode()).hexdigest()[:32]
