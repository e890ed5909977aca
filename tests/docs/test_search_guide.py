"""What docs/queries.md says of full-text search, run."""

from __future__ import annotations

import runpy
from pathlib import Path

SNIPPET = Path(__file__).parents[2] / "docs/snippets/search.py"


def test_search_of_the_guide() -> None:
    found = runpy.run_path(str(SNIPPET), run_name="search_guide")
    assert [post.title for post in found["posts"].items] == ["A storm at sea"]
    assert found["hits"] == [
        {
            "id": 1,
            "title": "A storm at sea",
            "text": "We were <mark>walking</mark> to the <mark>Café</mark> "
            "&lt;b&gt;Ocean&lt;/b&gt;.",
        }
    ]
    assert found["ranked"] == ["A storm at sea", "Calm"]
    assert found["typing"] == ["A storm at sea"]
    assert found["comments"] == ["Brave!"]
    found["database"].close()
