"""Functions that turn what a client sent into a value; each is compiled once.

The fast way is msgspec, which stops at the first thing it does not like. Then, and only then, the
value is read again by `Schema.validate`, which accepts what pydantic accepts and lists every
problem otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NoReturn

import msgspec

from triode.schema.describe import describe
from triode.schema.node import Refused, Schema
from triode.schema.problems import Problem, ValidationFailed, problem
from triode.schema.shortcuts import text_shortcut

Decode = Callable[[bytes], Any]


def json_decoder(annotation: Any) -> Decode:
    """Return a function that turns JSON into a value.

    Its places are relative to the body. It raises `ValidationFailed`, also for what is no JSON.
    """
    node = annotation if isinstance(annotation, Schema) else describe(annotation)
    reader = node.json_reader()
    if reader is not None:
        return reader
    codec = node.codec
    slow = _json_validator(node)
    if codec is None:
        return slow
    try:
        decode = msgspec.json.Decoder(codec).decode
    except (TypeError, ValueError):
        return slow  # msgspec cannot hold this combination; `validate` can.
    finish = node.finish
    if finish is None:
        return _direct(decode, slow)
    return _finished(decode, finish, slow)


def _direct(decode: Decode, slow: Decode) -> Decode:
    def decode_json(data: bytes) -> Any:
        try:
            return decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AssertionError):
            pass
        return slow(data)

    return decode_json


def _finished(decode: Decode, finish: Callable[[Any], Any], slow: Decode) -> Decode:
    def decode_json(data: bytes) -> Any:
        try:
            return finish(decode(data))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refused):
            pass
        return slow(data)

    return decode_json


def _json_validator(node: Schema) -> Decode:
    validate = _validator(node, text=False)

    def decode_json(data: bytes) -> Any:
        value = parse_json(data)
        try:
            return validate(value)
        except RecursionError:
            _refuse_json("The value is nested too deeply", 0)

    return decode_json


def parse_json(data: bytes) -> Any:
    """Return JSON as builtins.

    Raises:
        ValidationFailed: it is none, by RFC 8259, or it is nested too deeply.
    """
    try:
        return _READER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
    except json.JSONDecodeError as exc:
        _refuse_json(exc.msg, exc.pos)
    except UnicodeDecodeError as exc:
        _refuse_json("The body is not UTF-8", exc.start)
    except RecursionError:
        _refuse_json("The value is nested too deeply", 0)
    except ValueError:
        # Python refuses to read integers of more than 4,300 digits.
        _refuse_json("A number has too many digits", 0)


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


_READER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _refuse_json(reason: str, position: int) -> NoReturn:
    raise ValidationFailed(
        [problem("json_invalid", (position,), "JSON decode error", {}, error=reason)]
    ) from None


def text_decoder(annotation: Any) -> Callable[[Any], Any]:
    """Return a function that turns text into a value: of a path, query, header, cookie or form.

    It takes a list of texts where the annotation is a collection.
    """
    node = annotation if isinstance(annotation, Schema) else describe(annotation)
    slow = _validator(node, text=True)
    read = text_shortcut(node)
    if read is None:
        return slow

    def decode_text(value: Any) -> Any:
        try:
            return read(value)
        except (Refused, msgspec.ValidationError):
            pass
        return slow(value)

    return decode_text


def python_decoder(annotation: Any) -> Callable[[Any], Any]:
    """Return a function that checks and converts Python objects."""
    node = annotation if isinstance(annotation, Schema) else describe(annotation)
    return _validator(node, text=False)


def _validator(node: Schema, *, text: bool) -> Callable[[Any], Any]:
    validate = node.validate

    def decode(value: Any) -> Any:
        problems: list[Problem] = []
        found = validate(value, (), problems, text=text)
        if problems:
            raise ValidationFailed(problems)
        return found

    return decode
