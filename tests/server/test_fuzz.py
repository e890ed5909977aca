"""The parser's fuzzer, for a moment; `fuzz.py` says how to run it longer."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from .corpus import REFUSED, SERVED, request
from .fuzz import Player, cut, differences


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    made.close()


def test_random_requests_are_answered_alike_however_they_are_cut(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    first = random.SystemRandom().randrange(2**32)
    for seed in range(first, first + 150):
        found = differences(player, random.Random(seed))
        assert found == [], f"python -m tests.server.fuzz --seed {seed} --rounds 1"
    assert [one for one in caplog.records if one.name != "uvicorn.access"] == []


@pytest.mark.parametrize("name", [*REFUSED, *SERVED])
def test_corpus_is_answered_alike_however_it_is_cut(name: str, player: Player) -> None:
    data = (REFUSED.get(name) or SERVED[name]).data
    choose = random.Random(name)
    answer = player.play([data])
    for _ in range(5):
        assert player.play(cut(choose, data)) == answer


def test_absolute_form_does_not_speak_for_the_next_request(player: Player) -> None:
    reads = [request(b"http://b/x"), request(b"/y"), request(b"/z")]
    answer, _ = player.play(reads)
    assert answer.count(b'["host","b"]') == 1
    assert answer.count(b'["host","a"]') == 2


def test_malformed_body_of_the_last_request_is_answered(player: Player) -> None:
    head = request(b"/a", b"Connection: close\r\nTransfer-Encoding: chunked\r\n", method=b"POST")
    assert player.play([head, b"3\r\nabcX"]) == (b"refused", True)
