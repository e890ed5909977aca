"""Every error code of the source is explained in docs/errors.md."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAID = re.compile(
    r'(?:\bcode=|default_code(?:: [^=]+)? = )"([a-z]+(?:-[a-z]+)*)"|"(route-[a-z-]+)"'
)


def test_every_code_is_explained() -> None:
    sources = [path.read_text() for path in (ROOT / "src").rglob("*.py")]
    said = {code for source in sources for pair in SAID.findall(source) for code in pair if code}
    explained = set(re.findall(r"^### (\S+)$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))
    assert sorted(said - explained) == []
