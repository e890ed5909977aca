"""Passwords are stored as argon2id and checked in even time."""

from __future__ import annotations

import time

import anyio
import pytest
from argon2 import PasswordHasher

from triode.auth import passwords
from triode.auth.passwords import (
    WeakPassword,
    check_strength,
    hash_password,
    needs_rehash,
    verify_password,
)


def verify(stored: str | None, password: str) -> bool:
    return anyio.run(verify_password, stored, password)


def test_the_right_password_verifies_and_a_wrong_one_does_not() -> None:
    stored = anyio.run(hash_password, "correct horse")
    assert stored.startswith("$argon2id$")
    assert verify(stored, "correct horse")
    assert not verify(stored, "correct horse ")


def test_two_hashes_of_one_password_differ() -> None:
    assert anyio.run(hash_password, "correct horse") != anyio.run(hash_password, "correct horse")


def test_the_same_letters_from_another_keyboard_verify() -> None:
    assert verify(anyio.run(hash_password, "caf\u00e9 cr\u00e8me"), "cafe\u0301 cre\u0300me")


@pytest.mark.parametrize("stored", ["", "!", "$argon2id$", "plain", "$2b$12$abc"])
def test_a_hash_that_is_none_never_verifies(stored: str) -> None:
    assert not verify(stored, "anything")


def test_a_missing_account_never_verifies_and_takes_as_long() -> None:
    stored = anyio.run(hash_password, "correct horse")
    verify(None, "warm up")

    def fastest(hashed: str | None) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            assert not verify(hashed, "wrong guess")
            times.append(time.perf_counter() - start)
        return min(times)

    assert 0.5 < fastest(None) / fastest(stored) < 2.0


def test_a_lone_surrogate_is_only_wrong() -> None:
    stored = anyio.run(hash_password, "correct horse")
    assert not verify(stored, "\ud800")


def test_the_end_of_a_long_password_is_not_dropped_within_the_limit() -> None:
    stored = anyio.run(hash_password, "a" * 1023 + "b")
    assert not verify(stored, "a" * 1024)
    assert not verify(stored, "a" * 1023 + "bc")


def test_a_hash_of_other_parameters_needs_a_new_one() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192).hash("x"))
    assert not needs_rehash(anyio.run(hash_password, "correct horse"))


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "The password needs at least 8 characters."),
        ("x" * 1025, "The password may have at most 1024 characters."),
        ("Password1", "This password is one of the first that is tried. Choose another."),
        ("aaaaaaaabbbb", "This password is one of the first that is tried. Choose another."),
        ("ada-lovelace-1815", "The password must not contain your name or email address."),
    ],
)
def test_a_weak_password_is_refused(password: str, message: str) -> None:
    with pytest.raises(WeakPassword) as caught:
        check_strength(password, personal=("ada-lovelace@example.org",))
    assert caught.value.detail == message


def test_a_good_password_passes() -> None:
    check_strength("correct horse battery staple", personal=("ada@example.org",))


def test_only_a_few_hashes_run_at_once() -> None:
    async def limit() -> float:
        await hash_password("correct horse")
        return passwords._limiter.get().total_tokens

    assert 2 <= anyio.run(limit) <= 64
