"""Every program in the documents is a file that runs, and is shown as it is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = re.compile(r"<!-- (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"^```python\n", re.MULTILINE)


def shown() -> list[tuple[str, str, str]]:
    """Return document, file and text of every program that a document shows."""
    return [
        (document.name, path, text)
        for document in DOCUMENTS
        for path, text in SHOWN.findall(document.read_text())
    ]


@pytest.mark.parametrize(("document", "path", "text"), shown(), ids=lambda value: value[:40])
def test_document_shows_the_file_as_it_is(document, path, text):
    assert text in (ROOT / path).read_text()


@pytest.mark.parametrize("document", ["tutorial.md"])
def test_every_program_names_its_file(document):
    text = (ROOT / "docs" / document).read_text()
    programs = len(PYTHON.findall(text))
    named = sum("```python\n" in match[0] for match in SHOWN.finditer(text))
    assert programs == named > 0
