"""Several JSON values in one body: each is a key of one object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NotRequired, TypedDict

from triode.binding.description import BodyPart
from triode.schema import json_decoder


def embedded_type(parts: Sequence[BodyPart], name: str = "Body") -> Any:
    """Return the type of the object that holds the parts, for decoding and for OpenAPI."""
    fields: dict[str, Any] = {}
    for part in parts:
        info = part.info.without("alias", "default", "default_factory")
        annotation: Any = Annotated[part.annotation, info] if info.given else part.annotation
        fields[part.alias] = annotation if part.required else NotRequired[annotation]
    return TypedDict(name, fields)  # type: ignore[operator]


def embedded_decoder(parts: Sequence[BodyPart]) -> Callable[[bytes], dict[str, Any]]:
    """Return the decoder of a body with several parts."""
    decode: Callable[[bytes], dict[str, Any]] = json_decoder(embedded_type(parts))
    return decode
