"""Text with a form of its own: Email, Url, SecretText, IP addresses, paths, patterns."""

from __future__ import annotations

import ipaddress
import pathlib
import re
import typing
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

import msgspec

from triode.schema.constraints import check_string, compiled
from triode.schema.fields import FieldInfo
from triode.schema.kinds.strings import StringSchema
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Schema, refuse
from triode.schema.problems import HIDDEN, INVALID, Loc, Problem
from triode.schema.registry import Mode, Registry


class FormatInfo(FieldInfo):
    """Says that a text has a form of its own; `format` is JSON Schema's word for it."""

    format: str = ""


def _format(name: str) -> FormatInfo:
    info = FormatInfo()
    info.format = name
    return info


Email: TypeAlias = Annotated[str, _format("email")]
Url: TypeAlias = Annotated[str, _format("uri")]
SecretText: TypeAlias = Annotated[str, FieldInfo(write_only=True), _format("password")]

# Plainly an address that needs no change; anything else goes through `normalized_email`.
_PLAIN_EMAIL: Final = (
    r"\A[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+"
    r"@(?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++[a-z]{2,20}\Z"
)
_PLAIN_LENGTH: Final = 64
_LABEL: Final = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_LOCAL_SIGNS: Final = frozenset("!#$%&'*+/=?^_`{|}~-")


class EmailSchema(StringSchema):
    """An email address; the domain is written in lower case."""

    kind = "email"

    @property
    def label(self) -> str:
        return "function-after[_validate(), str]"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        if self.info.min_length or self.info.max_length or self.info.pattern:
            return None
        return Annotated[str, msgspec.Meta(pattern=_PLAIN_EMAIL, max_length=_PLAIN_LENGTH)]

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = super().validate(value, loc, problems, text=text)
        if found is INVALID or (
            len(found) <= _PLAIN_LENGTH and compiled(_PLAIN_EMAIL).search(found)
        ):
            return found
        try:
            return normalized_email(found)
        except ValueError as exc:
            msg = f"value is not a valid email address: {exc}"
            return refuse(problems, "value_error", loc, msg, value, reason=str(exc))

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {**super().json_schema(registry, mode), "format": "email"}


def normalized_email(address: str) -> str:
    """Return an address with its domain in lower case and in its ASCII form.

    Raises:
        ValueError: it is no address that mail could reach; says why.
    """
    address = address.strip()
    local, at, domain = address.rpartition("@")
    if not at:
        raise ValueError("An email address must have an @-sign.")
    if not local:
        raise ValueError("There must be something before the @-sign.")
    if not domain:
        raise ValueError("There must be something after the @-sign.")
    if not all(_is_atom(part) for part in local.split(".")):
        raise ValueError("The email address contains invalid characters before the @-sign.")
    if len(local.encode()) > 64:
        raise ValueError("The email address is too long before the @-sign.")
    domain = _normalized_domain(domain)
    if len(local.encode()) + len(domain) + 1 > 254:
        raise ValueError("The email address is too long.")
    return f"{local}@{domain}"


def _is_atom(part: str) -> bool:
    """Whether a part of the name before the @-sign is one (RFC 5322, 3.2.3; RFC 6531)."""
    return bool(part) and all(
        each.isalnum() or each in _LOCAL_SIGNS or (each > "\x7f" and each.isprintable())
        for each in part
    )


def _normalized_domain(domain: str) -> str:
    try:
        domain = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        raise ValueError("The part after the @-sign contains invalid characters.") from None
    labels = domain.split(".")
    if not all(compiled(_LABEL).fullmatch(label) for label in labels):
        raise ValueError("The part after the @-sign contains invalid characters.")
    if len(labels) < 2:
        raise ValueError("The part after the @-sign is not valid. It should have a period.")
    if labels[-1].isdigit():
        raise ValueError(
            "The part after the @-sign is not valid. It is not within a valid top-level domain."
        )
    return domain.lower()


class UrlSchema(StringSchema):
    """An absolute http or https address."""

    kind = "url"

    @property
    def label(self) -> str:
        return "url"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return None

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = self.read(value, loc, problems)
        if found is INVALID:
            return found
        try:
            reason = _url_problem(found)
        except ValueError as exc:
            reason = str(exc)
        if reason:
            msg = f"Input should be a valid URL, {reason}"
            return refuse(problems, "url_parsing", loc, msg, value, error=reason)
        if not found.lower().startswith(("http://", "https://")):
            msg = "URL scheme should be 'http' or 'https'"
            return refuse(
                problems, "url_scheme", loc, msg, value, expected_schemes="'http' or 'https'"
            )
        return check_string(self.info, found, value, loc, problems)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {**super().json_schema(registry, mode), "format": "uri"}


def _url_problem(address: str) -> str:
    if not address:
        return "input is empty"
    parts = urlsplit(address)
    if not parts.scheme:
        return "relative URL without a base"
    if any(character <= " " or character in '<>"\\^`{|}' for character in address):
        return "invalid character in the address"
    if parts.scheme in ("http", "https") and not parts.hostname:
        return "empty host"
    _ = parts.port  # urlsplit checks a port when it is asked for it
    return ""


class SecretSchema(StringSchema):
    """Text that no answer may show."""

    kind = "secret"

    @property
    def is_plain(self) -> bool:
        return False

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset()

    def is_direct(self, value: Any) -> bool:
        return False

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        return HIDDEN if value else ""

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {**super().json_schema(registry, mode), "format": "password"}


_FORMATS: Final = {"email": EmailSchema, "uri": UrlSchema, "password": SecretSchema}


class ParsedSchema(Schema):
    """An object that a standard class makes of text: an IP address, a path, a pattern."""

    def __init__(
        self, annotation: Any, info: FieldInfo, type_: str, words: str, format_: str
    ) -> None:
        super().__init__(annotation, info)
        self.type = type_
        self.kind = type_
        self.words = words
        self.format = format_

    @property
    def label(self) -> str:
        return self.type

    def fit(self, value: Any) -> int:
        return EXACT if isinstance(value, self.annotation) else LAX

    def is_direct(self, value: Any) -> bool:
        return isinstance(value, self.annotation)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if isinstance(value, self.annotation):
            return value
        if isinstance(value, str):
            try:
                return self.annotation(value)
            except ValueError:
                pass
        return refuse(problems, self.type, loc, f"Input is not {self.words}", value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "string", "format": self.format}


class PatternSchema(Schema):
    """A regular expression."""

    kind = "pattern"

    def is_direct(self, value: Any) -> bool:
        return isinstance(value, re.Pattern)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if isinstance(value, re.Pattern):
            return value
        if not isinstance(value, str):
            return refuse(problems, "pattern_type", loc, "Input should be a valid pattern", value)
        try:
            return re.compile(value)
        except (re.error, RecursionError, OverflowError):
            msg = "Input should be a valid regular expression"
            return refuse(problems, "pattern_regex", loc, msg, value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "string", "format": "regex"}


_PARSED: Final[dict[Any, tuple[str, str, str]]] = {
    ipaddress.IPv4Address: ("ip_v4_address", "a valid IPv4 address", "ipv4"),
    ipaddress.IPv6Address: ("ip_v6_address", "a valid IPv6 address", "ipv6"),
    ipaddress.IPv4Network: ("ip_v4_network", "a valid IPv4 network", "ipv4network"),
    ipaddress.IPv6Network: ("ip_v6_network", "a valid IPv6 network", "ipv6network"),
    ipaddress.IPv4Interface: ("ip_v4_interface", "a valid IPv4 interface", "ipv4interface"),
    ipaddress.IPv6Interface: ("ip_v6_interface", "a valid IPv6 interface", "ipv6interface"),
    pathlib.Path: ("path_type", "a valid path", "path"),
    pathlib.PurePath: ("path_type", "a valid path", "path"),
    pathlib.PurePosixPath: ("path_type", "a valid path", "path"),
}


def special(parts: Parts) -> Schema | None:
    """Describe text with a form of its own, and classes that are made of text."""
    if parts.bare is str:
        found = _FORMATS.get(getattr(parts.info, "format", ""))
        return found(str, parts.info) if found else None
    if parts.bare is re.Pattern or typing.get_origin(parts.bare) is re.Pattern:
        return PatternSchema(re.Pattern, parts.info)
    try:
        words = _PARSED.get(parts.bare)
    except TypeError:
        return None
    return ParsedSchema(parts.bare, parts.info, *words) if words else None
