"""The programs of docs/openapi.md, run."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.conftest import Serve

SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets" / "openapi"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Import a program of the guide on an empty database."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/app.db")

    def start(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(f"guide_{name}", SNIPPETS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module.app

    return start


def test_shop_lists_its_errors(load: Callable[[str], Any]) -> None:
    document = load("shop").openapi()

    validate(document)
    answers = {
        operation["operationId"]: list(operation["responses"])
        for item in document["paths"].values()
        for operation in item.values()
    }
    assert answers == {
        "get_item_items__item_id__get": ["200", "403", "404", "422"],
        "create_item_items_post": ["201", "409", "413", "422"],
    }
    create = document["paths"]["/items"]["post"]
    assert list(create["callbacks"]) == ["sold"]
    assert list(create["requestBody"]["content"]["application/json"]["examples"]) == ["book"]
    assert list(document["webhooks"]) == ["new-item"]
    text = document["paths"]["/items/{item_id}"]["get"]["description"]
    assert text == "Return one item.\n\n**Prices** include taxes."


def test_shop_answers_as_it_says(load: Callable[[str], Any], serve: Serve) -> None:
    client = serve(load("shop"))
    book = {"name": "Emma", "price": 900}

    created = [client.post("/items", json=book).status_code for _ in range(2)]

    assert created == [201, 409]
    assert [client.get(f"/items/{key}").status_code for key in (1, 2, "x")] == [403, 404, 422]


def test_document_and_page_of_ones_own(load: Callable[[str], Any], serve: Serve) -> None:
    client = serve(load("own_document"))

    assert client.get("/openapi.json").json()["info"]["x-logo"] == {
        "url": "https://shop.example/logo.svg"
    }
    assert "docExpansion" in client.get("/explore").text
    assert "<title>Reference</title>" in client.get("/reference").text
