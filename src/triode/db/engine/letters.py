"""Upper and lower case on SQLite, letter by letter as other databases do it.

Python's own `upper` makes two letters of ß, and its `lower` looks at what stands around a Σ.
"""

from __future__ import annotations


def lower(text: str) -> str:
    """Return the text in lower case, with as many letters."""
    if text.isascii():
        return text.lower()
    # İ alone becomes more than one letter: an i and a dot above it.
    return "".join([letter.lower()[0] for letter in text])


def upper(text: str) -> str:
    """Return the text in upper case, with as many letters; ß stays ß."""
    if text.isascii():
        return text.upper()
    return "".join([_upper(letter) for letter in text])


def _upper(letter: str) -> str:
    found = letter.upper()
    return found if len(found) == 1 else letter
