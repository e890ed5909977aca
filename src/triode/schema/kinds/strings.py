"""str and bytes."""

from __future__ import annotations

import base64
import binascii
import enum
from typing import Any

from triode.schema.constraints import check_string, compiled, has_size, size_schema, sized_codec
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Schema, refuse
from triode.schema.problems import INVALID, Loc, Problem
from triode.schema.registry import Mode, Registry


def is_unicode(value: str) -> bool:
    """Whether a text can be sent and stored: it holds no lone surrogate."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class StringSchema(Schema):
    """Text.

    Unlike pydantic we refuse lone surrogates: no encoder, socket or database takes them.
    """

    kind = "str"

    def __init__(self, annotation: Any, info: Any) -> None:
        super().__init__(annotation, info)
        if info.pattern is not None:
            compiled(info.pattern)

    @property
    def label(self) -> str:
        is_limited = has_size(self.info) or self.info.pattern is not None
        return "constrained-str" if is_limited else "str"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return sized_codec(str, self.info, pattern=True)

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({str})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is str else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = self.read(value, loc, problems)
        if found is INVALID:
            return found
        return check_string(self.info, found, value, loc, problems)

    def read(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        """Return the text of `value`, before its length and pattern are looked at."""
        if isinstance(value, bytes | bytearray):
            try:
                return value.decode()
            except UnicodeDecodeError:
                return _not_unicode(value, loc, problems)
        if isinstance(value, enum.Enum) and isinstance(value, str):
            value = value.value
        if not isinstance(value, str):
            return refuse(problems, "string_type", loc, "Input should be a valid string", value)
        if not is_unicode(value):
            return _not_unicode(value, loc, problems)
        return value if type(value) is str else str.__str__(value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        found = {"type": "string", **size_schema(self.info, "Length")}
        if self.info.pattern is not None:
            found["pattern"] = self.info.pattern
        return found


def _not_unicode(value: Any, loc: Loc, problems: list[Problem]) -> Any:
    msg = "Input should be a valid string, unable to parse raw data as a unicode string"
    return refuse(problems, "string_unicode", loc, msg, value)


class BytesSchema(Schema):
    """Bytes: base64 in JSON, UTF-8 in text.

    Unlike pydantic, whose bytes in JSON are UTF-8: those cannot carry every value back.
    """

    kind = "bytes"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return sized_codec(bytes, self.info)

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({bytes})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is bytes else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = self._convert(value, loc, problems, text)
        if found is INVALID:
            return found
        least, most = self.info.min_length, self.info.max_length
        if most is not None and len(found) > most:
            msg = f"Data should have at most {most} byte{'' if most == 1 else 's'}"
            return refuse(problems, "bytes_too_long", loc, msg, value, max_length=most)
        if least is not None and len(found) < least:
            msg = f"Data should have at least {least} byte{'' if least == 1 else 's'}"
            return refuse(problems, "bytes_too_short", loc, msg, value, min_length=least)
        return found

    def _convert(self, value: Any, loc: Loc, problems: list[Problem], text: bool) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        if not isinstance(value, str):
            return refuse(problems, "bytes_type", loc, "Input should be a valid bytes", value)
        if not is_unicode(value):
            return _not_unicode(value, loc, problems)
        if text:
            return value.encode()
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as exc:
            msg = f"Data should be valid base64: {exc}"
            ctx = {"encoding": "base64", "encoding_error": str(exc)}
            return refuse(problems, "bytes_invalid_encoding", loc, msg, value, **ctx)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "application/octet-stream",
        }
        # Lengths are those of the bytes; base64 writes four characters for each three.
        if self.info.min_length is not None:
            found["minLength"] = -(-self.info.min_length // 3) * 4
        if self.info.max_length is not None:
            found["maxLength"] = -(-self.info.max_length // 3) * 4
        return found


def string(parts: Parts) -> Schema | None:
    """Describe str and bytes."""
    if parts.bare is str:
        return StringSchema(str, parts.info)
    if parts.bare in (bytes, bytearray, memoryview):
        return BytesSchema(bytes, parts.info)
    return None
