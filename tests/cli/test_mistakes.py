"""What is said of a wrong program: file and line, what, the value and the mend."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.mistakes import HEAD, MISTAKES
from triode.cli.discovery import load
from triode.cli.errors import CommandError, program_error
from triode.server.lifespan import LifespanDriver


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be in a folder of one's own, whose `app` is imported anew."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "asyncpg", None)  # as where the extra is not installed
    # In a process of its own nothing but the program is the developer's.
    monkeypatch.setattr("triode.cli.errors.is_own", lambda file: file.startswith(str(tmp_path)))
    sys.modules.pop("app", None)
    yield tmp_path
    sys.modules.pop("app", None)


def said_of(program: str) -> str:
    """Return what `triode dev` and `triode run` print when a program does not start."""
    Path("app.py").write_text(program, encoding="utf-8")
    try:
        app = load().app
        asyncio.run(_start(app))
    except CommandError as exc:
        return str(exc)
    except Exception as exc:
        return str(program_error(exc))
    return "nothing"


async def _start(app: object) -> None:
    async with LifespanDriver(app):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_said(folder: Path, name: str) -> None:
    mistake = MISTAKES[name]
    said = re.sub(r"0x[0-9a-f]+", "0x…", said_of(HEAD + mistake.program))
    assert re.sub(r"\(/\S*triode/__init__\.py\)", "(…)", said) == mistake.message


@pytest.mark.parametrize("name", MISTAKES)
def test_message_has_a_place_and_a_mend(name: str) -> None:
    message = MISTAKES[name].message
    assert re.search(r"app\.py:\d+", message)
    is_ours = re.search(r" \[[a-z-]+\]$", message) is not None
    is_pythons = re.search(r"app\.py:\d+: (SyntaxError|ImportError|RuntimeError|OSError)", message)
    assert is_ours or is_pythons


RIGHT = """
@app.get("/{version}/items/{item_id}")
def by_request(request: Request): ...

def item(item_id: int) -> int:
    return item_id

@app.get("/items/{item_id}")
def by_dependency(found: Annotated[int, Depends(item)]): ...

router = Router(prefix="/{tenant}")

@router.get("/home")
def prefix_is_for_whoever_wants_it(): ...

app.include_router(router)

@app.get("/maybe")
@app.get("/maybe/{number}")
def both(number: int = 0): ...

@app.delete("/gone", status_code=204)
def gone() -> None: ...

@app.get("/teapot", status_code=418)
def teapot() -> str: ...
"""


def test_right_program_is_not_refused(folder: Path) -> None:
    assert said_of(HEAD + RIGHT) == "nothing"
