"""The command `triode`."""

from triode.cli.main import main

__all__ = ["main"]
