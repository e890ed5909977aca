"""The search of a list by the index that the model itself declares."""

from __future__ import annotations

from pathlib import Path

from tests.admin.conftest import Place
from tests.admin.library import cells, make_app
from tests.conftest import Serve
from triode.db import Model, Search


class Essay(Model):
    title: str
    body: str = ""

    class Meta:
        search = Search("title", "body")


def test_list_is_searched_as_the_model_says(tmp_path: Path, serve: Serve) -> None:
    app, auth = make_app(tmp_path)
    place = Place(app, auth, app.admin(Essay), serve(app))
    ada = place.visitor()
    place.save(Essay(title="Café", body="of the sea"), Essay(title="Calm", body="seaside cafe"))

    def titles(words: str) -> list[str]:
        page = ada.get(f"/admin/essay?q={words}")
        assert page.status_code == 200
        return sorted(row[0] for row in cells(page))

    assert titles("cafe+sea") == ["Café", "Calm"]
    assert titles("sea+cafe") == ["Café"]
    assert titles("sea+-calm") == ["Café"]
    assert titles("%22+*") == []
    assert titles("") == ["Café", "Calm"]
