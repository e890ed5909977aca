"""Names for people: of fields, models and rows.

English plurals are guessed; `ModelAdmin.label` and `plural` say what the guess cannot.
"""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SIBILANT = ("s", "x", "z", "ch", "sh")


def words_of(name: str) -> str:
    """Return "created_at" or "BlogPost" as lower-case words: "created at", "blog post"."""
    spaced = _CAMEL.sub(" ", name).replace("_", " ").replace(".", " ")
    return " ".join(
        word if word.isupper() and len(word) > 1 else word.lower() for word in spaced.split()
    )


def sentence(text: str) -> str:
    """Return the text with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def field_label(name: str) -> str:
    """Return the label of a field: "created_at" is "Created at"; "author_id" is "Author"."""
    return sentence(words_of(name.removesuffix("_id") or name))


def plural_of(noun: str) -> str:
    """Return the guessed English plural of a noun."""
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return noun[:-1] + "ies"
    if noun.endswith(_SIBILANT):
        return noun + "es"
    return noun + "s"


def module_title(module: str) -> str:
    """Return the heading for the models of a module: "shop.models" is "Shop"."""
    parts = [part for part in module.split(".") if part not in ("models", "model", "__init__")]
    name = parts[-1] if parts else module
    return "Models" if name in ("__main__", "app", "main") else sentence(words_of(name))
