"""Applications within applications: mounts, host names, their names and their life."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route as StarletteRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocketDisconnect

from tests.conftest import client_for
from triode.app import App
from triode.errors import ConfigError, RouteError
from triode.http import WebSocketException
from triode.http.sockets import WebSocket
from triode.routing import Router
from triode.testing import TestClient


def make_app(**options: Any) -> App:
    return App(openapi_url=None, **options)


async def plain() -> str:
    return "plain"


# --- paths


def test_mount_with_parameters(serve: Any) -> None:
    inner = make_app()

    @inner.get("/show/{number:int}")
    async def show(request: Request, number: int) -> list[Any]:
        return [request.path_params, request.scope["root_path"]]

    app = make_app()
    app.mount("/teams/{team}", inner)
    client = serve(app)
    assert client.get("/teams/red/show/3").json() == [{"team": "red", "number": 3}, "/teams/red"]
    assert client.get("/teams//show/3").status_code == 404


@pytest.mark.parametrize("start", ["", "/api"])
def test_mount_below_a_root_path_that_a_proxy_took_away_or_left(serve: Any, start: str) -> None:
    async def tell(request: Request) -> JSONResponse:
        return JSONResponse([request.scope["root_path"], request.url.path])

    inner = make_app()
    inner.add_api_route("/show", tell)
    app = make_app(root_path="/api")
    app.mount("/own", inner)
    app.mount("/starlette", Starlette(routes=[StarletteRoute("/show", tell)]))
    client = serve(app)
    for name in ("/own", "/starlette"):
        found = client.get(f"{start}{name}/show").json()
        assert found == [f"/api{name}", f"/api{name}/show"]


def test_a_path_that_only_begins_like_the_root_path(serve: Any) -> None:
    app = make_app(root_path="/api")
    app.add_api_route("/apiary", plain)
    app.add_api_route("/ary", plain)
    assert serve(app).get("/apiary").status_code == 200


def test_mount_without_its_slash(serve: Any) -> None:
    inner = make_app()
    inner.add_api_route("/", plain)
    app = make_app()
    app.mount("/inner", inner)
    client = serve(app, follow_redirects=False)
    assert [client.get(path).json() for path in ("/inner", "/inner/")] == ["plain"] * 2


def test_mount_answers_what_no_route_answers(serve: Any) -> None:
    async def old(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"old {request.method} {request.url.path}")

    routes = [StarletteRoute("/{path:path}", old, methods=["GET", "POST"])]
    app = make_app()
    app.mount("/", Starlette(routes=routes))
    app.add_api_route("/new", plain)
    client = serve(app)
    assert client.get("/new").json() == "plain"
    assert [client.post("/new").text, client.get("/a").text] == ["old POST /new", "old GET /a"]


def test_mounted_router(serve: Any) -> None:
    router = Router()
    router.add_api_route("/items", plain)
    app = make_app()
    app.mount("/inner", router, name="inner")
    assert serve(app).get("/inner/items").json() == "plain"
    assert app.url_path_for("inner:plain") == "/inner/items"


def test_mount_path_must_make_sense() -> None:
    app = make_app()
    with pytest.raises(RouteError, match='does not start with "/"'):
        app.mount("inner", make_app())
    with pytest.raises(RouteError, match="gets the rest of the path anyway"):
        app.mount("/{path:path}", make_app())


def test_sub_application_has_its_own_documentation(serve: Any) -> None:
    app, inner = App(title="Outer"), App(title="Inner")
    inner.add_api_route("/items", plain)
    app.mount("/inner", inner)
    client = serve(app)
    outer, own = client.get("/openapi.json").json(), client.get("/inner/openapi.json").json()
    assert (list(outer["paths"]), list(own["paths"])) == ([], ["/items"])
    assert (own["info"]["title"], own["servers"]) == ("Inner", [{"url": "/inner"}])
    assert client.get("/inner/docs").status_code == 200


# --- host names


def hosts() -> App:
    api, tenant = Router(), make_app()

    @api.get("/")
    async def index() -> str:
        return "api"

    @tenant.get("/{path}")
    async def page(request: Request, path: str) -> list[Any]:
        return [request.path_params["name"], path, str(request.url_for("page", path="x"))]

    app = make_app()
    app.host("api.example.org", api)
    app.host("{name}.example.org:8000", tenant, name="tenant")
    app.add_api_route("/", plain)
    return app


@pytest.mark.parametrize(
    ("host", "path", "found"),
    [
        ("api.example.org", "/", "api"),
        ("API.example.org:1234", "/", "api"),
        ("a.example.org:8000", "/y", ["a", "y", "http://a.example.org:8000/x"]),
        ("a.example.org", "/", "plain"),
        ("a.b.example.org:8000", "/", "plain"),
        ("xapi.example.org", "/", "plain"),
    ],
)
def test_host_names(serve: Any, host: str, path: str, found: Any) -> None:
    assert serve(hosts()).get(path, headers={"Host": host}).json() == found


def test_addresses_on_a_host() -> None:
    path = hosts().url_path_for("tenant:page", name="a", path="y")
    assert (path, path.host) == ("/y", "a.example.org:8000")
    absolute = path.make_absolute_url("http://www.example.org/")
    assert str(absolute) == "http://a.example.org:8000/y"


@pytest.mark.parametrize("host", ["{a b}.org", "{a:any}.org", "{a}.{a}.org"])
def test_senseless_host_is_refused(host: str) -> None:
    with pytest.raises(RouteError, match="makes no sense"):
        make_app().host(host, make_app())


# --- names


def names() -> App:
    inner, deeper, app = make_app(), make_app(), make_app()

    @deeper.get("/deep/{number}")
    async def deep(request: Request, number: int) -> list[str]:
        asked = [("deep", {"number": 1}), ("home", {}), ("static", {"path": "a.css"})]
        return [str(request.url_for(name, **values).path) for name, values in asked]

    inner.mount("/deeper", deeper, name="b")
    app.mount("/inner", inner, name="a")
    app.mount("/static", StaticFiles(directory="."), name="static")
    app.add_api_route("/home", plain, name="home")
    app.add_api_route("/home/{page}", plain, name="home")
    return app


def test_names_of_mounts() -> None:
    app = names()
    assert app.url_path_for("a:b:deep", number=3) == "/inner/deeper/deep/3"
    assert app.url_path_for("static", path="/css/a b.css") == "/static/css/a b.css"
    with pytest.raises(RouteError, match='No route is named "b:deep"'):
        app.url_path_for("b:deep", number=3)


def test_names_within_and_around_a_mount(serve: Any) -> None:
    found = serve(names()).get("/inner/deeper/deep/3").json()
    assert found == ["/inner/deeper/deep/1", "/home", "/static/a.css"]


def test_what_the_path_does_not_name_is_the_query() -> None:
    app = names()
    assert app.url_path_for("home", page="two", q="a b", tag=["x", "y"], none=None) == (
        "/home/two?q=a+b&tag=x&tag=y"
    )
    assert app.url_path_for("home", q=1) == "/home?q=1"


def test_application_within_starlette() -> None:
    app = names()
    outer = Starlette()
    outer.mount("/triode", app, name="triode")
    client = TestClient(outer)
    assert client.get("/triode/inner/deeper/deep/3").json() == [
        "/triode/inner/deeper/deep/1",
        "/triode/home",
        "/triode/static/a.css",
    ]
    assert outer.url_path_for("triode:home", page="x") == "/triode/home/x"


def test_starlette_finds_names_around_it(serve: Any) -> None:
    async def show(request: Request) -> JSONResponse:
        return JSONResponse([request.url_for(name).path for name in ("show", "home")])

    app = make_app()
    app.mount("/star", Starlette(routes=[StarletteRoute("/", show, name="show")]))
    app.add_api_route("/home", plain, name="home")
    assert serve(app).get("/star/").json() == ["/star/", "/home"]


# --- life


def living(events: list[str], name: str) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        events.append(f"start {name}")
        yield {name: name}
        events.append(f"stop {name}")

    return lifespan


def test_mounted_applications_are_started(way: str) -> None:
    events: list[str] = []

    async def show(request: Request) -> JSONResponse:
        return JSONResponse(request.state._state)

    star = Starlette(routes=[StarletteRoute("/", show)], lifespan=living(events, "star"))
    inner = make_app(lifespan=living(events, "inner"))
    inner.mount("/star", star)
    app = make_app(lifespan=living(events, "outer"))
    for path in ("/one", "/two"):
        app.mount(path, inner)
    app.mount("/static", StaticFiles(directory="."))
    with client_for(app, way) as client:
        assert events == ["start outer", "start inner", "start star"]
        state = client.get("/two/star/").json()
    assert state == {"outer": "outer", "inner": "inner", "star": "star"}
    assert events[3:] == ["stop star", "stop inner", "stop outer"]


def test_what_runs_already_is_not_started_again() -> None:
    events: list[str] = []
    inner = make_app(lifespan=living(events, "inner"))

    @contextlib.asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    app = make_app(lifespan=lifespan)
    app.mount("/inner", inner)
    quiet = make_app(lifespan=living(events, "quiet"))
    app.mount("/quiet", quiet, lifespan=False)
    with TestClient(app):
        assert events == ["start inner"]
    assert events == ["start inner", "stop inner"]


def test_failing_start_of_a_mount_is_told() -> None:
    @contextlib.asynccontextmanager
    async def broken(app: Any) -> AsyncIterator[None]:
        raise LookupError("no key")
        yield

    app = make_app()
    app.mount("/star", Starlette(lifespan=broken))
    failing = pytest.raises(ConfigError, match=r"(?s)startup of .*/star.* failed: .*no key")
    with failing as caught, TestClient(app):
        pass
    assert caught.value.code == "mount-startup"


def test_routers_have_a_life_too(way: str) -> None:
    events: list[str] = []

    def generator(app: Any) -> Any:
        events.append("start plain")
        yield {"plain": True, "who": "router"}
        events.append("stop plain")

    inner = Router(lifespan=generator, on_startup=[lambda: events.append("inner hook")])
    router = Router(lifespan=living(events, "router"))
    app = make_app(lifespan=living(events, "who"), on_shutdown=[lambda: events.append("last")])
    router.on_event("startup")(lambda: events.append("router hook"))
    router.include_router(inner)
    app.include_router(router, prefix="/one")
    app.include_router(router, prefix="/two")

    @app.get("/")
    async def state(request: Request) -> Any:
        return request.state._state

    with client_for(app, way) as client:
        state = client.get("/").json()
    assert state == {"plain": True, "who": "who", "router": "router"}
    once = ["router hook", "inner hook", "start who", "start router", "start plain"]
    assert events == [*once, "stop plain", "stop router", "stop who", "last"]


# --- connections


def test_websocket_of_a_mount(serve: Any) -> None:
    inner = make_app()

    @inner.websocket("/echo")
    async def echo(socket: WebSocket, word: str) -> None:
        if word == "no":
            raise WebSocketException(1008, "no")
        await socket.accept()
        await socket.send_text(f"{word} {socket.url_for('echo').path}")

    app = make_app()
    app.mount("/inner", inner)
    client = serve(app)
    with client.websocket_connect("/inner/echo?word=hello") as session:
        assert session.receive_text() == "hello /inner/echo"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/inner/echo?word=no"):
        pass
