"""The programs of docs/accounts.md and docs/forms.md, run."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

ROOT = Path(__file__).parents[2] / "docs" / "snippets"
Load = Callable[[str], dict[str, Any]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Run a file of the guide in a folder of its own, with a database of its own."""
    monkeypatch.setenv("TRIODE_SECRET_KEY", "a-secret-for-tests-a-secret-for-tests")
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def run(name: str) -> dict[str, Any]:
        folder = tmp_path / "snippet"
        if not folder.exists():
            shutil.copytree((ROOT / name).parent, folder)
        return runpy.run_path(str(folder / Path(name).name))

    return run


def token_in(text: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found
    return found[1]


def test_accounts(serve: Callable[..., Any], load: Load) -> None:
    client = serve(load("accounts/app.py")["app"])
    assert client.get("/").json() == "Hello, stranger"
    assert client.get("/me").status_code == 401
    page = client.get("/me", headers={"accept": "text/html"}, follow_redirects=False)
    assert page.headers["location"] == "/login?next=/me"


def test_options(serve: Callable[..., Any], load: Load) -> None:
    client = serve(load("accounts/options.py")["app"])
    assert client.get("/welcome").status_code == 200
    assert client.get("/login").status_code == 404


def test_visitors(serve: Callable[..., Any], load: Load) -> None:
    client = serve(load("accounts/visitors.py")["app"])
    assert [client.get("/").json() for _ in range(2)] == ["Visit 1", "Visit 2"]


def test_scripts(serve: Callable[..., Any], load: Load) -> None:
    program = load("accounts/scripts.py")
    client = serve(program["app"])
    assert str(anyio.run(program["set_up"])) == "Ada"
    assert client.post("/try", follow_redirects=False).headers["location"] == "/"
    assert client.get("/password").status_code == 200


def test_the_programs_own_test(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    program = load("accounts/app.py")
    module = ModuleType("app")
    vars(module).update(program)
    monkeypatch.setitem(sys.modules, "app", module)
    load("accounts/test_app.py")["test_me"]()


def test_forms(serve: Callable[..., Any], load: Load) -> None:
    client = serve(load("forms/app.py")["app"], follow_redirects=True)
    token = token_in(client.get("/recipes/new").text)
    reply = client.post("/recipes/new", data={"csrf_token": token, "title": "Soup"})
    assert reply.status_code == 422
    assert "Please fill in this field." in reply.text
    fields = {"csrf_token": token, "title": "Soup", "minutes": "20"}
    assert "<p>Saved.</p>" in client.post("/recipes/new", data=fields).text
    assert "is taken already" in client.post("/recipes/new", data=fields).text
    assert 'value="Soup"' in client.get("/recipes/1/edit").text
    assert client.post("/recipes/1/edit", data={**fields, "minutes": "30"}).status_code == 200


def test_a_form_of_a_dataclass(serve: Callable[..., Any], load: Load) -> None:
    client = serve(load("forms/booking.py")["app"])
    assert "First night" in client.get("/book").text
    dates = {"start": "2024-05-02", "end": "2024-05-01"}
    reply = client.post("/book", data={"name": "Ada", **dates})
    assert "The last night comes before the first." in reply.text
    dates["end"] = "2024-05-03"
    assert client.post("/book", data={"name": "Ada", **dates}).json() == {"booked for": "Ada"}
