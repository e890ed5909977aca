"""Models that refer to one with a key of several columns, and rows of such a one that go along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.admin.conftest import Place
from tests.admin.library import make_app, notes
from tests.conftest import Serve
from triode.db import ForeignKey, Model, model_registry
from triode.errors import ModelError


@pytest.fixture
def shop() -> Iterator[tuple[type[Model], type[Model], type[Model]]]:
    class Order(Model):
        number: str

    class Line(Model):
        order: Order = ForeignKey(on_delete="cascade")
        place: int = 1

        class Meta:
            primary_key = ("order", "place")

    class Remark(Model):
        text: str
        line: Line | None = ForeignKey(on_delete="set null")

    yield Order, Line, Remark
    for model in (Order, Line, Remark):
        model_registry.remove(model.__table__)


def test_foreign_key_of_several_columns_is_edited_as_such(
    tmp_path: Path, serve: Serve, shop: tuple[type[Model], ...]
) -> None:
    order, line, remark = shop
    app, auth = make_app(tmp_path)
    admin = app.admin(order, remark)
    place = Place(app, auth, admin, serve(app))
    ada = place.visitor()
    place.save(order(number="1"), line(order_id=1, place=2))
    ada.get("/admin/remark/add")
    sent = {"text": "new", "line_order_id": "1", "line_place": "2", "_save": "list"}
    assert notes(ada.post("/admin/remark/add", sent)) == ["“new” was added."]
    assert place.run(remark.get(1)).line_place == 2
    page = ada.get("/admin/order/1/delete")
    assert ("Line" in page.text, page.status_code) == (True, 200)
    ada.post("/admin/order/1/delete", {"_confirm": "yes"})
    assert (place.run(line.count()), place.run(remark.get(1)).line_place) == (0, None)


def test_model_with_such_a_key_has_no_pages(
    tmp_path: Path, serve: Serve, shop: tuple[type[Model], ...]
) -> None:
    app, _ = make_app(tmp_path)
    app.admin(shop[1])
    with pytest.raises(ModelError) as caught:
        serve(app)
    assert caught.value.code == "model-composite-key"
