"""Modules that are loaded when they are first used, and when."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from triode.later import Later, handing_on, later, load_all, on_demand

DECLARED = """
from triode import Depends, Query, Triode

app = Triode()

def tenant(name: str = "") -> str:
    return name

@app.get("/items/{item_id}")
async def item(item_id: int, size: int = Query(1, ge=1), who: str = Depends(tenant)) -> dict:
    return {"item": item_id}

@app.post("/items", status_code=201)
def create(item: dict[str, int]) -> dict[str, int]:
    return item
"""

SERVED = """
import asyncio, sys

async def ask(method, path, query=b"", body=b""):
    sent = []
    async def receive():
        return {"type": "http.request", "body": body}
    async def send(message):
        sent.append(message)
    headers = [(b"host", b"example.org"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    scope["query_string"] = query
    await app(scope, receive, send)
    return sent[0]["status"]

async def main():
    app.table
    before = set(sys.modules)
    statuses = [
        await ask("GET", "/items/1"),
        await ask("GET", "/items/1", b"size=0"),
        await ask("POST", "/items", body=b'{"a": 1}'),
        await ask("GET", "/missing"),
        await ask("PUT", "/items"),
        await ask("GET", "/items/1/"),
    ]
    print(statuses, sorted(set(sys.modules) - before))

asyncio.run(main())
"""


def run_python(code: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_module_takes_the_place_of_its_stand_in_when_it_is_used():
    owner: dict[str, Any] = {}
    later(owner, words="keyword")
    assert type(owner["words"]) is Later

    assert owner["words"].iskeyword("def")

    assert owner["words"] is sys.modules["keyword"]


def test_load_all_loads_what_waits():
    owner: dict[str, Any] = {}
    later(owner, words="keyword")
    on_demand(owner, tables="colorsys")

    load_all()

    assert owner["words"] is sys.modules["keyword"]
    assert type(owner["tables"]) is Later


def test_stand_in_that_was_kept_still_leads_to_the_module():
    owner: dict[str, Any] = {}
    later(owner, words="keyword")
    kept = owner["words"]

    load_all()

    assert kept.kwlist is sys.modules["keyword"].kwlist


def test_name_that_a_module_has_not_is_an_attribute_error():
    owner: dict[str, Any] = {}
    on_demand(owner, words="keyword")
    with pytest.raises(AttributeError, match=r"^module 'keyword' has no attribute 'iskeywort'$"):
        _ = owner["words"].iskeywort


def test_package_hands_on_a_name():
    owner: dict[str, Any] = {"__name__": "words"}
    find = handing_on(owner, {"keyword": "iskeyword kwlist"})

    assert find("kwlist") is sys.modules["keyword"].kwlist
    assert owner["kwlist"] is sys.modules["keyword"].kwlist
    with pytest.raises(AttributeError, match=r"^module 'words' has no attribute 'kwlists'$"):
        find("kwlists")


def test_program_that_only_declares_loads_nothing_that_serves():
    heavy = "asyncio ssl anyio email http.client tempfile starlette.datastructures triode.dispatch"
    code = f"print(*[name for name in {heavy!r}.split() if name in sys.modules])"
    assert run_python(DECLARED + "import sys\n" + code) == ""


def test_first_requests_import_nothing():
    assert run_python(DECLARED + SERVED) == "[200, 422, 201, 404, 405, 307] []"
