"""What binding reads from a handler, as data.

`signature.py` makes these from a function, the compiled endpoint is built from them, and OpenAPI
describes a route by them. Nothing here runs per request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from triode.binding.concurrency import MaxConcurrency
from triode.schema import FieldInfo, Schema

Source: TypeAlias = Literal["path", "query", "header", "cookie"]
Lifetime: TypeAlias = Literal["function", "request"]


@dataclass(slots=True)
class Parameter:
    """One value that comes from the path, query string, a header or a cookie.

    `name` is the Python parameter, `alias` the name on the wire, `others` are names that are
    looked for where that one was not sent. `is_list` is true where several values of the same
    name are collected.
    """

    name: str
    alias: str
    source: Source
    annotation: Any
    schema: Schema
    info: FieldInfo
    required: bool
    default: Any = None
    is_list: bool = False
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class BodyPart:
    """One value that comes from the request body.

    `media_type` is what the document says. `is_form` marks a field of a form, in either of its
    encodings, `is_file` one that is an upload. Several JSON parts, or one with `embed=True`, are
    keys of one object. `others` are names that are looked for where `alias` was not sent.
    """

    name: str
    alias: str
    annotation: Any
    schema: Schema
    info: FieldInfo
    required: bool
    media_type: str = "application/json"
    default: Any = None
    embed: bool = False
    is_form: bool = False
    is_file: bool = False
    is_list: bool = False
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class Dependency:
    """A callable whose result another callable receives.

    `scopes` are those that it and all above it ask for, `own_scopes` its own alone. `lifetime`
    says when one that yields is cleaned up: "function" before the response is sent, "request"
    after that; None was not said. `original` is what an override stands for. `inline` does the
    same as `call` with the `Call` as its only argument, without waiting for anything.
    """

    call: Callable[..., Any]
    name: str | None
    use_cache: bool = True
    scopes: tuple[str, ...] = ()
    own_scopes: tuple[str, ...] = ()
    lifetime: Lifetime | None = None
    max_concurrency: MaxConcurrency | None = None
    original: Callable[..., Any] | None = None
    inline: Callable[[Any], Any] | None = None
    parameters: list[Parameter] = field(default_factory=list)
    body: list[BodyPart] = field(default_factory=list)
    specials: dict[str, str] = field(default_factory=dict)
    dependencies: list[Dependency] = field(default_factory=list)

    def walk(self) -> list[Dependency]:
        """Return this dependency and all below it, each once, outermost first."""
        found: dict[int, Dependency] = {id(self): self}
        for child in self.dependencies:
            found.update((id(node), node) for node in child.walk())
        return list(found.values())
