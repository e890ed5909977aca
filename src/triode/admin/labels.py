"""Names for people: of fields and modules. A model's own are its `verbose_name`s."""

from __future__ import annotations

from triode.errors import ClientError


def sentence(text: str) -> str:
    """Return the text with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def told(exc: ClientError) -> str:
    """Return what a visitor is told of an error: its detail, if that is no data for programs."""
    return exc.detail if isinstance(exc.detail, str) else exc.message


def words_of(name: str) -> str:
    """Return "created_at" as words: "created at"."""
    return " ".join(name.replace(".", " ").replace("_", " ").split()) or name


def field_label(name: str) -> str:
    """Return the label of a field: "created_at" is "Created at", "author_id" is "Author".

    "is_active" is "Active": beside a tick or a yes the verb says nothing.
    """
    bare = name.removesuffix("_id").removeprefix("is_")
    return sentence(words_of(bare or name))


def module_title(module: str) -> str:
    """Return the heading for the models of a module: "shop.models" is "Shop"."""
    parts = [part for part in module.split(".") if part not in ("models", "model", "__init__")]
    name = parts[-1] if parts else module
    return "Models" if name in ("__main__", "app", "main") else sentence(words_of(name))
