"""`triode routes` and `triode openapi`."""

import json
import re
import shlex
import subprocess

import pytest

from tests.cli.conftest import COMMAND, environment

APP = """
from triode import Triode, WebSocket

app = Triode(title="Listed", docs_url=None, redoc_url=None)


@app.get("/users/{user_id}")
async def get_user(user_id: int) -> int:
    return user_id


@app.websocket("/chat")
async def chat(socket: WebSocket) -> None: ...


async def inner(scope, receive, send): ...

app.mount("/inner", inner, name="inside")
"""


def test_routes_are_a_table(write, triode):
    write("app.py", APP)
    done = triode("routes")
    rows = [re.split(" {2,}", line) for line in done.stdout.splitlines()]
    assert rows[0] == ["METHODS", "PATH", "NAME", "HANDLER", "SERVED BY"]
    assert rows[1:4] == [
        ["GET", "/users/{user_id}", "get_user", "app.py:7", "lane"],
        ["WEBSOCKET", "/chat", "chat", "app.py:12", "ASGI: a WebSocket"],
        ["*", "/inner/…", "inside", "function", "ASGI: a mounted application"],
    ]


def test_middleware_of_asgi_takes_the_lane_away(write, triode):
    write("app.py", APP + "app.add_middleware(lambda app: app)\n")
    line = next(line for line in triode("routes").stdout.splitlines() if "get_user" in line)
    assert line.endswith("ASGI: inside of app.<lambda>")


def test_a_middleware_that_we_have_too_is_named(write, triode):
    added = "app.add_middleware(CORSMiddleware)\n"
    write("app.py", f"from starlette.middleware.cors import CORSMiddleware\n{APP}{added}")
    assert triode("routes").stdout.splitlines()[-1] == (
        "starlette.middleware.cors.CORSMiddleware moves this application to the ASGI way. "
        "triode.middleware.cors.CORSMiddleware does the same on the lane."
    )
    write("app.py", f"from triode.middleware.cors import CORSMiddleware\n{APP}{added}")
    assert " lane" in triode("routes").stdout
    assert "ASGI way" not in triode("routes").stdout


def test_document_is_printed(write, triode):
    write("app.py", APP)
    document = json.loads(triode("openapi").stdout)
    assert (document["openapi"], document["info"]["title"]) == ("3.1.0", "Listed")
    assert list(document["paths"]) == ["/users/{user_id}"]


def test_document_is_written_to_a_file(write, triode, tmp_path):
    write("app.py", APP)
    done = triode("openapi", "--output", "api.json")
    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads((tmp_path / "api.json").read_text()) == json.loads(triode("openapi").stdout)


def test_file_that_cannot_be_written_is_said(write, triode):
    write("app.py", APP)
    done = triode("openapi", "--output", "missing/api.json")
    expected = "'missing/api.json' cannot be written: No such file or directory\n"
    assert (done.returncode, done.stderr) == (2, f"triode: error: {expected}")


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(write, tmp_path):
    write("app.py", APP)
    command = f"{shlex.join([*COMMAND, 'openapi'])} | true"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_routes_of_the_program_come_first(write, triode):
    write("app.py", APP.replace("None", "'/d'", 1))
    handlers = [line.split()[3] for line in triode("routes", "--all").stdout.splitlines()[1:]]
    assert handlers[0] == "app.py:7"
    assert handlers[-1].startswith("triode/")


def test_routes_of_triode_are_counted(write, triode):
    write("app.py", APP.replace("None", "'/d'", 1))
    lines = triode("routes").stdout.splitlines()
    assert not any("triode/" in line for line in lines)
    assert lines[-1] == "and 4 of Triode's own; --all lists them too"
    assert max(map(len, lines)) <= 80


def test_generated_code_is_printed(write, triode):
    write("app.py", APP)
    text = triode("routes", "--source").stdout
    assert text.startswith("# GET /users/{user_id}  app.get_user, app.py:7\n")
    code = text.partition("\n")[2]
    compile(code, "source", "exec")
    assert "get_user(user_id=user_id)" in code
