"""The shapes of the errors that Triode itself answers with."""

from __future__ import annotations

from triode.openapi.context import Context, Json

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


def error_response(description: str, context: Context, *, is_text: bool = True) -> Json:
    """Return the response of an error: `{"detail": "…"}`, or a problem.

    `is_text` says that nothing but text is its detail.
    """
    if context.problem_details:
        return content(description, PROBLEM_JSON, context.named("ProblemDetails", _problem_details))
    if not is_text:
        return content(description, JSON, context.named("HTTPErrorDetail", _detailed_error))
    return content(description, JSON, context.named("HTTPError", _error))


def validation_response(context: Context) -> Json:
    """Return the response to a request that is not what the operation takes."""
    if context.problem_details:
        problem = context.named("ValidationProblem", lambda: _validation_problem(context))
        return content("Validation Error", PROBLEM_JSON, problem)
    schema = context.named("HTTPValidationError", lambda: _invalid(context))
    return content("Validation Error", JSON, schema)


def content(description: str, media_type: str, schema: Json) -> Json:
    """Return a response with a body of one media type."""
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _error() -> Json:
    return {
        "properties": {"detail": {"type": "string", "title": "Detail"}},
        "type": "object",
        "required": ["detail"],
        "title": "HTTPError",
    }


def _detailed_error() -> Json:
    return {
        "properties": {"detail": {"title": "Detail"}},
        "type": "object",
        "required": ["detail"],
        "title": "HTTPErrorDetail",
    }


def _invalid(context: Context) -> Json:
    item = context.named("ValidationError", _problem)
    return {
        "properties": {"detail": {"items": item, "type": "array", "title": "Detail"}},
        "type": "object",
        "title": "HTTPValidationError",
    }


def _problem_details() -> Json:
    """Return the schema of a problem (RFC 9457, 3.1); it may have members of its own."""
    return {
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "title": "Type"},
            "title": {"type": "string", "title": "Title"},
            "status": {"type": "integer", "title": "Status"},
            "detail": {"type": "string", "title": "Detail"},
            "instance": {"type": "string", "format": "uri-reference", "title": "Instance"},
            "code": {"type": "string", "title": "Code"},
        },
        "type": "object",
        "required": ["type", "title", "status", "instance"],
        "additionalProperties": True,
        "title": "ProblemDetails",
    }


def _validation_problem(context: Context) -> Json:
    problem = context.named("ProblemDetails", _problem_details)
    error = context.named("ProblemError", _problem_error)
    errors = {"items": error, "type": "array", "title": "Errors"}
    return {
        "allOf": [problem],
        "type": "object",
        "properties": {"errors": errors},
        "required": ["errors"],
        "title": "ValidationProblem",
    }


def _problem_error() -> Json:
    described = _problem()
    told = {
        "detail": {"type": "string", "title": "Detail"},
        "pointer": {"type": "string", "title": "Pointer"},
        "parameter": {"type": "string", "title": "Parameter"},
    }
    return {
        **described,
        "properties": {**told, **described["properties"]},
        "required": ["detail", *described["required"]],
        "title": "ProblemError",
    }


def _problem() -> Json:
    place = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    return {
        "properties": {
            "loc": {"items": place, "type": "array", "title": "Location"},
            "msg": {"type": "string", "title": "Message"},
            "type": {"type": "string", "title": "Error Type"},
            "input": {"title": "Input"},
            "ctx": {"type": "object", "title": "Context"},
        },
        "type": "object",
        "required": ["loc", "msg", "type"],
        "title": "ValidationError",
    }
