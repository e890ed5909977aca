"""Read request bodies that are not one JSON value: forms, uploads, several JSON parts."""

from __future__ import annotations

from typing import Any

import msgspec

from triode.http import Call, HTTPException
from triode.http.query import parse_query
from triode.schema import Problem, ValidationFailed
from triode.schema.problems import problem


async def close_form(call: Call) -> None:
    """Delete the uploads of a form that was read."""
    if call.has_request:
        await call.request().close()


async def read_form(call: Call) -> dict[str, list[Any]]:
    """Return a submitted form: every value of every name, text or `UploadFile`.

    A body of another content type is an empty form, as FastAPI has it.
    """
    media = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        form = await _read_multipart(call)
        values: dict[str, list[Any]] = {}
        for name, value in form.multi_items():
            values.setdefault(name, []).append(value)
        return values
    if media == "application/x-www-form-urlencoded":
        body = await call.read()
        try:
            return parse_query(body.decode("utf-8"))
        except UnicodeDecodeError as exc:
            raise HTTPException(400, "The form is not valid UTF-8.") from exc
    return {}


async def _read_multipart(call: Call) -> Any:
    from starlette.formparsers import MultiPartException

    try:
        return await call.request().form()
    except MultiPartException as exc:
        raise HTTPException(400, exc.message) from exc


def is_json_content(call: Call) -> bool:
    """Whether the body may be read as JSON: by its content type, or where none was sent."""
    content_type = call.head.values.get(b"content-type")
    if content_type is None or content_type == b"application/json":
        return True
    media = content_type.partition(b";")[0].strip().lower()
    return media == b"application/json" or (
        media.startswith(b"application/") and media.endswith(b"+json")
    )


def json_object(call: Call) -> bytes:
    """Return the body as the JSON text of the object that several parts are keys of.

    SECURITY: one of another content type is text, as for a single part, because a page of
    another site may send that without being asked for permission.
    """
    if not call.body:
        return b"{}"
    if is_json_content(call):
        return call.body
    return msgspec.json.encode(call.body.decode("utf-8", "replace"))


def check_upload(value: Any) -> Any:
    """Return an upload, or a list of them.

    Raises:
        ValidationFailed: text was sent where a file is asked for.
    """
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            raise ValidationFailed([_not_a_file(item)])
    return value


def read_upload(value: Any) -> Any:
    """Return the content of an upload, whole, or a list of contents.

    Raises:
        ValidationFailed: as `check_upload`.
    """
    check_upload(value)
    if isinstance(value, list):
        return [item.file.read() for item in value]
    return value.file.read()


def _not_a_file(text: str) -> Problem:
    return problem(
        "value_error",
        (),
        f"Value error, Expected UploadFile, received: {type(text).__name__}",
        text,
        error={},
    )
