"""How the rounds of the HTTP benchmark are kept apart."""

from typing import Any

import pytest

from bench import rounds


class Busy:
    """A server that works on for some readings of its CPU time."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.readings = 0

    def cpu_seconds(self) -> float:
        self.readings += 1
        return self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]


def settled(*seconds: float) -> int:
    server: Any = Busy(*seconds)
    rounds.let_settle(server)
    return int(server.readings)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds.time, "sleep", lambda _seconds: None)


def test_idle_server_is_looked_at_twice() -> None:
    assert settled(1.0) == 2


def test_busy_server_is_waited_for() -> None:
    assert settled(1.0, 1.1, 1.2, 1.3) == 5


def test_server_that_never_rests_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "SETTLE_SECONDS", -1)
    assert settled(1.0, 1.1, 1.2) == 1
