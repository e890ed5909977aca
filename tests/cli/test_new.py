"""`triode new`: what it writes must run, and be typed, before a line is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from triode.cli.new import KINDS

FILES = {
    "service": [".gitignore", "app.py", "pyproject.toml", "tests/test_app.py"],
    "api": [".gitignore", "app.py", "pyproject.toml", "tests/test_app.py"],
    "site": [
        *(".gitignore", "app.py", "pyproject.toml"),
        *("templates/base.html", "templates/home.html", "templates/new_post.html"),
        "tests/test_app.py",
    ],
}


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_folder_with_a_space_is_quoted_in_what_to_type_next(triode, tmp_path):
    assert "cd 'Book Club'" in triode("new", "Book Club", "--kind", "api").stdout


@pytest.mark.parametrize("kind", KINDS)
def test_start_is_written_with_its_name(triode, tmp_path, kind):
    done = triode("new", "Book-Club", "--kind", kind)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "Book-Club"
    written = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert sorted(written) == FILES[kind]
    assert 'Triode(title="Book-Club")' in (folder / "app.py").read_text()
    assert not any("PROJECT_NAME" in (folder / name).read_text() for name in written)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_start_passes_its_own_tests(triode, tmp_path, kind):
    triode("new", "start", "--kind", kind)
    done = run_in(tmp_path / "start", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert not list(tmp_path.rglob("*.db"))


@pytest.mark.slow
def test_start_is_typed(triode, tmp_path):
    triode("new", "start", "--kind", "site")
    done = run_in(tmp_path / "start", "mypy", "--strict", "app.py", "tests")
    assert done.returncode == 0, done.stdout


def test_kind_must_be_said_where_nobody_can_be_asked(triode, tmp_path):
    done = triode("new", "start")
    assert (done.returncode, done.stderr) == (
        2,
        "triode: error: say what to start: --kind service|api|site\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_folder_with_something_in_it_is_left_alone(triode, write):
    write("start/notes.txt", "mine")
    done = triode("new", "start", "--kind", "api")
    assert (done.returncode, done.stderr) == (
        2,
        "triode: error: 'start' exists already and is not an empty folder. Choose another name\n",
    )


def test_name_that_is_none_is_refused(triode):
    done = triode("new", "a\nb", "--kind", "api")
    assert done.returncode == 2
    assert done.stderr.startswith("triode: error: 'a\\nb' cannot name a project.")
