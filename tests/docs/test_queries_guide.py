"""What docs/queries.md says, run."""

from __future__ import annotations

import runpy
from pathlib import Path

SNIPPET = Path(__file__).parents[2] / "docs/snippets/queries.py"


def test_queries_of_the_guide() -> None:
    found = runpy.run_path(str(SNIPPET), run_name="queries_guide")
    assert found["sizes"] == [("red", 3), ("blue", 0)]
    assert sorted(found["places"]) == [("a", 3), ("b", 2), ("c", 1)]
    assert found["lines"] == [found["Line"](id=1, shout="A")]
    assert found["idle"] == ["blue"]
    assert found["months"] == [(3,)]
    assert [hero.name for hero in found["first"].items] == ["a", "b"]
    assert [hero.name for hero in found["rest"].items] == ["c"]
    found["database"].close()
