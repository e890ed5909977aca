"""Make accounts, check passwords, and change them."""

from __future__ import annotations

from triode.auth.lockout import Lockout
from triode.auth.models import User
from triode.auth.passwords import check_strength, hash_password, needs_rehash, verify_password
from triode.auth.store import DatabaseSessions, load_groups
from triode.db import lower, utcnow
from triode.http.addresses import is_a_strangers


def normal_email(email: str) -> str:
    """Return an address as it is stored: one person, however the letters were typed."""
    return email.strip().casefold()


async def create_user(
    email: str,
    password: str | None = None,
    *,
    is_admin: bool = False,
    is_active: bool = True,
    name: str = "",
) -> User:
    """Make an account.

    Without a password nobody can log in with one; a one-time link still works.

    Raises:
        WeakPassword: the password is easy to guess.
        ValidationFailed: the address is none.
        Duplicate: the address has an account already.
    """
    email = normal_email(email)
    user = User(email=email, name=name, is_admin=is_admin, is_active=is_active)
    if password is not None:
        check_strength(password, personal=(email, name))
        user.password_hash = await hash_password(password)
    await user.save()
    return user


async def find_user(email: str) -> User | None:
    """Return the account with an address, None if there is none."""
    address = normal_email(email)
    found = await User.where(User.email == address).first()
    if found is None:
        # Written by other means than `create_user`, the admin for instance, in capital letters.
        found = await User.where(lower(User.email) == address).first()
    return found


async def set_password(user: User, password: str) -> None:
    """Change a password, and end every session of the user.

    Raises:
        WeakPassword: the new password is easy to guess.
    """
    check_strength(password, personal=(user.email, user.name))
    user.password_hash = await hash_password(password)
    await User.where(User.id == user.id).update(password_hash=user.password_hash)
    await DatabaseSessions().remove_of(user)


class Authenticator:
    """Checks an address and a password, and slows down whoever guesses."""

    def __init__(self, lockout: Lockout | None = None, per_client: Lockout | None = None) -> None:
        self.lockout = lockout or Lockout()
        # Many people may share one address; a flood of guesses from it still slows down. Not where
        # it may be a proxy's, whose one client could shut out all others.
        self.per_client = per_client or Lockout(free=50)

    async def check(
        self, email: str, password: str, *, client: str, is_proxy_known: bool = False
    ) -> User | None:
        """Return the user, None where address or password is wrong or the account not active.

        With `is_proxy_known` the client's address is never that of a proxy before us.

        Raises:
            TooManyAttempts: the client has to wait.
        """
        key = (normal_email(email)[:254], client)
        self.lockout.check(*key)
        counts_client = is_proxy_known or is_a_strangers(client)
        if counts_client:
            self.per_client.check(client)
        # SECURITY: counted before the slow check, so that guesses made at once count as many.
        self.lockout.failed(*key)
        if counts_client:
            self.per_client.failed(client)
        user = await find_user(email)
        is_right = await verify_password(user.password_hash if user else None, password)
        if user is None or not is_right or not user.is_active:
            return None
        self.lockout.succeeded(*key)
        # SECURITY: only this attempt is taken back; an own account must not wash away guesses.
        self.per_client.forgive(client)
        await _renew_hash(user, password)
        return user


async def _renew_hash(user: User, password: str) -> None:
    if not needs_rehash(user.password_hash):
        return
    renewed = await hash_password(password)
    # SECURITY: only in place of the hash that was checked; a password that was changed meanwhile
    # must not come back.
    unchanged = User.where(User.id == user.id, User.password_hash == user.password_hash)
    if await unchanged.update(password_hash=renewed):
        user.password_hash = renewed


async def note_login(user: User) -> None:
    """Write down that a user has logged in, and load what a session needs of the user."""
    user.last_login = utcnow()
    # This column alone: the account may have been closed since it was read.
    await User.where(User.id == user.id).update(last_login=user.last_login)
    await load_groups(user)
