"""Store and check passwords with argon2id.

A hash takes tens of milliseconds on purpose, so it runs in a thread and at most a few run at
once: a flood of logins then waits here and does not fill the memory. A password is never
trimmed; its Unicode form is fixed to NFKC, so that every keyboard makes the same bytes
(NIST SP 800-63B, 5.1.1.2).
"""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from triode.auth.foreign_hashes import foreign_check, is_argon2_of_django, verify_foreign
from triode.errors import ClientError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")

SHORTEST_PASSWORD = 8
# SECURITY: hashing reads the whole password; a megabyte of it would be a cheap way to burn CPU.
LONGEST_PASSWORD = 1024


class WeakPassword(ClientError):
    """A new password that is too short, too long, or easy to guess."""

    default_code = "weak-password"
    status_code = 422


async def hash_password(password: str) -> str:
    """Return the argon2id hash to store."""
    return await _in_thread(_hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Return whether a password belongs to a stored hash.

    SECURITY: without a stored hash the same work is done and the answer is False, so that the
    time of the answer does not tell whether an account exists.
    """
    return await _in_thread(_verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Return whether a hash is of another framework, or has other parameters than today's."""
    return not stored.startswith("$argon2") or _hasher().check_needs_rehash(stored)


def check_strength(password: str, *, personal: tuple[str, ...] = ()) -> None:
    """Refuse a new password that is easy to guess.

    `personal` holds words that the password must not be made of: the email, the name.

    Raises:
        WeakPassword: and says what to change.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(f"The password may have at most {LONGEST_PASSWORD} characters.")
    folded = password.casefold()
    if folded in _COMMON or len(set(folded)) < 3:
        raise WeakPassword("This password is one of the first that is tried. Choose another.")
    for word in personal:
        parts = [word, *word.split("@")]
        if any(part and part.casefold() in folded for part in parts if len(part) >= 4):
            raise WeakPassword("The password must not contain your name or email address.")


def _hash(password: str) -> str:
    return _hasher().hash(_prepared(password))


def _verify(stored: str | None, password: str) -> bool:
    if stored and foreign_check(stored) is not None:
        # SECURITY: it takes another time than the work for an unknown account, which tells that
        # there is one; so do the frameworks that made it. The first log-in ends that.
        return verify_foreign(stored, password[: LONGEST_PASSWORD + 1])
    if stored and is_argon2_of_django(stored):
        stored = stored.removeprefix("argon2")
    if _verify_argon2(stored or _dummy_hash(), _prepared(password)):
        return bool(stored)
    # Other frameworks hash what was typed, in whatever form of Unicode.
    raw = password[: LONGEST_PASSWORD + 1].encode("utf-8", "surrogatepass")
    is_other = raw != _prepared(password)
    return is_other and _verify_argon2(stored or _dummy_hash(), raw) and bool(stored)


def _verify_argon2(stored: str, password: bytes) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored, password)
    except (InvalidHashError, VerificationError):
        return False


def _prepared(password: str) -> bytes:
    # A lone surrogate cannot be typed, but it can be sent; it must verify as wrong, not crash.
    text = unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1])
    return text.encode("utf-8", "surrogatepass")


@functools.cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    # OWASP's second argon2id choice (19 MiB, 2 passes, 1 lane): the same strength as 64 MiB
    # with less memory held while many log in at once.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@functools.cache
def _dummy_hash() -> str:
    return _hasher().hash(os.urandom(16))


async def _in_thread(function: Callable[..., Result], *args: str | None) -> Result:
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(max(2, os.cpu_count() or 2))
        _limiter.set(limiter)
    return await anyio.to_thread.run_sync(function, *args, limiter=limiter)


_limiter: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar("hash_threads")

# The passwords of eight or more characters that lead every leaked list.
_COMMON = frozenset(
    """
    12345678 123456789 1234567890 0123456789 987654321 87654321 password password1 password12
    password123 passw0rd p@ssw0rd p@ssword qwertyui qwertyuiop qwerty123 1q2w3e4r 1q2w3e4r5t
    1qaz2wsx zaq12wsx q1w2e3r4 abcd1234 abc12345 abcdefgh iloveyou sunshine princess football
    baseball superman batman123 trustno1 welcome1 welcome123 letmein1 letmein123 admin123
    admin1234 administrator changeme changeme1 changeit computer internet whatever starwars
    michelle jennifer michael1 asdfghjk asdfghjkl zxcvbnm1 11111111 00000000 88888888 12341234
    11223344 123123123 qazwsxedc default1 secret12 secret123 testtest test1234 testing123
    """.split()  # noqa: SIM905
)
