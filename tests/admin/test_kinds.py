"""Every kind of field: shown, edited, and left as it was where nobody touched it."""

from __future__ import annotations

import datetime
import enum
import re
import uuid
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.admin.library import Visitor, cells, errors, make_app, notes
from tests.conftest import Serve
from tests.db.kinds import Document, Temperature, TemperatureColumn
from triode.auth import User
from triode.db import Field, Model


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Everything(Model):
    key: uuid.UUID = Field(primary_key=True)
    text: str | None = None
    whole: int = 0
    ratio: float = 0.5
    price: Decimal = Field(default=Decimal("1.50"), max_digits=8, decimal_places=2)
    flag: bool | None = None
    day: datetime.date | None = None
    moment: datetime.datetime | None = None
    clock: datetime.time | None = None
    span: datetime.timedelta | None = None
    level: Level = Level.LOW
    size: str = Field(default="s", choices=[("s", "Small"), ("l", "Large")])
    tags: list[str] = Field(default_factory=list)
    extra: dict[str, Any] = Field(default_factory=dict)
    data: bytes = b""
    other: uuid.UUID | None = None
    local: datetime.datetime | None = Field(default=None, timezone=False)
    address: IPv4Address | None = None
    path: PurePosixPath | None = None
    document: Document | None = None
    numbers: list[int] = Field(default_factory=list, array=True)
    heat: Temperature | None = Field(default=None, column_type=TemperatureColumn)


KEY = uuid.UUID(int=7)
FULL = {
    "key": KEY, "text": "a\nb", "whole": -3, "ratio": 0.1, "price": Decimal("12.30"), "flag": False,
    "day": datetime.date(2026, 2, 3),
    "moment": datetime.datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=datetime.UTC),
    "clock": datetime.time(4, 5, 6), "span": datetime.timedelta(hours=3, seconds=1),
    "level": Level.HIGH, "size": "l", "tags": ["x", "y"], "extra": {"a": [1, None]},
    "data": b"\0\1", "other": KEY, "local": datetime.datetime(2026, 2, 3, 4, 5, 6),
    "address": IPv4Address("10.0.0.1"), "path": PurePosixPath("/a b"),
    "document": Document(number=1, signed=datetime.date(2026, 1, 2)), "numbers": [3, 1],
    "heat": Temperature(36.5),
}  # fmt: skip


@pytest.fixture
def ada(tmp_path: Path, serve: Serve) -> Visitor:
    """Return an administrator of an application with one row of everything."""
    app, auth = make_app(tmp_path)
    app.admin(Everything, list_display=[*FULL], list_filter=["flag", "level", "size", "moment"])
    visitor = Visitor(serve(app))
    with app.database.active():
        visitor.log_in(auth, User(email="ada@example.org", is_admin=True).save().run())
        Everything(**FULL).save().run()
    return visitor


def typed(page: str) -> dict[str, Any]:
    """Return what a browser would send of a form that nobody touched."""
    sent: dict[str, Any] = {"_save": "edit"}
    for tag in re.findall(r"<input [^>]+>", page):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if found.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in found and found["name"] != "csrf_token":
            sent[found["name"]] = found.get("value", "")
    for name, text in re.findall(
        r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.S
    ):
        sent[name] = text.replace("&#34;", '"').replace("\n", "\r\n")
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', page, re.S):
        sent[name] = re.findall(r'<option value="([^"]*)" selected', options)[0]
    return sent


def test_every_kind_is_listed(ada: Visitor) -> None:
    [row] = cells(ada.get("/admin/everything"))
    assert row == [
        str(KEY), "a b", "-3", "0.1", "12.30", "No", "3 Feb 2026", "3 Feb 2026, 04:05",
        "04:05:06", "3:00:01", "High", "Large", "[&#34;x&#34;,&#34;y&#34;]",
        "{&#34;a&#34;:[1,null]}", "2 bytes", str(KEY), "3 Feb 2026, 04:05", "10.0.0.1", "/a b",
        "number=1 signed=datetime.date(2026, 1, 2)", "[3,1]", "36.5",
    ]  # fmt: skip


def test_a_form_that_nobody_touched_changes_nothing(ada: Visitor) -> None:
    address = f"/admin/everything/{KEY}/edit"
    page = ada.get(address)
    answer = ada.post(address, typed(page.text))
    assert notes(answer) == ["“a b” was saved."]
    stored = Everything.get(KEY).run()
    assert {name: getattr(stored, name) for name in FULL} == FULL


def test_every_kind_is_changed(ada: Visitor) -> None:
    address = f"/admin/everything/{KEY}/edit"
    sent = typed(ada.get(address).text)
    sent |= {
        "text": "", "whole": "5", "ratio": "2.5", "price": "3.20", "flag": "true",
        "day": "2027-01-02", "moment": "2027-01-02T03:04", "clock": "05:06", "level": "1",
        "size": "s", "tags": "one\r\n\r\ntwo", "extra": '{"b": 2}', "other": "", "span": "",
        "local": "2027-01-02T03:04", "address": "10.0.0.2", "path": "", "numbers": "7",
        "heat": "-1",
        "document": '{"number": 2, "signed": "2027-01-02"}',
    }  # fmt: skip
    answer = ada.post(address, sent)
    assert errors(answer) == {}
    stored = Everything.get(KEY).run()
    moment = datetime.datetime(2027, 1, 2, 3, 4, tzinfo=datetime.UTC)
    assert {name: getattr(stored, name) for name in FULL} == {
        "key": KEY, "text": None, "whole": 5, "ratio": 2.5, "price": Decimal("3.20"), "flag": True,
        "day": datetime.date(2027, 1, 2), "moment": moment, "clock": datetime.time(5, 6),
        "span": None, "level": Level.LOW, "size": "s", "tags": ["one", "two"], "extra": {"b": 2},
        "data": b"\0\1", "other": None, "local": datetime.datetime(2027, 1, 2, 3, 4),
        "address": IPv4Address("10.0.0.2"), "path": None, "numbers": [7], "heat": Temperature(-1.0),
        "document": Document(number=2, signed=datetime.date(2027, 1, 2)),
    }  # fmt: skip


REFUSED = [
    ("whole", "9" * 30), ("whole", "1.5"), ("ratio", "much"), ("price", "1.234"),
    ("price", "99999999"), ("day", "2026-02-30"), ("moment", "yesterday"), ("level", "9"),
    ("address", "10.0.0"), ("heat", "-300"), ("document", "{}"), ("numbers", "x"),
    ("extra", "{"), ("extra", "[" * 100_000), ("other", "no"), ("key", ""),
]  # fmt: skip


def test_what_no_field_can_hold_is_said_beside_it(ada: Visitor) -> None:
    address = f"/admin/everything/{KEY}/edit"
    sent = typed(ada.get(address).text)
    for name, text in REFUSED:
        answer = ada.post(address, sent | {name: text})
        assert (answer.status_code, list(errors(answer))) == (422, [name]), text[:40]
