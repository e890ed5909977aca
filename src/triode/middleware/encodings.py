"""Content codings: which one a client wants (RFC 9110, 12.5.3), and what makes it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from triode.errors import ConfigError, MissingExtraError
from triode.http.headers import remembered

EXTRA = "compression"
KNOWN = ("zstd", "br", "gzip")
LEVELS = {"gzip": (0, 9), "br": (0, 11), "zstd": (1, 22)}
# What a response is worth that is made for one request: near the best speed for each coding.
USUAL_LEVELS = {"gzip": 6, "br": 4, "zstd": 3}


class Compressor(Protocol):
    """Compresses a body part by part; every part can be read as soon as it arrives."""

    def part(self, data: bytes) -> bytes:
        """Return what is to be sent of a part."""
        ...

    def end(self) -> bytes:
        """Return what is to be sent after the last part."""
        ...


class Gzip:
    """gzip (RFC 1952)."""

    def __init__(self, level: int) -> None:
        self._object = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def part(self, data: bytes) -> bytes:
        """Return what is to be sent of a part."""
        return self._object.compress(data) + self._object.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """Return what is to be sent after the last part."""
        return self._object.flush()

    def whole(self, data: bytes) -> bytes:
        """Return a whole body."""
        return self._object.compress(data) + self._object.flush()


class Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self, level: int) -> None:
        self._object = _module("brotli", "br").Compressor(quality=level)

    def part(self, data: bytes) -> bytes:
        """Return what is to be sent of a part."""
        flushed: bytes = self._object.process(data) + self._object.flush()
        return flushed

    def end(self) -> bytes:
        """Return what is to be sent after the last part."""
        rest: bytes = self._object.finish()
        return rest

    def whole(self, data: bytes) -> bytes:
        """Return a whole body."""
        compressed: bytes = self._object.process(data) + self._object.finish()
        return compressed


class Zstandard:
    """Zstandard (RFC 8878), by Python 3.14's own module or by `zstandard`."""

    def __init__(self, level: int) -> None:
        if has_module("compression.zstd"):
            module = import_module("compression.zstd")
            self._object: Any = module.ZstdCompressor(level)
            self._flush: Callable[[], bytes] = lambda: self._object.flush(self._object.FLUSH_BLOCK)
        else:
            module = _module("zstandard", "zstd")
            self._object = module.ZstdCompressor(level=level).compressobj()
            kind = module.COMPRESSOBJ_FLUSH_BLOCK
            self._flush = lambda: self._object.flush(kind)

    def part(self, data: bytes) -> bytes:
        """Return what is to be sent of a part."""
        compressed: bytes = self._object.compress(data)
        return compressed + self._flush()

    def end(self) -> bytes:
        """Return what is to be sent after the last part."""
        rest: bytes = self._object.flush()
        return rest

    def whole(self, data: bytes) -> bytes:
        """Return a whole body."""
        compressed: bytes = self._object.compress(data)
        return compressed + self.end()


MAKERS: dict[str, Callable[[int], Gzip | Brotli | Zstandard]] = {
    "gzip": Gzip,
    "br": Brotli,
    "zstd": Zstandard,
}


def available() -> tuple[str, ...]:
    """Return the codings whose packages are installed, the best one first."""
    has = {
        "zstd": has_module("compression.zstd") or has_module("zstandard"),
        "br": has_module("brotli"),
        "gzip": True,
    }
    return tuple(name for name in KNOWN if has[name])


def has_module(name: str) -> bool:
    """Whether a module can be imported."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False


def check_codings(codings: Sequence[str]) -> tuple[str, ...]:
    """Return codings, each of which can be made.

    Raises:
        ConfigError: one is unknown.
        MissingExtraError: its package is not installed.
    """
    for coding in codings:
        if coding not in KNOWN:
            raise ConfigError(
                f"There is no coding {coding!r}. Known are: {', '.join(KNOWN)}.",
                code="compression-coding",
            )
        if coding not in available():
            package = {"br": "brotli", "zstd": "zstandard"}[coding]
            raise MissingExtraError(package, extra=EXTRA, feature=f"The coding {coding!r}")
    return tuple(codings)


def _module(name: str, coding: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(name, extra=EXTRA, feature=f"The coding {coding!r}") from exc


def chooser(codings: Sequence[str]) -> Callable[[bytes], str | None]:
    """Return a function that finds the coding for an Accept-Encoding header, None for none.

    The client's weights decide, and between equal ones the order of `codings`.
    """

    def choose(header: bytes) -> str | None:
        weights = parse_weights(header.decode("latin-1"))
        best, best_weight = None, 0.0
        for coding in codings:
            weight = weights.get(coding, weights.get("*", 0.0))
            if weight > best_weight:
                best, best_weight = coding, weight
        # Who prefers it as it is, gets it so.
        return None if weights.get("identity", 0.0) > best_weight else best

    # PERF: clients send few different headers; a look-up costs 0.1 us, reading one 3 us.
    return remembered(choose)


def parse_weights(header: str) -> dict[str, float]:
    """Return the weight of each coding that a client names; what makes no sense is 0."""
    found: dict[str, float] = {}
    for item in header.split(","):
        name, _, rest = item.partition(";")
        name = name.strip().lower().removeprefix("x-")
        if name:
            found[name] = _weight(rest)
    return found


def _weight(text: str) -> float:
    key, equals, value = text.partition("=")
    if not equals:
        return 1.0 if not text.strip() else 0.0
    if key.strip().lower() != "q":
        return 0.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
