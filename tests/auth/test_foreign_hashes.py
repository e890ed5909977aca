"""Accounts that came from Django or passlib log in with the password they had."""

from __future__ import annotations

import hashlib
import sys

import anyio
import argon2
import bcrypt
import pytest

from triode.auth.passwords import needs_rehash, verify_password
from triode.errors import MissingExtraError

WORD = "pässword 🐎"

django_hashers = pytest.importorskip("django.contrib.auth.hashers")


def verify(stored: str, password: str) -> bool:
    return anyio.run(verify_password, stored, password)


# Made of the classes themselves: a process has only one configuration of Django.
@pytest.mark.parametrize(
    "name", ["PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt"]
)
def test_hash_of_django(name: str) -> None:
    hasher = getattr(django_hashers, f"{name}PasswordHasher")()
    stored = hasher.encode(WORD, hasher.salt())
    assert stored.startswith(hasher.algorithm)
    assert verify(stored, WORD)
    assert not verify(stored, WORD + "!")
    assert needs_rehash(stored)


def test_bcrypt_of_passlib() -> None:
    stored = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    assert verify(stored, "secret")
    assert not verify(stored, "wrong")
    assert needs_rehash(stored)


def test_argon2_of_another_framework_takes_what_was_typed() -> None:
    typed = "cafe\u0301"
    stored = argon2.PasswordHasher(2, 8, 1).hash(typed)
    assert verify(stored, typed)
    assert not verify(stored, "cafe")
    assert needs_rehash(stored)


def test_pbkdf2_of_passlib() -> None:
    import base64

    made = hashlib.pbkdf2_hmac("sha256", b"secret", b"saltsalt", 1000)
    parts = [base64.b64encode(each).decode().rstrip("=") for each in (b"saltsalt", made)]
    stored = f"$pbkdf2-sha256$1000${'$'.join(parts).replace('+', '.')}"
    assert verify(stored, "secret")
    assert not verify(stored, "secreT")


def test_bcrypt_of_a_long_password_looks_at_72_bytes() -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert verify(stored, "x" * 100)


@pytest.mark.parametrize(
    "stored",
    [
        "pbkdf2_sha256$x$y",
        "pbkdf2_sha256$many$salt$AAAA",
        "scrypt$1$salt$8$1$AAAA",
        "bcrypt$$2b$12$short",
        "$2b$12$short",
        "$pbkdf2-sha256$10$!$!",
        "argon2$argon2id$nothing",
        "md5$salt$hash",
    ],
)
def test_damaged_hash_fits_no_password(stored: str) -> None:
    assert not verify(stored, "secret")
    assert needs_rehash(stored)


def test_missing_bcrypt_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with pytest.raises(MissingExtraError, match=r'pip install "triode\[bcrypt\]"'):
        verify("$2b$04$" + "a" * 53, "secret")
