"""Triode: one Python web framework, from one file to the full-stack application.

`import triode` loads nothing but this file. A public name is imported from its room when it is
first used, so a program pays only for what it names.
"""

# PERF: said here and not imported, because `typing` alone costs more than this whole file.
TYPE_CHECKING = False

# The one list of public names. Type checkers read it as imports; `__getattr__` below reads the
# same lines from this file's source, so each is written `from triode.room import Name as Name`.
if TYPE_CHECKING:
    from triode.errors import ClientError as ClientError
    from triode.errors import ConfigError as ConfigError
    from triode.errors import TriodeError as TriodeError

__version__ = "0.1.0"


# A type checker must not see `__getattr__`: it would take a misspelt name for one that exists.
if not TYPE_CHECKING:

    def _public_names() -> dict[str, str]:
        """Return the module that holds each public name."""
        source = __loader__.get_source(__name__)
        found: dict[str, str] = {}
        for line in source.splitlines():
            words = line.split()
            if line.startswith("    from ") and len(words) == 6 and words[3] == words[5]:
                found[words[5]] = words[1]
        return found

    def __getattr__(name: str) -> object:
        names = _public_names()
        if name == "__all__":
            return sorted(names)
        if name not in names:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = __import__(names[name], fromlist=[name])
        value = globals()[name] = getattr(module, name)
        return value

    def __dir__() -> list[str]:
        return sorted([*globals(), *_public_names()])
