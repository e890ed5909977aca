"""The programs of docs/responses.md and docs/flask.md, run."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets" / "responses"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]) -> Callable[[str], Any]:
    monkeypatch.setenv("DATABASE_URL", "sqlite://")

    def load(file: str) -> Any:
        name = f"snippet_{file}"
        spec = importlib.util.spec_from_file_location(name, SNIPPETS / f"{file}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return serve(module.app, follow_redirects=False)

    return load


def test_results(client: Any) -> None:
    program = client("results")
    assert program.get("/accounts/Ada").json() == {"name": "Ada"}
    assert program.get("/accounts/Bob").status_code == 404
    visit = program.put("/visits/home")
    assert (visit.status_code, visit.headers["x-page"]) == (201, "home")
    assert "last_page=home; HttpOnly" in visit.headers["set-cookie"]
    assert program.get("/report").headers["x-mood"] == "calm"
    job = program.post("/jobs")
    assert (job.status_code, job.json(), job.headers["location"]) == (202, {"job": 7}, "/jobs/7")


def test_streams(client: Any) -> None:
    program = client("streams")
    lines = program.get("/readings").text.splitlines()
    assert [msgspec.json.decode(line)["value"] for line in lines] == [20.5, 21.0]
    assert program.get("/export").text == "sensor,value\nhall,20.5\n"
    events = program.get("/events", headers={"Last-Event-ID": "2"}).text
    assert events == 'event: tick\ndata: {"tick":3}\nid: 3\n\n'


def test_files(client: Any) -> None:
    program = client("files")
    report = program.get("/report")
    assert report.headers["content-disposition"].endswith("Bericht%20f%C3%BCr%20M%C3%A4rz.txt")
    address = program.get("/stylesheet").json()
    assert "immutable" in program.get(address).headers["cache-control"]
    assert program.get("/uploads/report.txt").text == "Quarterly report\n"
    assert program.get("/uploads/..%2ffiles.py").status_code == 404
    html = {"Accept": "text/html"}
    assert "The application" in program.get("/settings/profile", headers=html).text
    assert program.get("/assets/missing.js").status_code == 404


def test_messagepack(client: Any) -> None:
    program = client("messagepack")
    headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
    packed = msgspec.msgpack.encode({"x": 1, "y": 2})
    answer = program.post("/points", content=packed, headers=headers)
    assert msgspec.msgpack.decode(answer.content) == {"x": 2, "y": 1}


@pytest.mark.parametrize(
    ("path", "status", "text", "header"),
    [
        ("/page", 200, "<p>Hello</p>", ("content-type", "text/html; charset=utf-8")),
        ("/json", 200, '{"a":1}', ("content-type", "application/json")),
        ("/tuple", 201, '{"made":true}', ("x-made-by", "triode")),
        ("/headers", 200, '{"cached":true}', ("cache-control", "max-age=60")),
        ("/response", 200, '"hello"', ("set-cookie", "seen=yes; Path=/; SameSite=lax")),
        ("/abort", 403, '{"detail":"Not for you"}', ("content-type", "application/json")),
        ("/redirect", 302, "", ("location", "/json")),
        ("/file", 200, "Quarterly report\n", ("accept-ranges", "bytes")),
        ("/files/report.txt", 200, "Quarterly report\n", ("accept-ranges", "bytes")),
        ("/files/..%2ffiles.py", 404, '{"detail":"Not Found"}', ("content-length", "22")),
        ("/stream", 200, "0\n1\n2\n", ("content-type", "text/plain; charset=utf-8")),
    ],
)
def test_from_flask(
    client: Any, path: str, status: int, text: str, header: tuple[str, str]
) -> None:
    response = client("from_flask").get(path)
    assert (response.status_code, response.text) == (status, text)
    assert header in response.headers.items()


def test_form_from_flask(client: Any) -> None:
    answer = client("from_flask").post("/echo?a=1", data={"b": "2"})
    assert answer.json() == {"args": {"a": "1"}, "form": {"b": "2"}}
