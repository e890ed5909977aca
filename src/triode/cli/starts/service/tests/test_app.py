from app import app
from triode.testing import TestClient


def test_greets_the_world() -> None:
    with TestClient(app) as client:
        assert client.get("/").json() == {"message": "Hello, world!"}


def test_greets_by_name() -> None:
    with TestClient(app) as client:
        assert client.get("/?name=Ada").json() == {"message": "Hello, Ada!"}
