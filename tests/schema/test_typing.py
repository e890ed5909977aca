"""What a type checker sees of a program that uses the room."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import msgspec
from typing_extensions import assert_type
from triode.schema import Create, Email, FieldInfo, Patch, Url, field_info


class User(msgspec.Struct):
    email: Email
    home: Url | None = None
    age: int = field_info(default=0, ge=0)


def create(user: Create[User], changes: Patch[User]) -> User:
    assert_type(user, User)
    assert_type(changes, User)
    assert_type(user.email, str)
    assert_type(user.home, str | None)
    return user


INFO = FieldInfo(0, ge=1, title="Age", examples=[1])
"""
SOURCES = Path(__file__).parents[2] / "src"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_mypy_sees_the_class_through_a_variant(program: Path) -> None:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(program)]
    found = subprocess.run(
        command, capture_output=True, text=True, cwd=program.parent, check=False,
        env={"MYPYPATH": str(SOURCES)},
    )  # fmt: skip
    assert found.stdout == "Success: no issues found in 1 source file\n"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_pyright_sees_the_class_through_a_variant(program: Path) -> None:
    pyright = Path(sys.executable).with_name("pyright")
    if not pyright.exists() and shutil.which("pyright") is None:
        pytest.skip("pyright is not installed")
    settings = {"extraPaths": [str(SOURCES)], "typeCheckingMode": "strict", "include": ["."]}
    (program.parent / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [str(pyright), "--pythonpath", sys.executable, "-p", str(program.parent)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "0 errors, 0 warnings" in found.stdout, found.stdout
