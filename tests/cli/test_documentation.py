"""docs/commands.md names every command, option and variable."""

import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from triode import settings
from triode.cli.main import make_command_line

DOCS = Path(__file__).parent.parent.parent / "docs"
DOCUMENT = (DOCS / "commands.md").read_text()


def commands(line=None, before="triode"):
    """Yield the full name and the function of every command."""
    for name in line or (line := make_command_line()):
        if name.startswith("-"):
            continue
        command = line[name]
        if command.default_command is None:
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command.default_command


COMMANDS = dict(commands())


def section(command):
    """Return the part of the document about a command."""
    found = re.search(rf"^## {command}$(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    return found[1] if found else pytest.fail(f"docs/commands.md has no '## {command}'")


def test_there_are_commands():
    assert {"triode dev", "triode run", "triode user create"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_and_its_options_are_documented(command):
    text = section(command)
    for parameter in inspect.signature(COMMANDS[command]).parameters.values():
        if is_dataclass(parameter.default):  # its fields are options, told elsewhere
            text += (DOCS / "server.md").read_text()
            names = [field.name for field in fields(parameter.default)]
        else:
            names = [parameter.name.strip("_")]
        for name in names if parameter.kind is parameter.KEYWORD_ONLY else []:
            option = name.replace("_", "-")
            assert re.search(rf"`--(no-)?{option}`", text), f"{command} --{option}"


@pytest.mark.parametrize("name", [settings.DEBUG_VARIABLE, settings.DATABASE_VARIABLE])
def test_variable_is_documented(name):
    assert f"| `{name}` |" in section("Environment")
