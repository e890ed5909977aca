"""Names made of names: a table's of a class, a plural of a noun."""

from __future__ import annotations

import re


def snake_case(name: str) -> str:
    """Write a class name as a table name: BlogPost becomes blog_post."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def plural(noun: str) -> str:
    """Guess an English plural; `verbose_name_plural` says it better."""
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"
