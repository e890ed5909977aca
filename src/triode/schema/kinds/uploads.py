"""Uploaded files: objects that a form holds, which come from nowhere else."""

from __future__ import annotations

from typing import Any

from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Schema, refuse
from triode.schema.problems import Loc, Problem
from triode.schema.registry import Mode, Registry


class UploadSchema(Schema):
    """An `UploadFile`.

    It is known by the class of Starlette's that it is or descends from, so that nothing of
    Starlette is loaded here.
    """

    kind = "upload"

    def __init__(self, parts: Parts, base: type) -> None:
        super().__init__(parts.bare, parts.info)
        self.base = base

    def fit(self, value: Any) -> int:
        return EXACT if isinstance(value, self.base) else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if isinstance(value, self.base):
            return value
        reason = f"Expected UploadFile, received: {type(value)}"
        return refuse(problems, "value_error", loc, f"Value error, {reason}", value, error=reason)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}


def upload(parts: Parts) -> Schema | None:
    """Describe Starlette's `UploadFile` and its subclasses."""
    if not isinstance(parts.bare, type):
        return None
    for base in parts.bare.__mro__:
        if (base.__module__, base.__name__) == ("starlette.datastructures", "UploadFile"):
            return UploadSchema(parts, base)
    return None
