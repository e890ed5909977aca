"""`triode new`: the smallest start for what one wants to build.

The starts are real programs under `starts/`, which the tests of Triode run. They differ by lines
and not by layout, so that each can become the next one.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from shlex import quote
from typing import Literal, TypeAlias, cast

from triode.cli.errors import CommandError

Kind: TypeAlias = Literal["service", "api", "site"]

KINDS: dict[str, str] = {
    "service": "a small service or page: one file, no database",
    "api": "a typed API: models, validation, documentation",
    "site": "a site with accounts and admin: pages, forms, log-in",
}
FIRST_STEPS = {"site": ("triode user create --admin",)}
PROJECT_NAME = "PROJECT_NAME"
# A packed project may lose files whose names begin with a dot, so they are stored without it.
RENAMED = {"gitignore": ".gitignore"}


def new(name: str, /, *, kind: Kind | None = None) -> None:
    """Start a new project in a new folder.

    Parameters
    ----------
    name
        The folder to make; its last part names the project.
    kind
        What to start; asked when left out.
    """
    folder = Path(name)
    title = folder.resolve().name
    if not re.fullmatch(r"[\w][\w .-]*", title):
        raise CommandError(f"{title!r} cannot name a project. Use letters, digits, '-' and '_'")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(
            f"{name!r} exists already and is not an empty folder. Choose another name"
        )
    chosen = kind or ask_kind()
    try:
        written = copy_start(files("triode.cli") / "starts" / chosen, folder, title)
    except OSError as exc:
        raise CommandError(f"{name!r} cannot be written: {exc.strerror}") from exc
    print(f"\n  {title} is {KINDS[chosen]}.\n")
    for path in written:
        print(f"    {path}")
    steps = [f"cd {quote(name)}", *FIRST_STEPS.get(chosen, ()), "triode dev"]
    print("\n  Next:  " + "\n         ".join(steps) + "\n")


def ask_kind() -> Kind:
    """Ask by which of three things people choose; Enter takes the first."""
    if not sys.stdin.isatty():
        raise CommandError(f"say what to start: --kind {'|'.join(KINDS)}")
    print("What do you want to build? Each can grow into the next by adding lines.\n")
    for number, (kind, text) in enumerate(KINDS.items(), 1):
        print(f"  {number}  {text}  ({kind})")
    while True:
        answer = input("\n1, 2 or 3 [1]: ").strip().lower() or "1"
        numbered = dict(zip("123", KINDS, strict=True))
        found = numbered.get(answer, answer)
        if found in KINDS:
            return cast(Kind, found)
        print("Please type 1, 2 or 3.")


def copy_start(source: Traversable, folder: Path, title: str) -> list[Path]:
    """Write a start into a folder, with the project's name in it, and return what was written."""
    written: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir(), key=lambda entry: (entry.is_dir(), entry.name)):
        target = folder / RENAMED.get(entry.name, entry.name)
        if entry.is_dir() and entry.name != "__pycache__":
            written += copy_start(entry, target, title)
        elif entry.is_file():
            text = entry.read_text(encoding="utf-8").replace(PROJECT_NAME, title)
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return written
