"""Uploaded files as handlers get them."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile as StarletteUploadFile

FILE_SCHEMA = {"type": "string", "contentMediaType": "application/octet-stream"}


class UploadFile(StarletteUploadFile):
    """An uploaded file: in memory while it is small, in a temporary file beyond one megabyte.

    `filename` is what the client calls it: text from outside, so never a path to write to.
    `read`, `write`, `seek` and `close` are coroutines; `file` is the Python file below. It may
    be a field of a pydantic model too. It is deleted when the response is sent.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.with_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return dict(FILE_SCHEMA)

    @classmethod
    def _validate(cls, value: Any, _: Any) -> Any:
        if not isinstance(value, StarletteUploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return value


def upload_of(value: Any) -> Any:
    """Return a value of a form, an upload as our own class, over the same file."""
    if not isinstance(value, StarletteUploadFile) or isinstance(value, UploadFile):
        return value
    return UploadFile(
        file=value.file, size=value.size, filename=value.filename, headers=value.headers
    )


def is_nothing(value: Any) -> bool:
    """Whether a value is the empty upload that a browser sends where no file was chosen."""
    return isinstance(value, StarletteUploadFile) and not value.filename and not value.size


def contents_of(value: Any) -> Any:
    """Return the content of an upload, whole, or a list of contents; text as it is.

    The file is left where it was: another parameter may read it as well.
    """
    if isinstance(value, list):
        return [contents_of(each) for each in value]
    if not isinstance(value, StarletteUploadFile):
        return value
    place = value.file.tell()
    try:
        return value.file.read()
    finally:
        value.file.seek(place)
