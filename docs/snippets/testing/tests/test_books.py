from app import Book, shop

from triode import Database, Triode
from triode.testing import (
    AsyncTestClient,
    Factory,
    LaneClient,
    TestClient,
    count_queries,
    no_loops,
)


def test_book_is_added(client: TestClient) -> None:
    added = client.post("/books", json={"title": "Dune"})
    assert added.status_code == 201
    assert client.get("/books/1").json() == {"id": 1, "title": "Dune"}


def test_title_is_taken_once(client: TestClient) -> None:
    client.call(Book(title="Dune").save)
    assert client.post("/books", json={"title": "Dune"}).status_code == 409


def test_price_is_asked_of_the_shop(app: Triode, client: TestClient) -> None:
    app.dependency_overrides[shop] = lambda: lambda title: len(title)
    client.post("/books", json={"title": "Dune"})
    assert client.get("/books/1/price").json() == 4


async def test_book_is_found(async_client: AsyncTestClient) -> None:
    await async_client.post("/books", json={"title": "Dune"})
    assert await Book.where(title="Dune").count() == 1
    assert (await async_client.get("/books/1")).json()["title"] == "Dune"


def test_echo(client: TestClient) -> None:
    with client.websocket_connect("/echo") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"


async def test_echo_async(async_client: AsyncTestClient) -> None:
    async with async_client.websocket_connect("/echo") as socket:
        await socket.send_text("hello")
        assert await socket.receive_text() == "hello"


def test_served_as_in_production(app: Triode) -> None:
    with LaneClient(app) as client:
        assert client.get("/books/1").status_code == 404


def test_books_are_counted(database: Database, client: TestClient, factory: Factory) -> None:
    dune = factory(Book, title="Dune").run()
    factory.many(Book, 3).run()
    assert client.get(f"/books/{dune.id}").json()["title"] == "Dune"
    assert Book.count().run() == 4


def test_book_costs_a_statement(database: Database, client: TestClient, factory: Factory) -> None:
    dune = factory(Book).run()
    with count_queries() as queries:
        client.get(f"/books/{dune.id}")
    assert queries.count == 1


def test_books_are_read_at_once(database: Database, client: TestClient, factory: Factory) -> None:
    factory.many(Book, 5).run()
    with no_loops():
        client.get("/books")
