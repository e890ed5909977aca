"""The programs of docs/transactions.md, run."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from triode.testing import LaneClient

PROGRAM = Path(__file__).parents[2] / "docs" / "snippets" / "transactions" / "app.py"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the guide's application over a database of its own."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'app.db'}")
    return runpy.run_path(str(PROGRAM))


@pytest.fixture
def client(program: dict[str, Any]) -> Iterator[LaneClient]:
    with LaneClient(program["app"]) as found:
        program["open_accounts"](["ann", "bob"])
        yield found


def cents(program: dict[str, Any]) -> list[int]:
    account = program["Account"]
    return [each.cents for each in account.order_by(account.id).run()]


def test_transfer_is_whole_or_not_at_all(client: LaneClient, program: dict[str, Any]) -> None:
    def transfer(amount: int) -> int:
        query = {"source": "ann", "target": "bob", "cents": amount}
        return client.post("/transfers", params=query).status_code

    assert (transfer(30), transfer(300)) == (200, 409)
    assert cents(program) == [70, 130]
    assert program["sent"] == ["30 for bob"]


def test_report_and_repetition(client: LaneClient, program: dict[str, Any]) -> None:
    assert client.get("/report").json() == {"accounts": 2, "with money": 2}
    assert client.post("/double", params={"owner": "bob"}).json() == 200
    assert cents(program) == [100, 200]


def test_errands_are_done_once(client: LaneClient, program: dict[str, Any]) -> None:
    program["Errand"].insert_many([{"text": "a"}, {"text": "b"}]).run()

    async def work() -> list[bool]:
        return list(await asyncio.gather(*[program["do_next"]() for _ in range(3)]))

    assert asyncio.run(work()) == [True, True, False]
    assert program["sent"] == ["a", "b"]


def test_request_is_undone(client: LaneClient, program: dict[str, Any]) -> None:
    assert client.post("/bookings", params={"text": ""}).status_code == 400
    assert client.post("/bookings", params={"text": "a"}).json() == {"id": 1, "text": "a"}


def test_inner_blocks(program: dict[str, Any]) -> None:
    database, booking = program["app"].database, program["Booking"]
    database.create_tables().run()
    assert asyncio.run(program["note_all"](["a", "b!", "c"])) == 2
    assert [each.text for each in booking.where().run()] == ["a", "c"]
    database.close()
