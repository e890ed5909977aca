"""The program of docs/models.md, run."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from triode.db import Database, ValueRefused
from triode.schema import Create, ValidationFailed, json_decoder, json_encoder

PROGRAM = Path(__file__).parents[2] / "docs" / "snippets" / "models" / "shop.py"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("snippet_shop", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "snippet_shop", module)
    spec.loader.exec_module(module)
    database = Database("sqlite://")
    with database.active():
        database.create_tables(*module.MODELS).run()
        yield module
    database.close()


def test_relations_of_the_guide(shop: Any) -> None:
    assert asyncio.run(shop.tell()) == {
        "level": 7,
        "old": ["Z"],
        "young": [],
        "of_ann": ["Z"],
        "eldest": ["ann"],
    }


def test_other_database_of_the_guide(shop: Any) -> None:
    assert asyncio.run(shop.archive()) == 1
    assert shop.Document.count().run() == 0


def test_fields_of_the_guide(shop: Any) -> None:
    product = shop.Product(name="Lamp", price=Decimal("9.50"), tags=["new"]).save().run()
    assert product.refresh().run().label == "Lamp, 9.50"
    assert b'"label":"Lamp, 9.50"' in json_encoder(shop.Product)(product)


def test_own_type_of_the_guide(shop: Any) -> None:
    read = json_decoder(Create[shop.Voucher])
    assert read(b'{"worth": 500}').save().run().worth.cents == 500
    with pytest.raises(ValidationFailed, match="no negative money"):
        read(b'{"worth": -1}')


def test_check_of_the_guide(shop: Any) -> None:
    with pytest.raises(ValueRefused, match="The range is upside down"):
        shop.Account(email="a@x.org", low=11).save().run()
