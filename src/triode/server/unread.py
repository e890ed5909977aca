"""Bytes that came in and that the parser has not seen yet."""

from __future__ import annotations


class Unread:
    """A queue of bytes; taking from it copies each byte once."""

    __slots__ = ("_bytes", "_start")

    def __init__(self) -> None:
        self._bytes = b""
        self._start = 0

    def __bool__(self) -> bool:
        return bool(self._bytes)

    def put(self, data: bytes) -> None:
        """Append some."""
        self._bytes = self._bytes[self._start :] + data
        self._start = 0

    def take(self, size: int) -> bytes:
        """Return the first `size` bytes, or as many as there are."""
        end = self._start + size
        piece = self._bytes[self._start : end]
        self._start = end
        if end >= len(self._bytes):
            self.clear()
        return piece

    def take_marked(self, size: int, mark: bytes, most: int) -> bytes:
        """Return the first `size` bytes, or less: what ends with the `most`th `mark` in them."""
        start, end = self._start, self._start + size
        if self._bytes.count(mark, start, end) > most:
            end = start
            for _ in range(most):
                end = self._bytes.find(mark, end) + len(mark)
        return self.take(end - start)

    def clear(self) -> None:
        """Forget them all."""
        self._bytes, self._start = b"", 0
