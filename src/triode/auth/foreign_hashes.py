"""Check passwords against hashes that Django or passlib made, for accounts that came from there.

Nothing is stored in these forms: whoever logs in gets an argon2id hash of ours in its place.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from triode.errors import MissingExtraError

_LARGEST_MEMORY: Final = 512 * 1024 * 1024
_BCRYPT_BYTES: Final = 72
"""What bcrypt looks at; the libraries that made the hashes cut the rest off."""

Check = Callable[[str, bytes], bool]


def foreign_check(stored: str) -> Check | None:
    """Return what checks a hash of this form, None if it is of no form known here."""
    return next((check for prefix, check in _CHECKS.items() if stored.startswith(prefix)), None)


def is_argon2_of_django(stored: str) -> bool:
    """Whether it is argon2's own form behind the name of Django's hasher."""
    return stored.startswith("argon2$argon2")


def verify_foreign(stored: str, password: str) -> bool:
    """Return whether a password belongs to a hash of another framework.

    Their passwords were taken as they were typed, in UTF-8. A hash that is damaged fits none.

    Raises:
        MissingExtraError: it is bcrypt's, and the package is not installed.
    """
    check = foreign_check(stored)
    if check is None:
        return False
    try:
        return check(stored, password.encode("utf-8", "surrogatepass"))
    except (ValueError, IndexError, binascii.Error, OverflowError, MemoryError):
        return False


def _django_pbkdf2(stored: str, password: bytes) -> bool:
    algorithm, rounds, salt, digest = stored.split("$")
    made = hashlib.pbkdf2_hmac(
        algorithm.removeprefix("pbkdf2_"), password, salt.encode(), int(rounds)
    )
    return hmac.compare_digest(base64.b64decode(digest), made)


def _django_scrypt(stored: str, password: bytes) -> bool:
    _, cost, salt, block, parallel, digest = stored.split("$")
    made = hashlib.scrypt(
        password,
        salt=salt.encode(),
        n=int(cost),
        r=int(block),
        p=int(parallel),
        maxmem=_LARGEST_MEMORY,
        dklen=64,
    )
    return hmac.compare_digest(base64.b64decode(digest), made)


def _django_bcrypt(stored: str, password: bytes) -> bool:
    return _bcrypt(stored.partition("$")[2], password)


def _django_bcrypt_sha256(stored: str, password: bytes) -> bool:
    digest = hashlib.sha256(password).hexdigest().encode()
    return _bcrypt(stored.partition("$")[2], digest)


def _passlib_pbkdf2(stored: str, password: bytes) -> bool:
    _, algorithm, rounds, salt, digest = stored.split("$")
    name = algorithm.removeprefix("pbkdf2-")
    made = hashlib.pbkdf2_hmac(name, password, _adapted(salt), int(rounds))
    return hmac.compare_digest(_adapted(digest), made)


def _adapted(text: str) -> bytes:
    """Decode passlib's base64, which has dots in place of pluses and no padding."""
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)


def _bcrypt(stored: str, password: bytes) -> bool:
    try:
        import bcrypt
    except ModuleNotFoundError as exc:
        raise MissingExtraError("bcrypt", extra="bcrypt", feature="A password of bcrypt") from exc
    return bool(bcrypt.checkpw(password[:_BCRYPT_BYTES], stored.encode()))


_CHECKS: Final[dict[str, Check]] = {
    "pbkdf2_sha256$": _django_pbkdf2,
    "pbkdf2_sha1$": _django_pbkdf2,
    "scrypt$": _django_scrypt,
    "bcrypt_sha256$": _django_bcrypt_sha256,
    "bcrypt$": _django_bcrypt,
    "$pbkdf2-sha256$": _passlib_pbkdf2,
    "$pbkdf2-sha512$": _passlib_pbkdf2,
    "$2a$": _bcrypt,
    "$2b$": _bcrypt,
    "$2y$": _bcrypt,
}
