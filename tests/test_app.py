"""An application as a whole: errors, methods, slashes, inclusion, mounts, lifespan, WebSockets."""

import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route as StarletteRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from triode.app import App
from triode.binding.markers import Cookie, Depends, Form, Query
from triode.errors import ClientError, ConfigError, RouteError
from triode.http import HTTPException, RequestValidationError, WebSocketException
from triode.routing import Router
from triode.testing import LaneClient, TestClient


def make_app(**options: Any) -> App:
    return App(openapi_url=None, **options)


# --- errors


def test_http_exception(serve: Any) -> None:
    app = make_app()

    @app.get("/")
    async def fail() -> None:
        raise HTTPException(404, {"item": 3}, headers={"X-Error": "There"})

    response = serve(app).get("/")
    assert (response.status_code, response.json()) == (404, {"detail": {"item": 3}})
    assert response.headers["x-error"] == "There"


@pytest.mark.parametrize(
    ("status", "detail"), [(404, "Not Found"), (418, "I'm a Teapot"), (401, "Unauthorized")]
)
def test_http_exception_without_detail_says_the_status(
    serve: Any, status: int, detail: str
) -> None:
    app = make_app()

    @app.get("/")
    async def fail() -> None:
        raise HTTPException(status)

    assert serve(app).get("/").json() == {"detail": detail}


@pytest.mark.parametrize("status", [204, 304])
def test_http_exception_without_a_body(serve: Any, status: int) -> None:
    app = make_app()

    @app.get("/")
    async def fail() -> None:
        raise HTTPException(status, headers={"X-A": "b"})

    response = serve(app).get("/")
    assert (response.status_code, response.content, response.headers["x-a"]) == (status, b"", "b")


def test_client_error_of_any_room(serve: Any) -> None:
    class Taken(ClientError):
        status_code = 409
        headers = {"X-A": "b"}

    app = make_app()

    @app.get("/")
    def fail() -> None:
        raise Taken("This name is taken.")

    response = serve(app).get("/")
    assert (response.status_code, response.json()) == (409, {"detail": "This name is taken."})
    assert response.headers["x-a"] == "b"


def test_exception_handlers(serve: Any) -> None:
    app = make_app()

    class Unicorn(Exception):
        pass

    class Baby(Unicorn):
        pass

    @app.exception_handler(Unicorn)
    async def unicorn(request: Request, exc: Unicorn) -> JSONResponse:
        return JSONResponse({"path": request.url.path, "error": str(exc)}, 418)

    @app.exception_handler(404)
    def not_found(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("nothing here", 404)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> PlainTextResponse:
        return PlainTextResponse(str(exc.errors()[0]["loc"]), 400)

    @app.get("/")
    async def fail(n: int) -> None:
        raise Baby("yolo")

    client = serve(app)
    response = client.get("/?n=1")
    assert (response.status_code, response.json()) == (418, {"path": "/", "error": "yolo"})
    assert client.get("/nowhere").text == "nothing here"
    assert (client.get("/?n=x").status_code, client.get("/?n=x").text) == (400, "('query', 'n')")


def test_handler_of_every_exception(serve: Any) -> None:
    async def broken(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"sorry: {exc}", 500)

    app = make_app(exception_handlers={Exception: broken})

    @app.get("/")
    async def fail() -> None:
        raise LookupError("lost")

    @app.get("/http")
    async def fail_with_status() -> None:
        raise HTTPException(404)

    client = serve(app)
    response = client.get("/")
    assert (response.status_code, response.text) == (500, "sorry: lost")
    assert client.get("/http").json() == {"detail": "Not Found"}


def test_handler_that_fails_itself(serve: Any) -> None:
    async def broken(request: Request, exc: Exception) -> PlainTextResponse:
        raise RuntimeError("worse")

    app = make_app(exception_handlers={LookupError: broken})

    @app.get("/")
    async def fail() -> None:
        raise LookupError("lost")

    response = serve(app).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


@pytest.mark.parametrize("is_plain", [False, True])
def test_unexpected_exception_is_a_500_and_is_logged(serve: Any, is_plain: bool) -> None:
    app = make_app()

    async def fail() -> None:
        raise LookupError("lost")

    def fail_plainly() -> None:
        raise LookupError("lost")

    app.add_api_route("/", fail_plainly if is_plain else fail)
    response = serve(app).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


# --- methods and slashes


def test_methods(serve: Any) -> None:
    app = make_app()

    @app.get("/")
    async def read() -> str:
        return "read"

    @app.post("/")
    async def write() -> str:
        return "written"

    client = serve(app)
    assert (client.get("/").json(), client.post("/").json()) == ("read", "written")
    head = client.head("/")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "6")
    wrong = client.delete("/")
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    options = client.options("/")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_own_head_and_options(serve: Any) -> None:
    app = make_app()

    @app.get("/")
    async def read() -> str:
        return "read"

    @app.head("/")
    async def head(response: Response) -> None:
        response.headers["X-Own"] = "head"

    @app.options("/")
    async def options() -> str:
        return "options"

    client = serve(app)
    assert client.head("/").headers["x-own"] == "head"
    assert client.options("/").json() == "options"


def test_route_for_several_methods(serve: Any) -> None:
    app = make_app()

    @app.api_route("/", methods=["PUT", "patch"])
    @app.route("/", methods=["DELETE", "TRACE"])
    async def handler(request: Request) -> str:
        return request.method

    client = serve(app)
    methods = ["PUT", "PATCH", "DELETE", "TRACE"]
    assert [client.request(method, "/").json() for method in methods] == methods
    assert client.get("/").status_code == 405


def test_slashes_redirect(serve: Any) -> None:
    app = make_app()

    @app.get("/with/")
    async def with_slash() -> str:
        return "with"

    @app.post("/without")
    async def without_slash() -> str:
        return "without"

    client = serve(app, follow_redirects=False)
    moved = client.get("/with?a=b")
    assert (moved.status_code, moved.headers["location"]) == (307, f"{client.base_url}/with/?a=b")
    moved = client.post("/without/")
    assert (moved.status_code, moved.headers["location"]) == (307, f"{client.base_url}/without")
    assert client.get("/other/").status_code == 404


def test_slashes_do_not_redirect_if_told_so(serve: Any) -> None:
    app = make_app(redirect_slashes=False)
    app.add_api_route("/with/", lambda: "with")
    assert serve(app).get("/with").status_code == 404


def test_literal_goes_before_parameter(serve: Any) -> None:
    app = make_app()

    @app.get("/users/{name}")
    async def user(name: str) -> str:
        return name

    @app.get("/users/me")
    async def me() -> str:
        return "myself"

    @app.get("/files/{path:path}")
    async def file(path: str) -> str:
        return path

    client = serve(app)
    assert (client.get("/users/me").json(), client.get("/users/you").json()) == ("myself", "you")
    assert client.get("/files/a/b.txt").json() == "a/b.txt"
    assert client.get("/users/").status_code == 404


# --- routers


def test_routers_in_routers(serve: Any) -> None:
    inner = Router(prefix="/inner", tags=["inner"])
    outer = Router(prefix="/outer")
    app = make_app()

    @inner.get("/{n}", tags=["route"], name="deep")
    async def deep(n: int) -> int:
        return n

    outer.include_router(inner, prefix="/between", tags=["between"])
    app.include_router(outer, prefix="/v1", tags=["app"])
    app.include_router(outer, prefix="/v2")
    client = serve(app)
    assert client.get("/v1/outer/between/inner/3").json() == 3
    assert client.get("/v2/outer/between/inner/4").json() == 4
    route = next(route for route in app.routes if route.path.startswith("/v1"))
    assert route.options.tags == ("app", "between", "inner", "route")  # type: ignore[union-attr]
    assert app.url_path_for("deep", n=5) == "/v1/outer/between/inner/5"


def test_route_at_the_prefix_itself(serve: Any) -> None:
    router = Router(prefix="/items")

    @router.get("")
    async def items() -> str:
        return "items"

    app = make_app()
    app.include_router(router)
    assert serve(app).get("/items").json() == "items"


def test_default_response_class(serve: Any) -> None:
    app = make_app(default_response_class=PlainTextResponse)
    router = Router(default_response_class=HTMLResponse)
    for path, owner in {"/app": app, "/router": router}.items():
        owner.add_api_route(path, lambda: "text")
        owner.add_api_route(path + "/json", lambda: "text", response_class=JSONResponse)
    app.include_router(router)
    plain = Router()
    plain.add_api_route("/plain", lambda: "text")
    app.include_router(plain)
    client = serve(app)
    kinds = {path: client.get(path).headers["content-type"].partition(";")[0] for path in
             ("/app", "/router", "/plain", "/app/json", "/router/json")}  # fmt: skip
    assert kinds == {
        "/app": "text/plain",
        "/router": "text/html",
        "/plain": "text/plain",
        "/app/json": "application/json",
        "/router/json": "application/json",
    }


def test_route_added_while_serving(serve: Any) -> None:
    app = make_app()
    client = serve(app)
    assert client.get("/late").status_code == 404
    app.add_api_route("/late", lambda: "here")
    assert client.get("/late").json() == "here"


def test_url_for(serve: Any) -> None:
    app = make_app()
    app.mount("/static", StaticFiles(directory="."), name="static")

    @app.get("/items/{item_id}/{path:path}", name="item")
    async def item(request: Request, item_id: int, path: str) -> list[str]:
        here = request.url_for("item", item_id=item_id, path=path)
        return [str(here), str(request.url_for("static", path="a.css"))]

    client = serve(app)
    base = str(client.base_url)
    assert client.get("/items/3/a%20b/c").json() == [
        f"{base}/items/3/a%20b/c",
        f"{base}/static/a.css",
    ]
    with pytest.raises(RouteError, match="No route is named"):
        app.url_path_for("nothing")


# --- mounts


async def echo_scope(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        raise RuntimeError("not for a mounted application")
    found = {key: scope[key] for key in ("path", "root_path", "method")}
    await JSONResponse(found)(scope, receive, send)


def test_mounted_asgi_application(serve: Any) -> None:
    app = make_app()
    app.mount("/sub", echo_scope)
    app.add_api_route("/sub/own", lambda: "own")
    client = serve(app)
    assert client.get("/sub/a/b").json() == {
        "path": "/sub/a/b",
        "root_path": "/sub",
        "method": "GET",
    }
    assert client.put("/sub").json()["path"] == "/sub"
    assert client.get("/sub/own").json() == "own"
    assert client.get("/subway").status_code == 404


def test_mounted_starlette_and_app(serve: Any) -> None:
    async def hello(request: Request) -> PlainTextResponse:
        other = request.url_for("hello", name="b").path
        return PlainTextResponse(f"hello {request.path_params['name']} {other}")

    inner = make_app()

    @inner.get("/deep/{n}")
    async def deep(n: int, request: Request) -> list[Any]:
        return [n, request.scope["root_path"], str(request.url_for("deep", n=2).path)]

    app = make_app()
    app.mount("/star", Starlette(routes=[StarletteRoute("/{name}", hello, name="hello")]))
    app.mount("/inner", inner)
    client = serve(app)
    assert client.get("/star/a").text == "hello a /star/b"
    assert client.get("/inner/deep/1").json() == [1, "/inner", "/inner/deep/2"]


def test_static_files(serve: Any, tmp_path: Any) -> None:
    (tmp_path / "a.css").write_text("body {}")
    app = make_app()
    app.mount("/static", StaticFiles(directory=tmp_path), name="static")
    client = serve(app)
    response = client.get("/static/a.css")
    assert (response.text, response.headers["content-type"]) == (
        "body {}",
        "text/css; charset=utf-8",
    )
    headers = {"If-None-Match": response.headers["etag"]}
    assert client.get("/static/a.css", headers=headers).status_code == 304
    assert client.get("/static/nothing").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404


# --- middleware


def test_function_middleware(serve: Any) -> None:
    app = make_app()
    events: list[str] = []

    @app.middleware("http")
    async def inner(request: Request, call_next: Any) -> Response:
        events.append("inner")
        request.state.user = "me"
        return await call_next(request)  # type: ignore[no-any-return]

    @app.middleware("http")
    async def outer(request: Request, call_next: Any) -> Response:
        events.append("outer")
        response = await call_next(request)
        response.headers["X-Status"] = str(response.status_code)
        return response  # type: ignore[no-any-return]

    @app.get("/")
    async def handler(request: Request) -> str:
        return request.state.user  # type: ignore[no-any-return]

    client = serve(app)
    response = client.get("/")
    assert (response.json(), response.headers["x-status"]) == ("me", "200")
    assert client.get("/nowhere").headers["x-status"] == "404"
    assert events == ["outer", "inner"] * 2


def test_middleware_may_answer_itself(serve: Any) -> None:
    app = make_app()

    @app.middleware("http")
    async def stop(request: Request, call_next: Any) -> Response:
        return PlainTextResponse("stopped", 503)

    app.add_api_route("/", lambda: "never")
    response = serve(app).get("/")
    assert (response.status_code, response.text) == (503, "stopped")


def test_middleware_may_read_the_body(serve: Any) -> None:
    app = make_app()

    @app.middleware("http")
    async def measure(request: Request, call_next: Any) -> Response:
        size = len(await request.body())
        response = await call_next(request)
        response.headers["X-Size"] = str(size)
        return response  # type: ignore[no-any-return]

    @app.post("/form")
    async def form(a: Annotated[str, Form()]) -> str:
        return a

    @app.post("/json")
    async def read_json(a: dict[str, int]) -> dict[str, int]:
        return a

    @app.post("/raw")
    async def raw(request: Request) -> str:
        return (await request.body()).decode()

    client = serve(app)
    response = client.post("/form", data={"a": "b"})
    assert (response.json(), response.headers["x-size"]) == ("b", "3")
    assert client.post("/form", files={"a": (None, "b")}).json() == "b"
    assert client.post("/json", json={"a": 1}).json() == {"a": 1}
    assert client.post("/raw", content=b"abc").json() == "abc"


def test_exception_in_a_middleware_is_a_500(serve: Any) -> None:
    app = make_app()

    @app.middleware("http")
    async def broken(request: Request, call_next: Any) -> Response:
        raise LookupError("lost")

    app.add_api_route("/", lambda: "never")
    response = serve(app).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_http_exception_in_a_middleware_is_answered(serve: Any) -> None:
    app = make_app()

    @app.middleware("http")
    async def forbid(request: Request, call_next: Any) -> Response:
        raise HTTPException(403, "no")

    app.add_api_route("/", lambda: "never")
    response = serve(app).get("/")
    assert (response.status_code, response.json()) == (403, {"detail": "no"})


def test_middleware_may_answer_what_nobody_inside_has_answered(serve: Any) -> None:
    app = make_app()

    @app.middleware("http")
    async def answer(request: Request, call_next: Any) -> Response:
        try:
            return await call_next(request)  # type: ignore[no-any-return]
        except LookupError as exc:
            return PlainTextResponse(f"answered: {exc}", 503)

    @app.get("/")
    async def fail() -> None:
        raise LookupError("lost")

    response = serve(app).get("/")
    assert (response.status_code, response.text) == (503, "answered: lost")


def test_an_error_that_passes_a_middleware_is_answered_once(serve: Any) -> None:
    app = make_app()
    answered = []

    @app.exception_handler(LookupError)
    async def answer(request: Request, exc: LookupError) -> Response:
        answered.append(exc)
        return PlainTextResponse("gone", 500)

    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Response:
        return await call_next(request)  # type: ignore[no-any-return]

    @app.get("/")
    async def fail() -> None:
        raise LookupError("lost")

    response = serve(app).get("/")
    assert (response.status_code, response.text, len(answered)) == (500, "gone", 1)


def test_middleware_around_a_stream_and_a_mount(serve: Any, tmp_path: Any) -> None:
    (tmp_path / "a.txt").write_text("a" * 100)
    app = make_app()
    app.mount("/static", StaticFiles(directory=tmp_path))

    @app.middleware("http")
    async def stamp(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["X-Seen"] = "yes"
        return response  # type: ignore[no-any-return]

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(iter(["a", "b"]), 201)

    client = serve(app)
    response = client.get("/stream")
    assert (response.status_code, response.text, response.headers["x-seen"]) == (201, "ab", "yes")
    response = client.get("/static/a.txt")
    assert (response.status_code, response.text) == (200, "a" * 100)
    assert response.headers["x-seen"] == "yes"


def test_foreign_asgi_middleware(serve: Any) -> None:
    app = make_app()
    app.add_middleware(GZipMiddleware, minimum_size=10)

    @app.get("/")
    async def large() -> str:
        return "x" * 1000

    response = serve(app).get("/", headers={"Accept-Encoding": "gzip"})
    assert (response.headers["content-encoding"], response.json()) == ("gzip", "x" * 1000)


def test_unknown_middleware_kind_and_event_and_option_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        make_app().middleware("websocket")
    assert str(caught.value) == (
        'There is no middleware kind "websocket". Write @app.middleware("http"). '
        "[app-middleware-kind]"
    )
    with pytest.raises(ConfigError) as caught:
        make_app().on_event("start")
    assert str(caught.value) == (
        'There is no event "start". Known are "startup" and "shutdown". [app-event]'
    )
    with pytest.raises(ConfigError) as caught:
        make_app(titel="x")
    assert str(caught.value) == "App takes no option 'titel'. [app-option]"


# --- lifespan


def open_client(app: App, way: str) -> Any:
    return LaneClient(app) if way == "lane" else TestClient(app)


def test_lifespan_and_state(way: str) -> None:
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[dict[str, str]]:
        app.state.name = "app"
        events.append("in")
        yield {"model": "loaded"}
        events.append("out")

    app = make_app(lifespan=lifespan)

    @app.get("/")
    async def handler(request: Request) -> list[str]:
        return [request.app.state.name, request.state.model]

    with open_client(app, way) as client:
        assert client.get("/").json() == ["app", "loaded"]
        assert events == ["in"]
    assert events == ["in", "out"]


def test_events(way: str) -> None:
    app = make_app()
    events: list[str] = []

    @app.on_event("startup")
    async def start() -> None:
        events.append("start")

    @app.on_event("startup")
    def start_plainly() -> None:
        events.append("start plainly")

    @app.on_event("shutdown")
    async def stop() -> None:
        events.append("stop")

    with open_client(app, way):
        assert events == ["start", "start plainly"]
    assert events == ["start", "start plainly", "stop"]


def test_failing_start_up_is_raised(serve: Any) -> None:
    app = make_app()
    events: list[str] = []

    @app.on_event("startup")
    async def start() -> None:
        raise LookupError("no model")

    app.add_shutdown(lambda: events.append("stop"))
    with pytest.raises(LookupError, match="no model"):
        serve(app)
    assert events == ["stop"]


# --- websockets


def test_websocket(serve: Any) -> None:
    app = make_app()

    async def name(q: str | None = None, session: Annotated[str | None, Cookie()] = None) -> str:
        return session or q or "nobody"

    @app.websocket("/ws/{room}")
    async def chat(
        websocket: WebSocket, room: int, name: Annotated[str, Depends(name)], n: int = 1
    ) -> None:
        await websocket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                text = await websocket.receive_text()
                await websocket.send_json([room, name, n, text])

    client = serve(app)
    with client.websocket_connect("/ws/3?q=me&n=2") as session:
        session.send_text("hello")
        assert session.receive_json() == [3, "me", 2, "hello"]
        session.send_text("again")
        assert session.receive_json() == [3, "me", 2, "again"]


def test_a_handler_of_an_exception_may_close_a_websocket(serve: Any) -> None:
    app = make_app()

    @app.exception_handler(LookupError)
    async def close(websocket: WebSocket, exc: LookupError) -> None:
        await websocket.close(4001, f"sorry: {exc}")

    @app.websocket("/ws")
    async def lose(websocket: WebSocket) -> None:
        await websocket.accept()
        raise LookupError("lost")

    with (
        serve(app).websocket_connect("/ws") as session,
        pytest.raises(WebSocketDisconnect) as caught,
    ):
        session.receive_text()
    assert (caught.value.code, caught.value.reason) == (4001, "sorry: lost")


def test_websocket_of_a_router(serve: Any) -> None:
    router = Router(prefix="/r")

    @router.websocket("/ws")
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.url.path)
        await websocket.close(4000, "done")

    app = make_app()
    app.include_router(router, prefix="/v1")
    with serve(app).websocket_connect("/v1/r/ws") as session:
        assert session.receive_text() == "/v1/r/ws"
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
    assert (caught.value.code, caught.value.reason) == (4000, "done")


def refused(client: Any, url: str) -> None:
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
        client.websocket_connect(url) as session,
    ):
        session.receive_text()


def test_websocket_that_no_route_serves_is_refused(serve: Any) -> None:
    app = make_app()
    app.add_api_route("/http", lambda: "http")
    client = serve(app)
    refused(client, "/nowhere")
    refused(client, "/http")
    assert client.get("/http").json() == "http"


def test_websocket_with_wrong_parameters_is_refused(serve: Any) -> None:
    app = make_app()

    @app.websocket("/ws")
    async def never(websocket: WebSocket, n: int) -> None:
        await websocket.accept()

    client = serve(app)
    refused(client, "/ws?n=x")
    refused(client, "/ws")


def test_websocket_exception_closes_with_its_code(serve: Any) -> None:
    app = make_app()

    async def check(token: Annotated[str | None, Query()] = None) -> None:
        if token != "secret":
            raise WebSocketException(1008, "no token")

    @app.websocket("/ws", dependencies=[Depends(check)])
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        raise WebSocketException(4001, "enough")

    client = serve(app)
    refused(client, "/ws")
    with (
        pytest.raises(WebSocketDisconnect) as caught,
        client.websocket_connect("/ws?token=secret") as session,
    ):
        session.receive_text()
    assert (caught.value.code, caught.value.reason) == (4001, "enough")


def test_client_that_leaves_a_websocket(serve: Any) -> None:
    app = make_app()
    left = threading.Event()

    @app.websocket("/ws")
    async def wait(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect:
            left.set()

    with serve(app).websocket_connect("/ws"):
        pass
    assert left.wait(2)


def test_dependency_of_a_websocket_is_cleaned_up(serve: Any) -> None:
    app = make_app()
    cleaned = threading.Event()

    async def resource() -> AsyncIterator[str]:
        try:
            yield "resource"
        finally:
            cleaned.set()

    @app.websocket("/ws")
    async def serve_it(websocket: WebSocket, value: Annotated[str, Depends(resource)]) -> None:
        await websocket.accept()
        await websocket.send_text(value)
        await websocket.receive_text()

    with serve(app).websocket_connect("/ws") as session:
        assert session.receive_text() == "resource"
        assert not cleaned.is_set()
    assert cleaned.wait(2)


def test_websocket_of_a_mounted_application(serve: Any) -> None:
    inner = make_app()

    @inner.websocket("/ws")
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("inner")

    app = make_app()
    app.mount("/inner", inner)
    with serve(app).websocket_connect("/inner/ws") as session:
        assert session.receive_text() == "inner"
