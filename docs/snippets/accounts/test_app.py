"""Accounts in tests: be somebody without the login page."""

from app import app

from triode.auth import create_user
from triode.testing import TestClient
from triode.testing.accounts import log_in


def test_me() -> None:
    with TestClient(app) as client:
        ada = client.call(create_user, "ada@example.org")
        log_in(client, ada)
        assert client.get("/me").json() == {"email": "ada@example.org"}
