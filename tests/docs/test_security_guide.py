"""The programs of docs/dependencies.md and docs/security.md, run."""

import runpy
import sqlite3
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2] / "docs" / "snippets"


def load(name: str) -> Any:
    return runpy.run_path(str(ROOT / name))["app"]


def test_connection_is_open_as_long_as_it_is_needed(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("shop.db") as shop:
        shop.execute("CREATE TABLE article (name TEXT PRIMARY KEY) STRICT")
    client = serve(load("lifetimes/app.py"))
    assert [client.post(f"/articles/{name}").status_code for name in ("pen", "ink")] == [201, 201]
    assert client.post("/articles/pen").json() == {"detail": "There is one of this name."}
    assert client.get("/articles?size=1&page=2").json() == ["pen"]
    assert client.get("/articles.txt").text == "ink\npen\n"


def test_keys_and_passwords(serve: Any) -> None:
    client = serve(load("security/keys.py"))
    assert client.get("/prices").json() == {"lamp": 100}
    assert client.get("/prices", headers={"X-API-Key": "partner-key"}).json() == {"lamp": 80}
    refused = client.get("/workshop", auth=("ann", "wrong"))
    assert (refused.status_code, refused.json()) == (401, {"detail": "Unknown."})
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="Workshop"'
    assert client.get("/workshop", auth=("ann", "correct horse")).json() == "Come in, ann."


def test_tokens_and_scopes(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIODE_SECRET_KEY", "a-secret-for-tests-a-secret-for-tests")
    client = serve(load("security/tokens.py"))
    form = {"username": "ann", "password": "correct horse", "scope": "me items"}
    token = client.post("/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/me", headers=headers).json() == {"name": "ann"}
    refused = client.get("/items", headers=headers)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (
        403,
        'Bearer scope="items"',
    )
    assert client.get("/me", headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get("/me").status_code == 401
    wrong = client.post("/token", data={**form, "username": "nobody"})
    assert (wrong.status_code, wrong.json()) == (
        400,
        {"detail": "Incorrect user name or password."},
    )
