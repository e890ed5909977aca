"""Whoever guesses has to wait."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from tests.auth.conftest import Browser
from triode.app import App
from triode.auth import Auth, users
from triode.auth.lockout import LONGEST_WAIT, Lockout, TooManyAttempts
from triode.http.addresses import client_group, is_a_strangers


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wait_of(lockout: Lockout, *key: str) -> int:
    try:
        lockout.check(*key)
    except TooManyAttempts as exc:
        return exc.wait
    return 0


def test_the_wait_doubles_after_the_free_failures(clock: Clock) -> None:
    lockout = Lockout(free=3, clock=clock)
    waits = []
    for _ in range(6):
        lockout.failed("ada", "192.0.2.1")
        waits.append(wait_of(lockout, "ada", "192.0.2.1"))
    assert waits == [0, 0, 2, 4, 8, 16]


def test_the_wait_ends(clock: Clock) -> None:
    lockout = Lockout(free=1, clock=clock)
    lockout.failed("ada")
    clock.now += 2
    assert wait_of(lockout, "ada") == 0


def test_the_wait_has_a_ceiling(clock: Clock) -> None:
    lockout = Lockout(free=1, clock=clock)
    for _ in range(2000):
        lockout.failed("ada")
    assert wait_of(lockout, "ada") == LONGEST_WAIT


def test_one_key_does_not_hold_up_another(clock: Clock) -> None:
    lockout = Lockout(free=1, clock=clock)
    lockout.failed("ada", "192.0.2.1")
    assert wait_of(lockout, "ada", "192.0.2.2") == 0


def test_a_success_forgives(clock: Clock) -> None:
    lockout = Lockout(free=2, clock=clock)
    lockout.failed("ada")
    lockout.succeeded("ada")
    lockout.failed("ada")
    assert wait_of(lockout, "ada") == 0


def test_a_quiet_hour_forgives(clock: Clock) -> None:
    lockout = Lockout(free=2, clock=clock)
    lockout.failed("ada")
    clock.now += 3601
    lockout.failed("ada")
    assert wait_of(lockout, "ada") == 0


def test_memory_is_bounded(clock: Clock) -> None:
    lockout = Lockout(free=1, capacity=10, clock=clock)
    for number in range(100):
        lockout.failed(str(number))
    assert len(lockout._failures) == 10
    assert wait_of(lockout, "99") == 2


def test_the_refusal_tells_when_to_come_back() -> None:
    refusal = TooManyAttempts(61.4)
    assert (refusal.status_code, refusal.headers) == (429, {"retry-after": "61"})
    assert refusal.detail == "Too many attempts. Try again in 2 minutes."
    assert TooManyAttempts(0.2).detail == "Too many attempts. Try again in 1 second."


@pytest.mark.parametrize(
    ("client", "is_counted"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::/64", True), ("100.64.0.1", False),
        ("testclient", False),
        ("127.0.0.1", False), ("10.0.0.7", False), ("192.168.1.1", False), ("::1", False),
        ("::/64", False), ("fd00:1:2:3::/64", False), ("fe80::/64", False), ("", False),
    ],
)  # fmt: skip
def test_an_address_that_may_be_a_proxys_is_not_counted_alone(
    client: str, is_counted: bool
) -> None:
    assert is_a_strangers(client) is is_counted


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_network_of_ipv6_is_one_client(address: str, group: str) -> None:
    assert client_group(address) == group


async def guess(authenticator: users.Authenticator, client: str) -> str:
    """Guess for three accounts; return what the last guess met."""
    try:
        for name in ("ada", "bob", "eve"):
            await authenticator.check(f"{name}@example.org", "wrong guess", client=client)
    except TooManyAttempts:
        return "has to wait"
    return "may go on"


def test_one_client_behind_a_proxy_does_not_hold_up_the_others(monkeypatch: Any) -> None:
    async def nobody(email: str) -> None:
        return None

    monkeypatch.setattr(users, "find_user", nobody)
    clients = ("8.8.8.8", "127.0.0.1", "10.0.0.7")
    met = [
        anyio.run(guess, users.Authenticator(per_client=Lockout(free=2)), each) for each in clients
    ]
    assert met == ["has to wait", "may go on", "may go on"]


def test_clients_behind_a_known_proxy_are_counted_alone(app: App, browser: Browser) -> None:
    app.extension(Auth).authenticator.per_client = Lockout(free=2)  # type: ignore[union-attr]

    def guess_from(address: str, name: str) -> int:
        browser.client.headers["X-Forwarded-For"] = f"6.6.6.6, {address}"
        return int(browser.log_in(f"{name}@example.org", "wrong guess").status_code)

    assert [guess_from("10.0.0.7", name) for name in "abc"] == [401, 401, 401]
    app.trusted_proxies = 1
    assert [guess_from("10.0.0.7", name) for name in "def"] == [401, 401, 429]
    assert guess_from("10.0.0.8", "g") == 401
