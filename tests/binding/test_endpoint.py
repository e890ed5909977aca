"""Handlers of every shape, and names that the generated code uses itself."""

import asyncio
import builtins
import functools
import keyword
from typing import Annotated, Any

import pytest

from triode.app import App
from triode.binding.endpoint import TOOLS
from triode.binding.markers import Body, Depends, Form, Path, Query
from triode.errors import BindingError, RouteError, TriodeError
from triode.testing import TestClient

NAMES = sorted(
    {*TOOLS, "call", "query", "headers", "params", "problems", "raw", "result", "form", "body"}
    | {"stack", "exc", "stop", "finish", "reply", "response", "background", "endpoint", "solve"}
    | {"len", "query_lists", "solve", "decode", "gather", "default", "make_default", "handler"}
    | {name for name in dir(builtins) if not name.startswith("_")}
)


def app_with(handler: Any, path: str = "/", **options: Any) -> App:
    app = App(openapi_url=None)
    app.add_api_route(path, handler, **options)
    return app


@pytest.mark.parametrize("marker", ["Query(2)", "Form(2)", "Body(2)", "Depends(two)"])
@pytest.mark.parametrize("prefix", ["", "async "])
def test_any_name_can_be_a_parameter(serve: Any, prefix: str, marker: str) -> None:
    names = [name for name in NAMES if not keyword.iskeyword(name)]
    chosen = f"Annotated[int, {marker}]" if "Depends" in marker else "int"
    default = "" if "Depends" in marker else f" = {marker}"
    app = App(openapi_url=None)
    for name in names:
        space: dict[str, Any] = {
            "Annotated": Annotated, "Query": Query, "Form": Form, "Body": Body, "Depends": Depends,
        }  # fmt: skip
        exec(
            f"def two(n: Annotated[int, Query()] = 2): return n\n"
            f"{prefix}def handler({name}: {chosen}{default}, other: int = 3):\n"
            f"    return [{name}, other]",
            space,
        )
        app.add_api_route(f"/{name}", space["handler"], methods=["POST"])
    client = serve(app)
    failed = [name for name in names if client.post(f"/{name}").text != "[2,3]"]
    assert failed == []


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_a_dependency(name: str) -> None:
    async def dependency(n: int = 2) -> int:
        return n

    dependency.__name__ = name

    async def handler(value: Annotated[int, Depends(dependency)], n: int = 3) -> list[int]:
        return [value, n]

    handler.__name__ = name
    assert TestClient(app_with(handler)).get("/").text == "[2,3]"


@pytest.mark.parametrize("alias", ["a b", "a'b", 'a"b', "a\\b", "é", "a{b}", "for", "a\nb", "%"])
def test_any_text_can_be_an_alias(serve: Any, alias: str) -> None:
    async def handler(value: Annotated[int, Query(alias=alias)]) -> int:
        return value

    client = serve(app_with(handler))
    assert client.get("/", params={alias: "3"}).json() == 3
    assert client.get("/").json()["detail"][0]["loc"] == ["query", alias]


def test_handlers_that_are_no_functions(serve: Any) -> None:
    class Handler:
        def __init__(self, factor: int) -> None:
            self.factor = factor

        async def __call__(self, n: int) -> int:
            return n * self.factor

        def method(self, n: int) -> int:
            return n + self.factor

    def add(n: int, m: int) -> int:
        return n + m

    def decorated(function: Any) -> Any:
        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return await function(*args, **kwargs)

        return wrapper

    @decorated
    async def wrapped(n: int) -> int:
        return -n

    app = App(openapi_url=None)
    app.add_api_route("/instance", Handler(3))
    app.add_api_route("/method", Handler(3).method)
    app.add_api_route("/partial", functools.partial(add, m=10))
    app.add_api_route("/wrapped", wrapped)
    app.add_api_route("/lambda", lambda n: n)
    client = serve(app)
    paths = ["instance", "method", "partial", "wrapped", "lambda"]
    assert [client.get(f"/{path}?n=2").json() for path in paths] == [6, 5, 12, -2, "2"]


def test_other_kinds_of_parameters(serve: Any) -> None:
    async def handler(b: int, *args: Any, c: int = 3, **kwargs: Any) -> list[Any]:
        return [b, args, c, kwargs]

    assert serve(app_with(handler)).get("/?a=1&b=2&d=4").json() == [2, [], 3, {}]


def test_positional_only_parameter_is_refused() -> None:
    async def handler(a: int, /) -> None: ...

    with pytest.raises(BindingError) as caught:
        app_with(handler)
    assert str(caught.value) == (
        f"{__file__}:{handler.__code__.co_firstlineno}: Parameter 'a' of tests.binding."
        f'test_endpoint.{handler.__qualname__} is positional-only. Leave out the "/". '
        "[binding-parameter]"
    )


def test_handler_without_annotations(serve: Any) -> None:
    async def handler(item_id, q=None, n=3):  # type: ignore[no-untyped-def]
        return [item_id, q, n]

    client = serve(app_with(handler, "/{item_id}"))
    assert client.get("/a").json() == ["a", None, 3]
    assert client.get("/a?q=b&n=4").json() == ["a", "b", 4]


class Unknown:
    """A class that nobody can describe."""


def test_parameter_of_an_unknown_class_is_refused() -> None:
    async def handler(value: Unknown) -> None: ...

    with pytest.raises(TriodeError) as caught:
        app_with(handler)
    line = handler.__code__.co_firstlineno
    assert str(caught.value).startswith(
        f"{__file__}:{line}: Parameter 'value' of tests.binding.test_endpoint."
        "test_parameter_of_an_unknown_class_is_refused.<locals>.handler cannot be bound: "
    )
    assert "Unknown" in str(caught.value)


def test_return_type_of_an_unknown_class_is_refused() -> None:
    async def handler() -> Unknown:
        return Unknown()

    with pytest.raises(TriodeError) as caught:
        _ = app_with(handler).table
    assert f"{__file__}:{handler.__code__.co_firstlineno}" in str(caught.value)
    assert "Unknown" in str(caught.value)


def test_annotation_that_names_nothing_is_refused() -> None:
    async def handler(value: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(BindingError) as caught:
        app_with(handler)
    assert str(caught.value) == (
        f"{__file__}:{handler.__code__.co_firstlineno}: tests.binding.test_endpoint."
        "test_annotation_that_names_nothing_is_refused.<locals>.handler has an annotation that "
        "cannot be resolved: name 'Nowhere' is not defined. Define or import the name at module "
        "level. [binding-unknown-name]"
    )


def test_two_routes_for_one_method_and_path_are_refused() -> None:
    async def first(a: int) -> None: ...

    async def second(b: int) -> None: ...

    app = App(openapi_url=None)
    app.get("/x/{a}")(first)
    app.get("/x/{b}")(second)
    here = f"tests.binding.test_endpoint.{first.__qualname__}".removesuffix("first")
    with pytest.raises(RouteError) as caught:
        _ = app.table
    assert str(caught.value) == (
        f'GET "/x/{{b}}" ({here}second, {__file__}:{second.__code__.co_firstlineno}) is already '
        f'taken by "/x/{{a}}" ({here}first, {__file__}:{first.__code__.co_firstlineno}). '
        "Change the path or the method of one of them. [route-duplicate]"
    )


def test_path_parameter_that_the_handler_does_not_take(serve: Any) -> None:
    async def handler() -> str:
        return "fine"

    assert serve(app_with(handler, "/{anything}")).get("/x").json() == "fine"


def test_path_marker_for_what_the_path_does_not_name_is_refused() -> None:
    async def handler(a: Annotated[int, Path()]) -> None: ...

    with pytest.raises(BindingError) as caught:
        app_with(handler)
    assert str(caught.value) == (
        f"{__file__}:{handler.__code__.co_firstlineno}: Parameter 'a' of tests.binding."
        f"test_endpoint.{handler.__qualname__} is a path parameter, but the path does not name "
        "it. Add it to the path. [binding-not-in-path]"
    )


def test_query_marker_for_what_the_path_names_is_refused() -> None:
    async def handler(a: Annotated[int, Query()]) -> None: ...

    with pytest.raises(BindingError) as caught:
        app_with(handler, "/{a}")
    assert str(caught.value) == (
        f"{__file__}:{handler.__code__.co_firstlineno}: Parameter 'a' of tests.binding."
        f"test_endpoint.{handler.__qualname__} is named in the path, but declared as Query. Use "
        "Path, or rename it. [binding-parameter]"
    )
