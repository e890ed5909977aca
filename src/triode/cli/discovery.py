"""Find the application that a command was given.

`triode dev` takes a file, a folder, a package, `module:attribute`, or nothing at all, which means
the folder one stands in. Finding looks at files only; `load` imports.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from triode.app import App
from triode.cli.errors import CommandError, ProgramError, program_error

FILE_NAMES = ("app.py", "main.py")
ATTRIBUTE = "app"


@dataclass(frozen=True, slots=True)
class Location:
    """Where an application is: `module` can be imported once `folder` is on `sys.path`.

    `attribute` is None where the command did not say it.
    """

    folder: Path
    module: str
    file: Path
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """An application that has been imported, and its address as "module:attribute"."""

    app: App
    address: str
    location: Location


def load(target: str = "", base: Path | None = None) -> Program:
    """Find and import an application; `base` is where to look, None for the current folder.

    Raises:
        CommandError: there is no such file, no application in it, or more than one.
        ProgramError: the file could not be imported.
    """
    return load_location(locate(target, base))


def locate(target: str = "", base: Path | None = None) -> Location:
    """Return where the application is that a command line names, seen from a folder.

    Raises:
        CommandError: nothing is there.
    """
    path_part, _, attribute = target.partition(":")
    name = attribute or None
    here = base or Path.cwd()
    if not path_part:
        return _in_folder(here, name)
    path = here / path_part
    if path.is_dir():
        return _in_folder(path.resolve(), name)
    if path.is_file():
        return _of_file(path.resolve(), name)
    if path.suffix == ".py" or len(Path(path_part).parts) > 1:
        raise CommandError(f"there is no file {path_part!r} in {here}")
    return _of_module(path_part, name, here)


def load_location(location: Location) -> Program:
    """Import the module of a location and pick its application."""
    if str(location.folder) not in sys.path:
        sys.path.insert(0, str(location.folder))
    module = _import(location)
    found = getattr(module, "__file__", None)
    if found is None or Path(found).resolve() != location.file:
        raise CommandError(
            f"{_shown(location.file)} cannot be imported as {location.module!r}: that name belongs "
            f"to {found or 'a module of Python'}. Rename the file"
        )
    attribute = location.attribute or _pick(module, location)
    return Program(_get(module, attribute, location), f"{location.module}:{attribute}", location)


def _in_folder(folder: Path, attribute: str | None) -> Location:
    for name in FILE_NAMES:
        if (folder / name).is_file():
            return _of_file(folder / name, attribute)
    if (folder / "__init__.py").is_file():
        return _of_file(folder / "__init__.py", attribute)
    raise CommandError(
        f"there is no application in {folder}: it has no {' or '.join(FILE_NAMES)}. "
        "Name the file, for instance: triode dev path/to/app.py"
    )


def _of_file(file: Path, attribute: str | None) -> Location:
    if file.suffix != ".py":
        raise CommandError(f"{_shown(file)} is not a Python file")
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        parts.insert(0, folder.name)
        folder = folder.parent
    if not all(part.isidentifier() for part in parts):
        raise CommandError(
            f"{_shown(file)} cannot be imported: {'.'.join(parts)!r} is not a name in Python. "
            "Rename it with letters, digits and underscores"
        )
    return Location(folder, ".".join(parts), file, attribute)


def _of_module(name: str, attribute: str | None, here: Path) -> Location:
    """Return the location of a dotted module name, looked up from a folder, or its `src`."""
    for folder in (here, here / "src"):
        base = folder.joinpath(*name.split("."))
        own = (base.with_suffix(".py"), base / "app.py", base / "main.py", base / "__init__.py")
        if found := next((file for file in own if file.is_file()), None):
            return _of_file(found, attribute)
    raise CommandError(f"there is no file, folder or module {name!r} in {here}")


def _import(location: Location) -> ModuleType:
    try:
        return importlib.import_module(location.module)
    except (Exception, SystemExit) as exc:
        raise program_error(exc) from exc


def _pick(module: ModuleType, location: Location) -> str:
    """Return the name of the application: `app`, or the only one there is."""
    if isinstance(getattr(module, ATTRIBUTE, None), App):
        return ATTRIBUTE
    found = {id(value): name for name, value in vars(module).items() if isinstance(value, App)}
    if not found:
        raise CommandError(
            f"{_shown(location.file)} has no application. Add one at its top level: app = Triode()"
        )
    if len(found) > 1:
        names = sorted(found.values())
        raise CommandError(
            f"{_shown(location.file)} has several applications: {', '.join(names)}. "
            f"Name one: {location.module}:{names[0]}"
        )
    return next(iter(found.values()))


def _get(module: ModuleType, attribute: str, location: Location) -> App:
    if not hasattr(module, attribute):
        raise CommandError(f"{_shown(location.file)} has nothing named {attribute!r}")
    value = getattr(module, attribute)
    if not isinstance(value, App):
        raise CommandError(
            f"{attribute!r} in {_shown(location.file)} is of type {type(value).__name__}, "
            "not a Triode application"
        )
    return value


def _shown(file: Path) -> str:
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


__all__ = ["Location", "Program", "ProgramError", "load", "load_location", "locate"]
