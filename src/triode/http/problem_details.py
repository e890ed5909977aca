"""Errors as problem details (RFC 9457), for an application that says `problem_details=True`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from triode.errors import ClientError
from triode.http.call import Call, Reply

PROBLEM_JSON: Final = b"application/problem+json"
# RFC 9110, 15.5.14 and 15.5.21; Python before 3.13 has older ones.
_NEW_PHRASES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
_MEMBERS: Final = frozenset({"type", "title", "status", "detail", "instance"})


def wants_problem_details(call: Call) -> bool:
    """Whether the application answers errors as problem details."""
    return bool(getattr(call.app, "problem_details", False))


def as_problem(call: Call, exc: Exception, reply: Reply) -> Reply:
    """Return the default reply to an exception as problem details; one without a body as it is."""
    if reply.status < 400 or not reply.body:
        return reply
    reply.body = msgspec.json.encode(
        problem_details(exc, reply.status, call.target.decode("latin-1"))
    )
    reply.media = PROBLEM_JSON
    return reply


def problem_details(exc: Exception, status: int, instance: str) -> dict[str, Any]:
    """Return the members of a problem.

    `type` is "about:blank", so `title` is the phrase of the status, as RFC 9457, 4.2.1 asks.
    `code` is Triode's own name of the error, `errors` lists what is wrong with a value: each
    with a JSON pointer into the body, or the name of the parameter. A mapping as the `detail` of
    an `HTTPException` gives members of its own.
    """
    found: dict[str, Any] = {
        "type": "about:blank", "title": title_of_status(status), "status": status,
    }  # fmt: skip
    detail = getattr(exc, "detail", None)
    own: dict[str, Any] = {}
    if isinstance(detail, Mapping):
        own = {key: value for key, value in detail.items() if key not in _MEMBERS}
        detail = detail.get("detail")
    elif isinstance(detail, list):
        own = {"errors": [_error(each) for each in detail]}
        detail = f"{len(detail)} problem{'' if len(detail) == 1 else 's'} in the request."
    if detail is not None and str(detail) != found["title"]:
        found["detail"] = str(detail)
    found["instance"] = instance
    if isinstance(exc, ClientError):
        found["code"] = exc.code
    return found | own


def title_of_status(status: int) -> str:
    """Return the phrase of a status, "Unknown" for one that has none."""
    if status in _NEW_PHRASES:
        return _NEW_PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _error(each: Any) -> Any:
    """Return one problem of a value, its place said in the words of RFC 9457, 3."""
    if not isinstance(each, Mapping) or "loc" not in each:
        return each
    source, *place = each["loc"] or ("",)
    if source == "body" and each.get("type") != "json_invalid":
        where = {"pointer": "#" + "".join(f"/{_escaped(part)}" for part in place)}
    else:
        where = {"parameter": str(place[0])} if place and source != "body" else {}
    return {"detail": each.get("msg", ""), **where, **each}


def _escaped(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")  # RFC 6901, 3
