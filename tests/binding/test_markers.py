"""What a marker may say of a parameter besides its type."""

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, Field, Json

from triode.app import App
from triode.binding.markers import Body, Cookie, Depends, Form, Header, Path, Query
from triode.errors import BindingError


def app_with(handler: Any, path: str = "/", methods: tuple[str, ...] = ("GET", "POST")) -> App:
    app = App(openapi_url=None)
    app.add_api_route(path, handler, methods=methods)
    return app


def loc_of(response: Any) -> list[Any]:
    [problem] = response.json()["detail"]
    return [problem["type"], problem["loc"]]


def test_validation_alias_goes_before_alias(serve: Any) -> None:
    async def read(n: Annotated[int, Query(alias="a", validation_alias="b")]) -> int:
        return n

    client = serve(app_with(read))
    assert client.get("/?b=3").json() == 3
    assert loc_of(client.get("/?a=3&n=3")) == ["missing", ["query", "b"]]


QUERY = Query()
CHOICES = AliasChoices("first", "second")


def test_the_first_of_several_names_that_was_sent_counts(serve: Any) -> None:
    async def read(n: Annotated[int, Query(validation_alias=CHOICES)] = 7) -> int:
        return n

    client = serve(app_with(read))
    assert [client.get(f"/{q}").json() for q in ("", "?second=2", "?second=2&first=1")] == [7, 2, 1]
    assert loc_of(client.get("/?second=x")) == ["int_parsing", ["query", "second"]]


def test_several_names_of_a_header_a_cookie_and_a_form_field(serve: Any) -> None:
    async def read(
        h: Annotated[str | None, Header(validation_alias=CHOICES)] = None,
        c: Annotated[str | None, Cookie(validation_alias=CHOICES)] = None,
        f: Annotated[list[str] | None, Form(validation_alias=CHOICES)] = None,
    ) -> list[Any]:
        return [h, c, f]

    client = serve(app_with(read))
    headers = {"Second": "a", "Cookie": "second=b"}
    sent = client.post("/", headers=headers, data={"second": ["c", "d"]})
    assert sent.json() == ["a", "b", ["c", "d"]]
    assert client.post("/").json() == [None, None, None]


def test_path_parameter_takes_the_name_that_the_path_has(serve: Any) -> None:
    async def read(n: Annotated[int, Path(validation_alias=CHOICES)]) -> int:
        return n

    assert serve(app_with(read, "/{second}")).get("/4").json() == 4


def test_query_parameter_may_have_the_name_of_one_in_the_path(serve: Any) -> None:
    async def read(
        query: Annotated[str, Query(alias="name")], path: Annotated[str, Path(alias="name")]
    ) -> list[str]:
        return [query, path]

    assert serve(app_with(read, "/{name}")).get("/a?name=b").json() == ["b", "a"]


def test_a_path_into_a_value_is_no_name() -> None:
    async def read(n: Annotated[int, Query(validation_alias=AliasPath("a", 0))]) -> None: ...

    with pytest.raises(BindingError, match="which is no name"):
        app_with(read)


def test_strict_body_takes_no_text_for_a_number(serve: Any) -> None:
    async def read(n: Annotated[int, Body(strict=True)]) -> int:
        return n

    client = serve(app_with(read))
    assert client.post("/", json=5).json() == 5
    assert loc_of(client.post("/", json="5")) == ["int_type", ["body"]]


def test_union_from_left_to_right(serve: Any) -> None:
    async def read(v: Annotated[int | str, Query(union_mode="left_to_right")]) -> int | str:
        return v

    client = serve(app_with(read))
    assert [client.get(f"/?v={text}").json() for text in ("5", "x")] == [5, "x"]


def test_default_is_checked_where_that_is_asked_for(serve: Any) -> None:
    async def read(n: int = Query("5", validate_default=True)) -> int:
        return n + 1

    assert serve(app_with(read)).get("/").json() == 6

    async def wrong(n: int = Query("x", validate_default=True)) -> None: ...

    with pytest.raises(BindingError, match="has the default 'x'"):
        app_with(wrong)


def test_old_names_of_options_warn() -> None:
    with pytest.warns(DeprecationWarning, match="use `pattern`"):
        assert Query(regex="^a").pattern == "^a"
    with pytest.warns(DeprecationWarning, match="use `examples`"):
        assert Query(example="ab").examples == ["ab"]


@pytest.mark.parametrize("kind", [list[dict[str, int]], dict[str, int], tuple[Any, list[int]]])
def test_what_no_text_can_say_is_refused_at_start_up(kind: Any) -> None:
    async def read(v: Any = QUERY) -> None: ...

    read.__annotations__["v"] = kind
    with pytest.raises(BindingError, match="Use Body"):
        app_with(read)


def test_path_parameter_is_a_single_value() -> None:
    async def read(v: list[int]) -> None: ...

    with pytest.raises(BindingError, match="no single value"):
        app_with(read, "/{v}")


def test_json_inside_of_a_query_parameter(serve: Any) -> None:
    async def read(v: Annotated[Json[list[int]], Query()]) -> list[int]:
        return v

    assert serve(app_with(read)).get("/?v=[1,2]").json() == [1, 2]


def test_annotation_that_only_a_type_checker_knows(serve: Any) -> None:
    def make() -> "Unknown":  # type: ignore[name-defined]  # noqa: F821
        return 1

    from triode.binding.signature import read_signature

    assert read_signature(make).parameters == []


def test_field_of_pydantic_as_the_default(serve: Any) -> None:
    async def read(n: int = Field(3, ge=2)) -> int:
        return n

    client = serve(app_with(read))
    assert [client.get("/").json(), client.get("/?n=5").json()] == [3, 5]
    assert loc_of(client.get("/?n=1")) == ["greater_than_equal", ["query", "n"]]


def give() -> int:
    return 1


DEPENDS = Depends(give)
PATH = Path(default=1)


async def path_default(x: Annotated[int, Path(default=1)]) -> None: ...
async def old_path_default(x: int = PATH) -> None: ...
async def two_depends(x: Annotated[int, Depends(give)] = DEPENDS) -> None: ...
async def query_and_depends(x: Annotated[int, Query()] = DEPENDS) -> None: ...
async def depends_and_query(x: Annotated[int, Depends(give)] = QUERY) -> None: ...


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (path_default, "is a path parameter with the default 1, which is never used"),
        (old_path_default, "is a path parameter with the default 1, which is never used"),
        (two_depends, "has Depends in its annotation and Depends as its default"),
        (query_and_depends, "has Query in its annotation and Depends as its default"),
        (depends_and_query, "has Depends in its annotation and Query as its default"),
    ],
)
def test_a_parameter_with_two_sources_is_refused(handler: Any, problem: str) -> None:
    with pytest.raises(BindingError, match=problem):
        app_with(handler, path="/{x}")
