"""Routes as methods of a class."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pytest
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from triode.app import App
from triode.binding.markers import Depends, Header, Query
from triode.errors import BindingError, RouteError
from triode.routing import Controller, MethodView, Route
from triode.routing.marks import delete, get, post, websocket

T = TypeVar("T")
EVENTS: list[str] = []


@dataclass
class Item:
    name: str
    price: int = 0


@dataclass
class Team:
    label: str


async def open_store() -> AsyncIterator[dict[int, Item]]:
    EVENTS.append("open")
    yield {1: Item("hammer", 3)}
    EVENTS.append("closed")


Store = Annotated[dict[int, Item], Depends(open_store)]


def make_app(**options: Any) -> App:
    return App(openapi_url=None, **options)


class Items(Controller, prefix="/items", tags=["items"]):
    """Every kind of thing that a controller can ask for."""

    store: Store
    request: HTTPConnection
    cache: ClassVar[dict[str, int]] = {}
    note: str = "an ordinary attribute"

    def __init__(self, x_token: Annotated[str, Header()], limit: int = 10) -> None:
        self.token, self.limit = x_token, limit

    @get()
    async def every(self) -> list[str]:
        """List them."""
        return [item.name for item in self.store.values()][: self.limit]

    @get("/{number}", name="item")
    def show(self, number: int, q: Annotated[str, Query()] = "none") -> list[Any]:
        return [self.store[number].name, q, self.token, self.request.url.path, self.note]

    @post("/", status_code=201)
    @post("/more", status_code=202)
    async def create(self, item: Item) -> Item:
        return item

    @staticmethod
    @get("/static/word")
    async def word() -> str:
        return "word"

    @websocket("/feed/{number}")
    async def feed(self, socket: WebSocket, number: int) -> None:
        await socket.accept()
        await socket.send_json([number, self.token, self.store[1].name])


@pytest.fixture
def client(serve: Any) -> Any:
    app = make_app()
    app.add_controller(Items, prefix="/v1")
    return serve(app, headers={"X-Token": "t"})


def test_constructor_and_attributes_are_bound(client: Any) -> None:
    EVENTS.clear()
    assert client.get("/v1/items").json() == ["hammer"]
    assert client.get("/v1/items?limit=0").json() == []
    assert client.get("/v1/items/1?q=a").json() == [
        "hammer", "a", "t", "/v1/items/1", "an ordinary attribute",
    ]  # fmt: skip
    assert EVENTS == ["open", "closed"] * 3


def test_problems_of_constructor_and_method_come_together(client: Any) -> None:
    response = client.get("/v1/items/x?limit=y", headers={"X-Token": "t"})
    assert response.status_code == 422
    places = [problem["loc"] for problem in response.json()["detail"]]
    assert places == [["query", "limit"], ["path", "number"]]


def test_methods_of_every_kind(client: Any) -> None:
    body = {"name": "saw", "price": 2}
    assert [client.post(f"/v1/items/{path}", json=body).status_code for path in ("", "more")] == [
        201,
        202,
    ]
    assert client.get("/v1/items/static/word").json() == "word"
    with client.websocket_connect("/v1/items/feed/3", headers={"X-Token": "t"}) as session:
        assert session.receive_json() == [3, "t", "hammer"]


def test_names_and_documentation() -> None:
    app = App()
    app.add_controller(Items)
    assert app.url_path_for("Items.every") == "/items"
    assert app.url_path_for("item", number=1) == "/items/1"
    operation = app.openapi()["paths"]["/items"]["get"]
    assert (operation["operationId"], operation["tags"]) == ("Items_every_items_get", ["items"])
    assert (operation["summary"], operation["description"]) == ("Every", "List them.")
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert sorted(names) == ["limit", "x-token"]


def test_a_new_object_for_every_request(serve: Any) -> None:
    class Counter(Controller):
        def __init__(self) -> None:
            self.count = 0

        @get("/")
        async def count_up(self) -> int:
            self.count += 1
            return self.count

    app = make_app()
    app.add_controller(Counter)
    client = serve(app)
    assert [client.get("/").json() for _ in range(3)] == [1, 1, 1]


# --- inheritance


class Crud(Controller, Generic[T], tags=["crud"], dependencies=[Depends(open_store)]):
    kind: ClassVar[str] = "thing"

    @get("/{number}")
    async def show(self, number: int) -> T:
        raise NotImplementedError

    @post("/")
    async def create(self, body: T) -> T:
        return body

    @delete("/{number}")
    async def remove(self, number: int) -> str:
        return f"{self.kind} {number}"


class Teams(Crud[Team], prefix="/teams", tags=["teams"]):
    kind = "team"

    async def show(self, number: int) -> Team:
        return Team(f"team {number}")


class ReadOnly(Teams, prefix="/read"):
    create = None  # type: ignore[assignment]
    remove = None  # type: ignore[assignment]


def test_generic_base_class(serve: Any) -> None:
    app = App()
    app.add_controller(Teams)
    client = serve(app)
    assert client.get("/teams/3").json() == {"label": "team 3"}
    assert client.post("/teams/", json={"label": "red"}).json() == {"label": "red"}
    (problem,) = client.post("/teams/", json={"name": "red"}).json()["detail"]
    assert problem["loc"] == ["body", "label"]
    assert client.delete("/teams/3").json() == "team 3"
    operation = app.openapi()["paths"]["/teams/"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Team"}
    assert operation["tags"] == ["crud", "teams"]


def test_subclass_takes_routes_away() -> None:
    app = make_app()
    app.add_controller(ReadOnly)
    found = [(route.path, set(route.methods)) for route in app.routes if isinstance(route, Route)]
    assert found == [("/read/{number}", {"GET"})]
    (route,) = app.routes
    assert isinstance(route, Route)
    assert [depends.call for depends in route.dependencies] == [open_store]


# --- Flask's manner


def test_method_view(serve: Any) -> None:
    class Stock(MethodView, prefix="/stock"):
        async def get(self, number: int = 1) -> int:
            return number

        def post(self, body: Item) -> str:
            return self.helper(body)

        def helper(self, body: Item) -> str:
            return body.name

    app = make_app()
    assert app.add_controller(Stock) is Stock
    client = serve(app)
    assert (client.get("/stock?number=3").json(), client.put("/stock").status_code) == (3, 405)
    assert client.post("/stock", json={"name": "saw"}).json() == "saw"


# --- mistakes


def test_mistakes_are_told() -> None:
    class Empty(Controller):
        def get(self) -> None: ...  # no MethodView: nothing is a route by its name alone

    class Twice(Controller):
        store: Store

        def __init__(self, store: str) -> None: ...

        @get("/")
        def show(self) -> None: ...

    class Unbound(Controller):
        @get("/")
        def show(self, call: lambda: None) -> None: ...  # type: ignore[valid-type]

    with pytest.raises(RouteError, match="has no routes"):
        make_app().add_controller(Empty)
    with pytest.raises(RouteError, match="asks for 'store' as an attribute and in its"):
        make_app().add_controller(Twice)
    with pytest.raises(BindingError, match="show cannot be bound"):
        make_app().add_controller(Unbound)
    with pytest.raises(RouteError, match=r"is no method of a Controller.*@app\.get"):

        @get("/")
        def handler() -> None: ...

    with pytest.raises(RouteError, match='must start with "/"'):

        class Prefixed(Controller, prefix="items"): ...
