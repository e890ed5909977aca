"""`response_model_exclude_none` and its like."""

from typing import Any

import msgspec
import pydantic
import pytest

from triode.app import App


class Owner(msgspec.Struct):
    name: str
    phone: str | None = None


class Item(msgspec.Struct):
    name: str
    note: str | None = None
    tax: float = 10.5
    tags: list[str] = []
    owner: Owner | None = None


class PydanticItem(pydantic.BaseModel):
    name: str
    note: str | None = None
    tax: float = 10.5


def answer(serve: Any, value: Any, annotation: Any = ..., **options: Any) -> Any:
    async def handler():  # type: ignore[no-untyped-def]
        return value

    if annotation is not ...:
        handler.__annotations__["return"] = annotation
    app = App(openapi_url=None)
    options = {f"response_model_{name}": option for name, option in options.items()}
    app.add_api_route("/", handler, **options)
    response = serve(app).get("/")
    assert response.status_code == 200
    return response.json()


def test_exclude_none(serve: Any) -> None:
    value = [Item("a"), Item("b", "x", owner=Owner("c"))]
    assert answer(serve, value, list[Item], exclude_none=True) == [
        {"name": "a", "tax": 10.5, "tags": []},
        {"name": "b", "note": "x", "tax": 10.5, "tags": [], "owner": {"name": "c"}},
    ]


def test_exclude_none_without_a_contract(serve: Any) -> None:
    value = {"a": None, "b": {"c": None, "d": 0}}
    assert answer(serve, value, exclude_none=True) == {"b": {"d": 0}}


@pytest.mark.parametrize("name", ["exclude_unset", "exclude_defaults"])
def test_defaults_of_a_struct(serve: Any, name: str) -> None:
    value = Item("a", tax=10.5, owner=Owner("c", "1"))
    assert answer(serve, value, Item, **{name: True}) == {
        "name": "a",
        "owner": {"name": "c", "phone": "1"},
    }


def test_what_was_set_of_a_pydantic_model(serve: Any) -> None:
    value = PydanticItem(name="a", tax=10.5)
    assert answer(serve, value, PydanticItem, exclude_unset=True) == {"name": "a", "tax": 10.5}
    assert answer(serve, value, PydanticItem, exclude_defaults=True) == {"name": "a"}


def test_what_was_set_of_a_mapping(serve: Any) -> None:
    value = {"name": "a", "note": None, "secret": 1}
    assert answer(serve, value, Item, exclude_unset=True) == {"name": "a", "note": None}


def test_include_and_exclude(serve: Any) -> None:
    value = Item("a", owner=Owner("c", "1"))
    assert answer(serve, value, Item, include={"name", "tax"}) == {"name": "a", "tax": 10.5}
    assert answer(serve, value, Item, exclude=["tags", "owner", "note"]) == {
        "name": "a",
        "tax": 10.5,
    }
    assert answer(serve, [value], list[Item], include={"name"}) == [{"name": "a"}]


def test_include_and_exclude_below(serve: Any) -> None:
    value = Item("a", owner=Owner("c", "1"))
    include = {"name": True, "owner": {"phone"}}
    assert answer(serve, value, Item, include=include) == {"name": "a", "owner": {"phone": "1"}}
    exclude = {"owner": {"phone"}, "tags": True, "tax": ..., "note": True}
    assert answer(serve, value, Item, exclude=exclude) == {"name": "a", "owner": {"name": "c"}}


def test_write_only_and_foreign_fields_stay_out(serve: Any) -> None:
    class Public(msgspec.Struct):
        name: str

    value = Item("a", "private")
    assert answer(serve, value, Public, exclude_none=True) == {"name": "a"}
