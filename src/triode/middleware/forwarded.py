"""Read what proxies write into a request: `Forwarded` (RFC 7239) and `X-Forwarded-…`.

Each proxy appends to the right, so what stands furthest right comes from the one next to us. Who
may be believed is decided in `proxies.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from triode.errors import TriodeError

NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
QUOTED = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"'
PAIR = re.compile(rf"[ \t]*({NAME})=({NAME}|{QUOTED})[ \t]*")
EMPTY = re.compile(r"[ \t]*")
NODE_PORT = re.compile(r"(?::(\d{1,5}|_[\w.-]+))?", re.ASCII)
HIDDEN = re.compile(r"unknown|_[A-Za-z0-9._-]{1,64}")
HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
PREFIX = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+")
SCHEMES = ("http", "https", "ws", "wss")

Element = Mapping[str, str]


class MalformedHeader(TriodeError):
    """A header that a proxy cannot have written."""

    default_code = "forwarded"


@dataclass(frozen=True, slots=True)
class Node:
    """An address and port as a proxy names them.

    `host` is an IP address, or a name that hides one: "unknown", "_hidden". `port` is 0 where
    none is said.
    """

    host: str
    port: int = 0

    @property
    def is_hidden(self) -> bool:
        """Whether the proxy does not say the address."""
        return HIDDEN.fullmatch(self.host) is not None


def parse_forwarded(header: str) -> list[Element]:
    """Return the elements of `Forwarded`, each a mapping of lower-case names; RFC 7239, 4.

    Raises:
        MalformedHeader: it does not follow the grammar.
    """
    elements: list[Element] = []
    position = 0
    while True:
        element, position = _element(header, position)
        if element:
            elements.append(element)
        if position == len(header):
            return elements
        position += 1  # the comma


def _element(header: str, position: int) -> tuple[Element, int]:
    """Return an element that begins at a position, and where the comma after it stands."""
    found: dict[str, str] = {}
    while True:
        pair = PAIR.match(header, position)
        if pair is None:
            position = _end_of(EMPTY, header, position)
        else:
            name = pair[1].lower()
            if name in found:
                raise MalformedHeader(f"Forwarded names {name!r} twice in one element.")
            found[name] = _unquoted(pair[2])
            position = pair.end()
        if position == len(header) or header[position] == ",":
            return found, position
        if header[position] != ";":
            raise MalformedHeader(f"Forwarded makes no sense at character {position}.")
        position += 1


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def parse_node(text: str) -> Node:
    """Return the address and port of a node; RFC 7239, 6.

    Raises:
        MalformedHeader: it is neither an IP address nor a hidden name.
    """
    text = text.strip()
    host, rest = text, ""
    if text.startswith("[") and "]" in text:
        host, _, rest = text[1:].partition("]")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        rest = ":" + port
    port_match = NODE_PORT.fullmatch(rest)
    if port_match is None or ((port_match[1] or "0").isdigit() and int(port_match[1] or 0) > 65535):
        raise MalformedHeader(f"{text!r} has a port that is none.")
    port_text = port_match[1] or ""
    port_number = int(port_text) if port_text.isdigit() else 0
    if HIDDEN.fullmatch(host):
        return Node(host, port_number)
    try:
        return Node(str(ip_address(host)), port_number)
    except ValueError:
        raise MalformedHeader(f"{text!r} is no IP address.") from None


def parse_list(header: str) -> list[str]:
    """Return the values of a list with commas, such as X-Forwarded-For."""
    return [value.strip() for value in header.split(",")]


def checked_host(text: str) -> str | None:
    """Return a host that may stand in the Host header, None for anything else."""
    return text if HOST.fullmatch(text) else None


def checked_scheme(text: str) -> str | None:
    """Return a scheme in lower case, None for one that HTTP and WebSocket do not have."""
    scheme = text.lower()
    return scheme if scheme in SCHEMES else None


def checked_port(text: str) -> int | None:
    """Return a port, None for what is none."""
    return int(text) if re.fullmatch(r"\d{1,5}", text) and 0 < int(text) < 65536 else None


def checked_prefix(text: str) -> str | None:
    """Return a path prefix without a slash at its end, None for what is none.

    SECURITY: "//other.example" would make every redirect lead there.
    """
    prefix = text.rstrip("/")
    is_plain = PREFIX.fullmatch(prefix) and not {".", ".."} & set(prefix.split("/"))
    return prefix if is_plain else None
