from triode.testing import TestClient


def test_greets_the_world(client: TestClient) -> None:
    assert client.get("/").json() == {"message": "Hello, world!"}


def test_greets_by_name(client: TestClient) -> None:
    assert client.get("/?name=Ada").json() == {"message": "Hello, Ada!"}
