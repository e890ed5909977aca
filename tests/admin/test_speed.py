"""The change list asks the database as often for many rows as for one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Place
from tests.admin.library import Author, Post, Visitor, cells


def test_a_list_asks_as_often_for_many_rows_as_for_one(
    place: Place, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.admin.register(Post, list_display=["title", "author", "tags"])
    channel = type(place.app.database.channel())
    asked: list[str] = []
    plain = channel.read

    async def read(self: Any, sql: str, parameters: Any) -> Any:
        asked.append(sql)
        return await plain(self, sql, parameters)

    monkeypatch.setattr(channel, "read", read)
    place.save(Post(title="One", author=place.save(Author(name="Bo"))))
    ada.get("/admin/post")
    asked.clear()
    ada.get("/admin/post")
    for_one = len(asked)
    for number in range(20):
        place.save(Post(title=f"Post {number}", author=place.save(Author(name=f"A {number}"))))
    asked.clear()
    page = ada.get("/admin/post")
    assert len(cells(page)) == 21
    assert len(asked) == for_one
