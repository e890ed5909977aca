"""The program of docs/admin.md, run."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.admin.library import Visitor, cells, notes
from triode.auth import User
from triode.auth.extension import auth_of

SNIPPET = Path(__file__).parents[2] / "docs" / "snippets" / "admin" / "app.py"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the guide's file in a folder of its own, with a database of its own."""
    monkeypatch.setenv("TRIODE_SECRET_KEY", "a-secret-for-tests-a-secret-for-tests")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    shutil.copy(SNIPPET, tmp_path)
    return runpy.run_path(str(tmp_path / SNIPPET.name))


def test_the_guides_admin(program: dict[str, Any], serve: Callable[..., Any]) -> None:
    app = program["app"]
    ada = Visitor(serve(app))
    with app.database.active():
        user = User(email="ada@example.org", is_admin=True).save().run()
        ada.log_in(auth_of(app), user)
    ada.get("/admin/post/add")
    sent = {"title": "Glow", "body": "one two", "comment-count": "1", "comment-0-text": "Nice"}
    assert notes(ada.post("/admin/post/add", sent)) == ["“Glow” was added."]
    answer = ada.post("/admin/post", {"action": "publish", "key": "1"})
    assert notes(answer) == ["1 posts are out."]
    assert cells(answer)[0][:4] == ["Glow", "&ndash;", "Yes", "2 words"]
