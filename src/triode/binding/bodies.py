"""Read request bodies that are not one JSON value: forms, uploads, several JSON parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict

from starlette.datastructures import FormData

from triode.http import Call, HTTPException
from triode.http.query import parse_query
from triode.http.uploads import is_nothing, upload_of
from triode.schema import ValidationFailed, parse_json

MULTIPART: Final = "multipart/form-data"
URL_ENCODED: Final = "application/x-www-form-urlencoded"


class FormLimits(TypedDict, total=False):
    """How much a form may hold; FastAPI's names.

    `max_fields` and `max_files` are numbers of parts, `max_part_size` is in bytes and for
    everything but files, whose size the limit of the body limits.
    """

    max_fields: int
    max_files: int
    max_part_size: int


DEFAULT_LIMITS: Final = FormLimits(max_fields=1000, max_files=1000, max_part_size=1024 * 1024)


async def close_form(call: Call) -> None:
    """Delete the uploads of a form that was read."""
    if call.has_request:
        await call.request().close()


async def read_form(call: Call) -> dict[str, list[Any]]:
    """Return a submitted form: every value of every name, text or `UploadFile`.

    A body of another content type is an empty form, as FastAPI has it, and a file input that was
    left empty is no value.

    Raises:
        HTTPException: it is malformed, or more than the limits allow (400).
    """
    limits = DEFAULT_LIMITS.copy()
    for owner in (call.app, getattr(call.route, "options", None)):
        given: FormLimits | None = getattr(owner, "form_limits", None)
        if given:
            limits.update(given)
    media = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media == MULTIPART:
        return await _read_multipart(call, limits)
    if media == URL_ENCODED:
        return _read_url_encoded(await call.read(), limits)
    return {}


def _is_lenient(call: Call) -> bool:
    """Whether the route, or else the application, takes JSON without a content type."""
    for owner in (getattr(call.route, "options", None), call.app):
        is_strict = getattr(owner, "strict_content_type", None)
        if is_strict is not None:
            return not is_strict
    return False


async def _read_multipart(call: Call, limits: FormLimits) -> dict[str, list[Any]]:
    from starlette.formparsers import MultiPartException

    try:
        form = await call.request().form(**limits)
    except MultiPartException as exc:
        raise HTTPException(400, exc.message) from exc
    except (UnicodeError, ValueError, LookupError) as exc:
        raise HTTPException(400, "There was an error parsing the body") from exc
    values: dict[str, list[Any]] = {}
    for name, value in form.multi_items():
        if not is_nothing(value):
            values.setdefault(name, []).append(upload_of(value))
    return values


def _read_url_encoded(body: bytes, limits: FormLimits) -> dict[str, list[Any]]:
    most, longest = limits.get("max_fields", 0), limits.get("max_part_size", 0)
    # SECURITY: counted before anything is made of them.
    if body.count(b"&") >= most:
        raise HTTPException(400, f"Too many fields. Maximum number of fields is {most}.")
    try:
        values = parse_query(body.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise HTTPException(400, "The form is not valid UTF-8.") from exc
    if len(body) > longest and any(
        len(value.encode("utf-8", "replace")) > longest
        for found in values.values()
        for value in found
    ):
        raise HTTPException(400, f"Field exceeded maximum size of {longest // 1024}KB.")
    return values


def is_json_content(call: Call) -> bool:
    """Whether the body may be read as JSON, by its content type.

    SECURITY: a page of another site may send a body without a content type without being asked
    for permission, so one counts as JSON only where `strict_content_type` is false.
    """
    content_type = call.head.values.get(b"content-type")
    if content_type == b"application/json":
        return True
    if not content_type:
        return _is_lenient(call)
    media = content_type.partition(b";")[0].strip().lower()
    return media == b"application/json" or (
        media.startswith(b"application/") and media.endswith(b"+json")
    )


def json_object(call: Call) -> bytes:
    """Return the body as the JSON text of the object that several parts are keys of.

    SECURITY: in one of another content type there is none of them, for the reason that
    `is_json_content` gives.
    """
    return call.body if call.body and is_json_content(call) else b"{}"


def received_body(call: Call, form: Mapping[str, list[Any]] | None = None) -> Any:
    """Return the body for somebody who handles a validation error.

    JSON as it was sent, its text if it is none; a `FormData` of a form that was read; else bytes.
    None where there was none.
    """
    if form:
        # An upload is told by its name: it is no part of an answer, and closed soon.
        told = [
            (name, value if isinstance(value, str) else value.filename or "")
            for name, values in form.items()
            for value in values
        ]
        return FormData(told)
    if not call.body:
        return None
    if is_json_content(call):
        try:
            return parse_json(call.body)
        except ValidationFailed:
            return call.body.decode("utf-8", "replace")
    return call.body
