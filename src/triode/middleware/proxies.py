"""Believe the proxies in front of an application, and nobody else.

A proxy says in headers who the client is and how it asked. Any client can send such headers, so
only those count that a known proxy wrote: the list of addresses is read from the right, from the
connection inwards, as far as each one is a proxy that is trusted. The first that is not is the
client.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

from triode.errors import ConfigError
from triode.http import Call, Head
from triode.http.call import Via
from triode.middleware.forwarded import (
    MalformedHeader,
    Node,
    checked_host,
    checked_port,
    checked_prefix,
    checked_scheme,
    parse_forwarded,
    parse_list,
    parse_node,
)
from triode.middleware.protocol import Run, SocketRun, Traits

FIELDS = ("for", "proto", "host", "port", "prefix")
FORWARDED = "forwarded"
EVERYBODY = "*"
UNIX = "unix"
# PERF: a proxy says the same of many requests; reading it anew costs 8 to 15 us.
LARGEST_REMEMBERED = 512
_SECURE = {"http": "ws", "https": "wss"}

Wish: TypeAlias = "TrustedProxies | Sequence[str] | str | int | None"


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Which proxies are believed, and what of what they say.

    Either `networks`, such as "10.0.0.0/8", "127.0.0.1", "unix" (whoever comes over the Unix
    socket) and "*" (everybody: only where nobody but the proxy can connect), or `hops`, the number
    of proxies that each request passes.

    `headers` are those that the outermost proxy sets or removes in every request: of X-Forwarded-
    "for", "proto", "host", "port" and "prefix", or "forwarded" alone for RFC 7239.

    SECURITY: a proxy hands on what it does not know. A header that it neither sets nor removes is
    the client's, so Host and Prefix, which most proxies leave alone, are not believed by default.
    """

    networks: Collection[str] = ()
    hops: int | None = None
    headers: Collection[str] = ("for", "proto")

    def __post_init__(self) -> None:
        if bool(self.networks) == (self.hops is not None):
            raise ConfigError(
                "Trusted proxies are named by networks or counted by hops: give one of the two.",
                code="trusted-proxies",
            )
        if self.hops is not None and self.hops < 1:
            raise ConfigError(
                f"trusted_proxies={self.hops} trusts no proxy. Count 1 or more, or leave it out.",
                code="trusted-proxies",
            )
        if isinstance(self.networks, str):
            raise ConfigError(
                f"networks={self.networks!r} is one text. Write a list of networks.",
                code="trusted-proxies",
            )
        for network in self.networks:
            _check_network(network)
        unknown = sorted(set(self.headers) - {*FIELDS, FORWARDED})
        if unknown or (FORWARDED in self.headers and len(set(self.headers)) > 1):
            raise ConfigError(
                f"headers={list(self.headers)} makes no sense. Name some of {', '.join(FIELDS)}, "
                f'or "{FORWARDED}" alone.',
                code="trusted-proxies",
            )

    @classmethod
    def of(cls, wish: Wish) -> TrustedProxies | None:
        """Return what `trusted_proxies=…` means: a number of hops, or networks."""
        if wish is None or isinstance(wish, TrustedProxies):
            return wish
        if isinstance(wish, int):
            return cls(hops=int(wish))
        if isinstance(wish, str) and wish.strip().isdecimal():
            return cls(hops=int(wish))
        if isinstance(wish, str):
            wish = [part.strip() for part in wish.split(",") if part.strip()]
        return cls(networks=tuple(wish)) if wish else None


def _check_network(text: str) -> None:
    if text in (EVERYBODY, UNIX):
        return
    try:
        ip_network(text)
    except ValueError as exc:
        raise ConfigError(
            f"The trusted proxy {text!r} is no address or network: {exc}. "
            'Write "10.0.0.0/8", "127.0.0.1", "unix", or "*" for everybody.',
            code="trusted-proxies",
        ) from None


class ProxyMiddleware(Traits):
    """Gives each call the client, scheme, host and prefix that trusted proxies say."""

    may_raise = False
    may_step = True

    def __init__(self, proxies: TrustedProxies) -> None:
        self.proxies = proxies
        read = _FromForwarded() if FORWARDED in proxies.headers else _FromFields(proxies.headers)
        self._read = read
        self._names = read.names
        self._is_trusted = _trust(proxies.networks)
        self._find = lru_cache(maxsize=1024)(self._find_now)

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        apply = self._apply

        def forwarded(call: Call) -> Any:
            apply(call)
            return run(call)

        return forwarded

    def wrap_socket(self, run: SocketRun) -> SocketRun:
        """Return the endpoint of a connection around another."""

        async def forwarded(call: Call) -> Any:
            self._apply(call)
            return await run(call)

        return forwarded

    def _apply(self, call: Call) -> None:
        head = call.head
        notes = head.notes
        # PERF: on the lane a client's next request has the same block: 0.3 us instead of 4.
        if notes is None or notes[0] is not self:
            notes = head.notes = (self, *self._read_block(call))
        call.via, call.head = notes[1], notes[2]

    def _read_block(self, call: Call) -> tuple[Via | None, Head]:
        """Return what is to be believed, and the headers with the host that the client named."""
        peer, head = call.origin.client, call.head
        is_said = any(name in head.values for name in self._names)
        is_believed = self.proxies.hops is not None or self._is_trusted(peer[0] if peer else "")
        if not (is_said and is_believed):
            return None, head
        # Several lines of a header are one list (RFC 9110, 5.3).
        lines = tuple(b", ".join(head.all(name)) for name in self._names)
        is_small = sum(map(len, lines)) < LARGEST_REMEMBERED
        found = (self._find if is_small else self._find_now)(peer, lines)
        if found is None:
            return None, head
        via, host = found
        if call.method == "WEBSOCKET":
            via = Via(via.client, _SECURE.get(via.scheme or "", via.scheme), via.root_path)
        if host is not None:
            rest = [pair for pair in head.raw if pair[0] != b"host"]
            head = Head([(b"host", host.encode("ascii")), *rest])
        return via, head

    def _find_now(
        self, peer: tuple[str, int] | None, lines: tuple[bytes, ...]
    ) -> tuple[Via, str | None] | None:
        said = self._read(*(line.decode("latin-1") for line in lines))
        if said is None:
            return None
        client, hops = self._walk(said.nodes, peer)
        scheme = checked_scheme(_from_right(said.schemes, hops))
        host = checked_host(_from_right(said.hosts, hops))
        port = checked_port(_from_right(said.ports, hops))
        prefix = checked_prefix(_from_right(said.prefixes, hops))
        if host is not None and port is not None and not _has_port(host):
            is_usual = port == (443 if scheme in ("https", "wss") else 80)
            host = host if is_usual else f"{host}:{port}"
        return Via(client, scheme, prefix), host

    def _walk(
        self, nodes: list[Node | None], peer: tuple[str, int] | None
    ) -> tuple[tuple[str, int] | None, int]:
        """Return the client, and how many proxies it came through.

        None in `nodes` is what cannot be read: nothing to its left can be believed.
        """
        client: tuple[str, int] | None = None
        hops = 0
        for node in [*reversed(nodes), None]:
            hops += 1
            if node is None:
                break
            client = (node.host, node.port)
            if self.proxies.hops is not None:
                if hops == self.proxies.hops:
                    break
            elif node.is_hidden or not self._is_trusted(node.host):
                break
        return client, min(hops, max(1, len(nodes)))


@dataclass(slots=True)
class _Said:
    """What the headers hold, each list from left to right."""

    nodes: list[Node | None]
    schemes: list[str]
    hosts: list[str]
    ports: list[str]
    prefixes: list[str]


class _FromFields:
    """Reads X-Forwarded-For and its like."""

    def __init__(self, fields: Collection[str]) -> None:
        self.fields = [field for field in FIELDS if field in fields]
        self.names = tuple(b"x-forwarded-" + field.encode() for field in self.fields)

    def __call__(self, *lines: str) -> _Said | None:
        lists = {
            field: parse_list(line) for field, line in zip(self.fields, lines, strict=True) if line
        }
        nodes = [_node(text) for text in lists.get("for", ())]
        rest = [lists.get(field, []) for field in FIELDS[1:]]
        return _Said(nodes, *rest)


class _FromForwarded:
    """Reads `Forwarded`; one that does not follow the grammar says nothing."""

    names = (b"forwarded",)

    def __call__(self, *lines: str) -> _Said | None:
        try:
            elements = parse_forwarded(lines[0])
        except MalformedHeader:
            return None
        nodes = [_node(element.get("for", "")) for element in elements]
        schemes = [element.get("proto", "") for element in elements]
        hosts = [element.get("host", "") for element in elements]
        return _Said(nodes, schemes, hosts, [], [])


def _node(text: str) -> Node | None:
    try:
        return parse_node(text)
    except MalformedHeader:
        return None


def _from_right(values: list[str], hops: int) -> str:
    """Return what the outermost trusted proxy wrote; one that stands alone replaced all others."""
    if not values:
        return ""
    return values[-hops] if len(values) >= hops else values[0]


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]


def _trust(networks: Collection[str]) -> Callable[[str], bool]:
    """Return a test of an address; "" stands for a Unix socket."""
    if EVERYBODY in networks:
        return lambda host: True
    known = [ip_network(text) for text in networks if text != UNIX]
    has_unix = UNIX in networks

    @lru_cache(maxsize=4096)
    def is_trusted(host: str) -> bool:
        if not host:
            return has_unix
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in known)

    return is_trusted
