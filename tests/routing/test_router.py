"""Trees of routers: what is included, when, under which path, and what is said of it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount as StarletteMount
from starlette.routing import Route as StarletteRoute

from triode.app import App
from triode.binding.markers import Depends, Path
from triode.errors import BindingError, RouteError
from triode.routing import Route, Router


def make_app(**options: Any) -> App:
    return App(openapi_url=None, **options)


async def plain() -> str:
    return "plain"


def paths(router: Router) -> list[str]:
    return [route.path for route in router.routes]


def test_route_added_after_the_inclusion_is_served(serve: Any) -> None:
    app, outer, inner = make_app(), Router(), Router()
    app.include_router(outer, prefix="/outer")
    client = serve(app)
    assert client.get("/outer/inner/late").status_code == 404
    outer.include_router(inner, prefix="/inner")
    inner.add_api_route("/late", plain)
    assert client.get("/outer/inner/late").json() == "plain"


def test_routes_stand_where_their_router_was_included() -> None:
    app, router = make_app(), Router()
    app.add_api_route("/first", plain)
    app.include_router(router)
    app.add_api_route("/last", plain)
    router.add_api_route("/between", plain)
    assert paths(app) == ["/first", "/between", "/last"]


def test_router_under_two_prefixes(serve: Any) -> None:
    app, router = make_app(), Router()
    router.add_api_route("/items", plain)
    for prefix in ("/v1", "/v2"):
        app.include_router(router, prefix=prefix, tags=[prefix])
    assert [(route.path, route.tags) for route in app.routes if isinstance(route, Route)] == [
        ("/v1/items", ("/v1",)),
        ("/v2/items", ("/v2",)),
    ]
    client = serve(app)
    assert [client.get(f"/{version}/items").json() for version in ("v1", "v2")] == ["plain"] * 2


def test_included_routes_are_the_same_objects_each_time() -> None:
    app, router = make_app(), Router()
    router.add_api_route("/items", plain)
    app.include_router(router)
    first = app.routes[0]
    assert isinstance(first, Route)
    first.operation_id = "mine"
    router.add_api_route("/others", plain)
    assert app.routes[0] is first
    assert first.options.operation_id == "mine"


def test_prefix_with_parameters(serve: Any) -> None:
    router = Router()

    @router.get("/{number}")
    async def show(team: Annotated[str, Path()], number: int) -> list[Any]:
        return [team, number]

    app = make_app()
    app.include_router(router, prefix="/teams/{team}")
    assert serve(app).get("/teams/red/7").json() == ["red", 7]


def test_path_parameter_that_no_prefix_names_is_refused() -> None:
    router = Router()

    @router.get("/{number}")
    async def show(team: Annotated[str, Path()], number: int) -> None: ...

    with pytest.raises(BindingError, match=r"'team' .* is a path parameter"):
        make_app().include_router(router)


def test_empty_path_is_that_of_the_prefix(serve: Any) -> None:
    router = Router()
    router.add_api_route("", plain)
    app = make_app()
    app.include_router(router, prefix="/items")
    assert serve(app).get("/items").json() == "plain"
    with pytest.raises(RouteError, match="has an empty path, and no router gives it a prefix"):
        make_app().include_router(router)


@pytest.mark.parametrize("prefix", ["items", "/items/", "/"])
def test_malformed_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(RouteError, match='must start with "/" and not end with one'):
        Router(prefix=prefix)
    with pytest.raises(RouteError, match='must start with "/" and not end with one'):
        make_app().include_router(Router(), prefix=prefix)


def test_inclusion_in_a_circle_is_refused() -> None:
    first, second, third = Router(), Router(), Router()
    first.include_router(second)
    second.include_router(third)
    for outer in (first, second, third):
        with pytest.raises(RouteError, match="cannot be included in itself"):
            third.include_router(outer)


def test_foreign_router_is_refused() -> None:
    class APIRouter: ...

    with pytest.raises(RouteError, match="is no router of Triode") as caught:
        make_app().include_router(APIRouter(), prefix="/graphql")  # type: ignore[arg-type]
    assert caught.value.code == "route-include"


def test_unknown_option_is_refused() -> None:
    with pytest.raises(RouteError, match="A router takes no option 'tag'"):
        Router(tag="x")  # type: ignore[call-arg]


def test_options_come_together() -> None:
    def first() -> None: ...

    def second() -> None: ...

    def name(route: Any) -> str:
        return f"{route.tags[0]}-{route.name}"

    callbacks = Router()
    callbacks.add_api_route("/called", plain)
    router = Router(
        tags=["router"],
        dependencies=[Depends(second)],
        responses={404: {"description": "Missing"}},
        callbacks=callbacks.routes,
        default_response_class=HTMLResponse,
    )
    router.add_api_route("/items", plain, tags=["route"], deprecated=True)
    app = make_app(generate_unique_id_function=name, default_response_class=PlainTextResponse)
    app.include_router(
        router,
        prefix="/api",
        tags=["include"],
        dependencies=[Depends(first)],
        responses={400: {"description": "Bad"}},
        include_in_schema=False,
    )
    route = app.routes[0]
    assert isinstance(route, Route)
    assert route.tags == ("include", "router", "route")
    assert [depends.call for depends in route.dependencies] == [first, second]
    assert route.responses == {400: {"description": "Bad"}, 404: {"description": "Missing"}}
    assert [each.path for each in route.callbacks] == ["/called"]
    assert (route.deprecated, route.include_in_schema) == (True, False)
    assert route.response_class is HTMLResponse
    assert route.generate_unique_id_function is name


def test_attributes_of_a_route() -> None:
    app = make_app()
    route = app.add_api_route("/items", plain, methods=["GET", "post"])
    assert (route.path, route.methods, route.name) == ("/items", {"GET", "POST"}, "plain")
    assert (route.endpoint, app.router.routes[0]) == (plain, route)


def test_list_of_routes_can_be_changed(serve: Any) -> None:
    app, router = make_app(), Router()
    for path in ("/one", "/two"):
        router.add_api_route(path, plain)
    app.include_router(router)
    client = serve(app)
    app.routes.append(Route("/last", plain))
    app.routes.insert(0, Route("/first", plain))
    assert paths(app) == ["/first", "/one", "/two", "/last"]
    app.routes.remove(app.routes[1])
    app.router.routes[:] = [route for route in app.routes if route.path != "/last"]
    assert paths(app) == ["/first", "/two"]
    assert [client.get(path).status_code for path in ("/first", "/one", "/two")] == [200, 404, 200]
    assert paths(router) == ["/one", "/two"]


def test_routes_of_starlette(serve: Any) -> None:
    async def home(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"home {request.path_params['number'] + 1}")

    inner = StarletteMount("/inner", routes=[StarletteRoute("/{number:int}", home)])
    app = make_app(routes=[StarletteRoute("/home/{number:int}", home), inner])
    client = serve(app)
    assert [client.get(f"/{part}/3").text for part in ("home", "inner")] == ["home 4"] * 2
    with pytest.raises(RouteError, match="is no route") as caught:
        make_app(routes=["/home"])
    assert caught.value.code == "route-foreign"


def test_plain_handlers(serve: Any) -> None:
    app = make_app()

    async def later(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"later {request.method}")

    class Endpoint:
        def __init__(self, scope: Any, receive: Any, send: Any) -> None:
            self.scope, self.receive, self.send = scope, receive, send

        def __await__(self) -> Any:
            response = PlainTextResponse(f"class {self.scope['method']}")
            return response(self.scope, self.receive, self.send).__await__()

    class Handlers:
        def method(self, request: Any) -> PlainTextResponse:
            return PlainTextResponse(f"method {request.method}")

    app.add_route("/later", later, methods=["GET", "PUT"])
    app.add_route("/class", Endpoint)
    app.add_route("/method", Handlers().method)
    client = serve(app)
    assert (client.get("/later").text, client.put("/later").text) == ("later GET", "later PUT")
    assert (client.get("/class").text, client.delete("/class").text) == (
        "class GET",
        "class DELETE",
    )
    assert client.get("/method").text == "method GET"
    with pytest.raises(RouteError, match="takes no argument, and gets the request"):
        app.add_route("/nothing", lambda: None)
