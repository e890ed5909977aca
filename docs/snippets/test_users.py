import os

os.environ["DATABASE_URL"] = "sqlite://"  # in memory, and empty whenever the application starts

from users import app

from triode.testing import TestClient


def test_a_user_is_created_and_read() -> None:
    with TestClient(app) as client:
        made = client.post("/users", json={"email": "ada@x.org", "age": 36, "password": "s3cret"})
        assert made.status_code == 201
        assert client.get("/users/1").json() == {
            "id": 1,
            "email": "ada@x.org",
            "age": 36,
            "bio": None,
        }
