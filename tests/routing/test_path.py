"""Path templates: what is refused, what matches, what a URL is made of."""

from typing import Any

import pytest

from triode.app import App
from triode.errors import RouteError
from triode.routing import Matcher, parse_path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("users", '"users" does not start with "/". Write "/users". [route-no-slash]'),
        ("/{id}/{id}", '"/{id}/{id}" names the parameter "id" twice. Rename one of them. '
                       "[route-duplicate-parameter]"),
        ("/{id", '"/{id" has unbalanced braces. [route-braces]'),
        ("/id}", '"/id}" has unbalanced braces. [route-braces]'),
        ("/{a{b}}", '"/{a{b}}" has unbalanced braces. [route-braces]'),
        ("/{}", '"/{}" has the parameter name "", not an identifier. [route-name]'),
        ("/{1a}", '"/{1a}" has the parameter name "1a", not an identifier. [route-name]'),
        ("/{a-b}", '"/{a-b}" has the parameter name "a-b", not an identifier. [route-name]'),
        ("/{id:number}", '"/{id:number}" has the unknown converter "number". '
                         "Known are: str, path, int, float, uuid. [route-converter]"),
        ("/{rest:path}/edit", '"/{rest:path}/edit" has something after a :path parameter. '
                              "Make it the last one. [route-path-last]"),
    ],
)  # fmt: skip
def test_bad_path_is_refused(path: str, message: str) -> None:
    with pytest.raises(RouteError) as caught:
        parse_path(path)
    assert str(caught.value) == message


def test_bad_path_names_the_handler_and_its_place() -> None:
    app = App(openapi_url=None)

    async def show(id: int) -> None: ...

    with pytest.raises(RouteError) as caught:
        app.get("/users/{id}/posts/{id}")(show)
    place = (
        f"tests.routing.test_path.{show.__qualname__}, {__file__}:{show.__code__.co_firstlineno}"
    )
    assert str(caught.value) == (
        f'"/users/{{id}}/posts/{{id}}" (handler {place}) names the parameter "id" twice. '
        "Rename one of them. [route-duplicate-parameter]"
    )


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/{n:int}", "/12", {"n": "12"}),
        ("/{n:int}", "/-1", None),
        ("/{n:int}", "/x", None),
        ("/{n:float}", "/1.5", {"n": "1.5"}),
        ("/{n:float}", "/1.", None),
        ("/{u:uuid}", "/8d5c5a0e-2b5a-4b5a-8f5a-0123456789ab",
         {"u": "8d5c5a0e-2b5a-4b5a-8f5a-0123456789ab"}),
        ("/{u:uuid}", "/8d5c5a0e", None),
        ("/{name}.{ext}", "/a.b.c", {"name": "a.b", "ext": "c"}),
        ("/{name}.{ext}", "/" + "a" * 253 + ".b", {"name": "a" * 253, "ext": "b"}),
        ("/{name}.{ext}", "/" + "a" * 254 + ".b", None),
        ("/v{n:int}/x", "/v3/x", {"n": "3"}),
        ("/{rest:path}", "/a/b", {"rest": "a/b"}),
        ("/{rest:path}", "/", {"rest": ""}),
        ("/files/{rest:path}", "/files/", {"rest": ""}),
        ("/files/{rest:path}", "/files", None),
        ("/{name}", "/", None),
        ("/{name}", "/a/", None),
        ("/{name}", "/a\nb", {"name": "a\nb"}),
        ("/a//b", "/a//b", {}),
    ],
)  # fmt: skip
def test_template_matches(template: str, path: str, values: dict[str, str] | None) -> None:
    class Entry:
        methods = frozenset({"GET"})
        place = "here"

        def __init__(self) -> None:
            self.template = parse_path(template)

    matcher: Matcher[Any] = Matcher()
    matcher.add(Entry())
    found = matcher.find("GET", path)
    assert (found and found[1]) == values


@pytest.mark.parametrize(
    ("template", "values", "path"),
    [
        ("/{a}/{b}", {"a": "x y", "b": "é?"}, "/x%20y/%C3%A9%3F"),
        ("/{a:path}", {"a": "x/y z"}, "/x/y%20z"),
        ("/{a:int}", {"a": 3}, "/3"),
        ("/{a}/{b}", {"a": "{b}", "b": "c"}, "/%7Bb%7D/c"),
    ],
)
def test_fill(template: str, values: dict[str, Any], path: str) -> None:
    assert parse_path(template).fill(values) == path


@pytest.mark.parametrize(
    ("template", "values", "message"),
    [
        ("/{a}", {}, "\"/{a}\" takes the parameters ['a'], and got []. [route-url-parameters]"),
        ("/{a:int}", {"a": "x"}, '"x" cannot be the int parameter "a" of "/{a:int}". '
                                 "[route-url-value]"),
        ("/{a}", {"a": ""}, '"" cannot be the str parameter "a" of "/{a}". [route-url-value]'),
    ],
)  # fmt: skip
def test_fill_refuses(template: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(RouteError) as caught:
        parse_path(template).fill(values)
    assert str(caught.value) == message
