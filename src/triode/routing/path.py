"""Path templates: `/users/{user_id}/files/{path:path}`.

A template is a list of segments between slashes. A segment is literal text, one parameter, or
text mixed with parameters (`{name}.{ext}`). Converters have Starlette's names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from triode.errors import RouteError
from triode.later import later

if TYPE_CHECKING:
    from starlette import datastructures
    from starlette.datastructures import URLPath
else:
    later(globals(), datastructures="starlette.datastructures")

PARAMETER = re.compile(r"{([^{}:]*)(?::([^{}]*))?}")
# The address of a callback, which OpenAPI describes and nobody is served at.
EXPRESSIONS = ("{$", "http://", "https://")
IDENTIFIER = re.compile(r"[^\W\d]\w*")

# SECURITY: several parameters in one segment make a failing match quadratic or worse in its
# length. 255 characters are what file systems allow for a name.
SHORT = r"(?=.{0,255}\Z)"

CONVERTERS = {
    "str": r"[^/]+",
    "path": r".*",
    "int": r"[0-9]+",
    "float": r"[0-9]+(?:\.[0-9]+)?",
    "uuid": r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}",
}

CONVERSIONS: Mapping[str, Callable[[str], Any]] = {"int": int, "float": float, "uuid": UUID}


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes.

    `names` are the parameters in it. `test` is None where any text without a slash matches
    (a plain parameter) or where there is nothing to match but `literal`.
    """

    literal: str
    names: tuple[str, ...] = ()
    test: re.Pattern[str] | None = None
    is_rest: bool = False

    def match(self, part: str) -> tuple[str, ...] | None:
        """Return the parameters in the part of a path, None if it does not fit."""
        if not self.names:
            return () if part == self.literal else None
        if self.test is None:
            return (part,) if part else None
        found = self.test.fullmatch(part)
        return None if found is None else found.groups()

    @property
    def shape(self) -> str:
        """The segment without its parameters' names: equal shapes match the same text."""
        if not self.names:
            return self.literal
        return "{}" if self.test is None else self.test.pattern


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed path.

    `format` is the path as OpenAPI writes it: converters left out. `address` says how the value
    of a `:path` parameter is written in an address: that of a static file gets its hash.
    """

    text: str
    format: str
    segments: tuple[Segment, ...]
    names: tuple[str, ...]
    converters: tuple[str, ...]
    address: Callable[[str], str] | None = None

    @property
    def shape(self) -> str:
        """The path without its parameters' names: equal shapes match the same paths."""
        return "/".join(segment.shape for segment in self.segments)

    def fill(self, values: dict[str, Any]) -> str:
        """Return the path with its parameters filled in, percent-encoded.

        Raises:
            RouteError: a parameter is missing, unknown, or does not fit its converter.
        """
        if set(values) != set(self.names):
            raise no_match(
                f'"{self.text}" takes the parameters {sorted(self.names)}, '
                f"and got {sorted(values)}.",
                code="route-url-parameters",
            )
        path = self.format
        for name, converter in zip(self.names, self.converters, strict=True):
            text = str(values[name])
            if not re.fullmatch(CONVERTERS[converter], text, re.DOTALL):
                raise no_match(
                    f'"{text}" cannot be the {converter} parameter "{name}" of "{self.text}".',
                    code="route-url-value",
                )
            if self.address is not None and converter == "path":
                text = self.address(text)
            safe = "/" if converter == "path" else ""
            path = path.replace("{" + name + "}", quote(text, safe=safe), 1)
        return path

    def convert(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return parameters as Starlette's converters give them: an `int` for `{id:int}`.

        Digits beyond what Python turns into a number stay text.
        """
        found: dict[str, Any] = dict(values)
        for name, converter in zip(self.names, self.converters, strict=True):
            if converter in CONVERSIONS and name in found:
                with suppress(ValueError):
                    found[name] = CONVERSIONS[converter](found[name])
        return found


def rewritten(path: URLPath, text: str, *, host: str | None = None) -> URLPath:
    """Return an address with another path, and perhaps another host."""
    protocol: Any = path.protocol
    return datastructures.URLPath(text, protocol=protocol, host=path.host if host is None else host)


def no_match(message: str, *, code: str = "route-unknown-name") -> RouteError:
    """Return the error of an address that cannot be made; it is Starlette's `NoMatchFound` too."""
    return _no_match_class()(message, code=code)


@cache
def _no_match_class() -> type[RouteError]:
    from starlette.routing import NoMatchFound

    class UnknownRouteName(RouteError, NoMatchFound):
        """No route has this name and these parameters."""

        def __init__(self, message: str, *, code: str) -> None:
            Exception.__init__(self, message)
            self.message, self.code, self.where = message, code, None

    found: type[RouteError] = UnknownRouteName
    return found


def parse_path(text: str, *, where: Callable[[], str] = lambda: "") -> PathTemplate:
    """Parse a path template.

    `where` names the handler in messages.

    Raises:
        RouteError: no leading slash, unbalanced braces, an unknown converter, a bad or repeated
            name, or a `path` parameter that is not the last thing.
    """

    def refuse(reason: str, code: str) -> RouteError:
        return RouteError(f'"{text}"{where()} {reason}', code=code)

    if text.startswith(EXPRESSIONS):
        return PathTemplate(text, text, (), (), ())
    if not text.startswith("/"):
        raise refuse('does not start with "/". Write "/' + text + '".', "route-no-slash")
    names: list[str] = []
    converters: list[str] = []
    segments: list[Segment] = []
    parts = text[1:].split("/")
    for position, part in enumerate(parts):
        segments.append(_parse_segment(part, names, converters, refuse))
        if segments[-1].is_rest and position != len(parts) - 1:
            raise refuse(
                "has something after a :path parameter. Make it the last one.", "route-path-last"
            )
    for name in names:
        if names.count(name) > 1:
            raise refuse(
                f'names the parameter "{name}" twice. Rename one of them.',
                "route-duplicate-parameter",
            )
    format_ = PARAMETER.sub(lambda match: "{" + match[1] + "}", text)
    return PathTemplate(text, format_, tuple(segments), tuple(names), tuple(converters))


def _parse_segment(
    part: str,
    names: list[str],
    converters: list[str],
    refuse: Callable[[str, str], RouteError],
) -> Segment:
    found = list(PARAMETER.finditer(part))
    leftover = PARAMETER.sub("", part)
    if "{" in leftover or "}" in leftover:
        raise refuse("has unbalanced braces.", "route-braces")
    if not found:
        return Segment(part)
    own: list[str] = []
    pattern, end, is_rest = "", 0, False
    for match in found:
        name, converter = match[1], match[2] or "str"
        if not IDENTIFIER.fullmatch(name):
            raise refuse(f'has the parameter name "{name}", not an identifier.', "route-name")
        if converter not in CONVERTERS:
            known = ", ".join(CONVERTERS)
            raise refuse(
                f'has the unknown converter "{converter}". Known are: {known}.', "route-converter"
            )
        is_rest = is_rest or converter == "path"
        pattern += re.escape(part[end : match.start()]) + f"({CONVERTERS[converter]})"
        end = match.end()
        own.append(name)
        names.append(name)
        converters.append(converter)
    pattern += re.escape(part[end:])
    if len(own) > 1 and not is_rest:
        pattern = SHORT + pattern
    is_plain = pattern == f"({CONVERTERS['str']})"
    test = None if is_plain else re.compile(pattern, re.DOTALL)
    return Segment("", tuple(own), test, is_rest)
